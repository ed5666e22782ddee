/**
 * What a user does not want to know of.
 *
 * @module
 */

import type { Ignores } from "../engine/tree.ts";
import { expand } from "./braces.ts";
import { Glob } from "./glob.ts";
import { toText } from "../kernel/byte_string.ts";

/**
 * A glob, a RegExp, or a function. In a list each counts; `!` before a glob takes back what those before
 * it say, but for what is in a directory that is ignored, of which nothing is known.
 *
 * A glob with no `/` is for a name, at any depth; one that begins with `/` is for the absolute path;
 * any other is for the path below the watched one, as is one that begins with `./`. A `/` at its end leaves
 * it to directories. A RegExp and a function get the absolute path.
 *
 * The rules are those of gitignore(5), and the same on each runtime: `*` is any number of characters, also
 * of a name that begins with a dot, `?` is one, `[a-z]`, `[!a-z]` and `[[:digit:]]` are one of a class or
 * of the others, and none of them is a `/`; `**` between slashes is any number of directories; `\` takes
 * the meaning of the character after it. Besides there are the braces of bash, `{a,b}` and `{1..9}`. Case
 * matters. A byte of a name that is not UTF-8 is one character.
 *
 * @example
 * ```ts
 * import { type Ignore, watch } from "@inotify/inotify";
 *
 * const ignore: Ignore[] = [
 *   "node_modules", // at any depth
 *   "*.{log,tmp}",
 *   "!important.log",
 *   "dist/**", // what is in dist, of the watched directory
 *   "./coverage/", // a directory, of the watched directory
 *   /\.swp$/,
 *   (path, isDirectory) => isDirectory && path.endsWith("/cache"),
 * ];
 * await using watcher = watch(".", { ignore });
 * await watcher.ready;
 * ```
 */
export type Ignore = string | RegExp | ((path: string, isDirectory: boolean) => boolean);

/** One of a list. */
interface Rule {
  readonly matches: (path: string, isDirectory: boolean, root: string) => boolean;
  readonly byName: boolean;
  /** Whether what it matches is not ignored. */
  readonly negated: boolean;
}

/**
 * One function for one or several rules; none for none.
 *
 * @throws {TypeError} if one is no rule
 */
export function ignores(rules: Ignore | readonly Ignore[] | undefined): Ignores | undefined {
  const list = rules === undefined ? [] : Array.isArray(rules) ? rules : [rules as Ignore];
  if (list.length === 0) return undefined;
  const compiled = list.map(compile);
  const isIgnored = (path: string, isDirectory: boolean, root: string) => {
    let ignored = false;
    for (const { matches, negated } of compiled) {
      if (ignored === negated && matches(path, isDirectory, root)) ignored = !negated;
    }
    return ignored;
  };
  return Object.assign(isIgnored, { byName: compiled.every(({ byName }) => byName) });
}

function compile(rule: Ignore): Rule {
  if (typeof rule === "string") return compileGlob(rule);
  let matches: Rule["matches"];
  if (rule instanceof RegExp) {
    matches = (path) => toText(path).search(rule) >= 0; // whatever its lastIndex
  } else if (isCompiled(rule)) {
    return { matches: rule, byName: rule.byName, negated: false };
  } else if (typeof rule === "function") {
    matches = (path, isDirectory) => answer(rule(toText(path), isDirectory));
  } else {
    throw new TypeError(`ignore takes globs, RegExps and functions, and not ${String(rule)}`);
  }
  return { matches, byName: false, negated: false };
}

function compileGlob(rule: string): Rule {
  const negated = rule.startsWith("!");
  try {
    const globs = expand(negated ? rule.slice(1) : rule).filter(Boolean).map(place);
    if (globs.length === 0) throw new TypeError("it is empty");
    return {
      matches: (path, isDirectory, root) =>
        globs.some(({ matches }) => matches(path, isDirectory, root)),
      byName: globs.every(({ byName }) => byName),
      negated,
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const why = `ignore takes globs, and not ${JSON.stringify(rule)}: ${error.message}`;
    throw new TypeError(why, { cause: error });
  }
}

/** A glob without braces, applied to that of an entry which it is for. */
function place(glob: string): Omit<Rule, "negated"> {
  const [, here, body, slash] = /^((?:\.\/+)*)([^]*?)(\/*)$/.exec(glob)!;
  if (body === "") throw new TypeError("it names no entry");
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(body)) throw new TypeError('no path has "." or ".." in it');
  const pattern = new Glob(body.replace(/\/{2,}/g, "/"), true);
  const byName = here === "" && !body.includes("/");
  const isAbsolute = here === "" && body.startsWith("/");
  return {
    byName,
    matches(path, isDirectory, root) {
      if (slash !== "" && !isDirectory) return false;
      const from = byName
        ? path.lastIndexOf("/") + 1
        : isAbsolute
        ? 0
        : root === "/"
        ? 1
        : root.length + 1;
      return pattern.matches(path, from);
    },
  };
}

/** Whether a function is no user's: it is given what these are given here. */
function isCompiled(rule: unknown): rule is Ignores {
  return typeof rule === "function" && "byName" in rule;
}

/** What a function has returned. A promise would count as true, and leave out everything in silence. */
function answer(returned: unknown): boolean {
  if (returned instanceof Promise) {
    throw new TypeError("A function in ignore must return a boolean, and not a promise of one");
  }
  return Boolean(returned);
}
