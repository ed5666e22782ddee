/**
 * `Ignore`: the rules by which a watcher leaves entries out, and by which files are included.
 *
 * @module
 */

import type { Dependence, Ignores } from "../engine/tree.ts";
import { expand } from "./braces.ts";
import { Glob } from "./glob.ts";
import { toText } from "../kernel/byte_string.ts";

/**
 * A rule for entries to ignore, or for files to include: a glob, a RegExp, or a function that returns whether the
 * entry is meant.
 *
 * In a list, an entry is ignored if any rule matches it. A glob that begins with `!` takes back the matches of the
 * rules before it, except below an ignored directory, which is never read.
 *
 * A RegExp and a function get the absolute path. What a glob is matched against depends on its form:
 *
 * - without `/`: the name of the entry, at any depth;
 * - with `/` at the beginning: the absolute path;
 * - with `/` elsewhere, or `./` at the beginning: the path relative to the watched path.
 *
 * A `/` at the end restricts the glob to directories.
 *
 * A function or RegExp that leaves out each directory in a watched one, and would leave out that and those above it,
 * is an `error` event: it is meant for files, as `(path) => !path.endsWith(".ts")`, and nothing is seen below. For
 * that, use `include`.
 *
 * The syntax is that of gitignore(5), and the same on each runtime: `*` matches any number of characters, `?` one,
 * and `[a-z]`, `[!a-z]` and `[[:digit:]]` one of a class or not of it. None of them matches `/`; all of them match
 * a leading dot. `**` between slashes matches any number of directories. `\` escapes the next character. The braces
 * of bash(1) work, too: `{a,b}` and `{1..9}`. Globs are case-sensitive. A byte that is not UTF-8 is one character.
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

/** A compiled rule. */
interface Rule {
  readonly matches: (path: string, isDirectory: boolean, root: string) => boolean;
  readonly dependsOn: Dependence;
  /** Whether the rule takes back the matches of those before it. */
  readonly negated: boolean;
}

/** The option that a rule is of. */
type Option = "ignore" | "include";

/**
 * Compiles the rules of both options into one function: an entry is left out if it is ignored, or if it is a file that
 * is not included.
 *
 * @returns `undefined` if there is no rule
 * @throws {TypeError} if a rule has the wrong type, or a glob is invalid
 */
export function ignores(
  ignore: Ignore | readonly Ignore[] | undefined,
  include?: Ignore | readonly Ignore[],
): Ignores | undefined {
  const ignoring = compileAll("ignore", ignore);
  const including = compileAll("include", include);
  if (ignoring.length + including.length === 0) return undefined;
  const takesBack = including[0]?.negated ?? true; // then all are included before it
  const isLeftOut: Rule["matches"] = (path, isDirectory, root) =>
    decide(ignoring, false, path, isDirectory, root) ||
    !isDirectory && !decide(including, takesBack, path, false, root);
  const rules = [...ignoring, ...including];
  return Object.assign(isLeftOut, { dependsOn: dependence(rules) });
}

/** What the last rule that matches says. @param otherwise if there is none */
function decide(
  rules: readonly Rule[],
  otherwise: boolean,
  path: string,
  isDirectory: boolean,
  root: string,
): boolean {
  let decision = otherwise;
  for (const { matches, negated } of rules) {
    if (decision === negated && matches(path, isDirectory, root)) decision = !negated;
  }
  return decision;
}

/** The most that one of the rules depends on. */
function dependence(rules: readonly { readonly dependsOn: Dependence }[]): Dependence {
  const has = (one: Dependence) => rules.some(({ dependsOn }) => dependsOn === one);
  return has("root") ? "root" : has("path") ? "path" : "name";
}

function compileAll(option: Option, rules: Ignore | readonly Ignore[] | undefined): Rule[] {
  const list = rules === undefined ? [] : Array.isArray(rules) ? rules : [rules as Ignore];
  return list.map((rule) => compile(option, rule));
}

function compile(option: Option, rule: Ignore): Rule {
  if (typeof rule === "string") return compileGlob(option, rule);
  let matches: Rule["matches"];
  if (rule instanceof RegExp) {
    matches = (path) => toText(path).search(rule) >= 0; // search() ignores lastIndex
  } else if (isCompiled(rule)) {
    return { matches: rule, dependsOn: rule.dependsOn, negated: false };
  } else if (typeof rule === "function") {
    matches = (path, isDirectory) => answer(option, rule(toText(path), isDirectory));
  } else {
    throw new TypeError(`${option} takes globs, RegExps and functions, and not ${String(rule)}`);
  }
  return { matches, dependsOn: "path", negated: false };
}

function compileGlob(option: Option, rule: string): Rule {
  const negated = rule.startsWith("!");
  try {
    const globs = expand(negated ? rule.slice(1) : rule).filter(Boolean);
    if (globs.length === 0) throw new TypeError("it is empty");
    const patterns = globs.map(compilePattern);
    const forFiles = option === "ignore" || globs.some((glob) => !glob.endsWith("/"));
    if (!forFiles) {
      throw new TypeError(`it matches no file; what is in a directory is "${globs[0]}**"`);
    }
    return {
      matches: (path, isDirectory, root) =>
        patterns.some(({ matches }) => matches(path, isDirectory, root)),
      dependsOn: dependence(patterns),
      negated,
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const why = `${option} takes globs, and not ${JSON.stringify(rule)}: ${error.message}`;
    throw new TypeError(why, { cause: error });
  }
}

/** Compiles a glob without braces: decides whether it is for the name, the absolute or the relative path. */
function compilePattern(glob: string): Omit<Rule, "negated"> {
  const [, here, body, slash] = /^((?:\.\/+)*)([^]*?)(\/*)$/.exec(glob)!;
  if (body === "") throw new TypeError("it names no entry");
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(body)) throw new TypeError('no path has "." or ".." in it');
  const pattern = new Glob(body.replace(/\/{2,}/g, "/"), true);
  const isAsGiven = here === "";
  const dependsOn = isAsGiven && !body.includes("/")
    ? "name"
    : isAsGiven && body.startsWith("/")
    ? "path"
    : "root";
  return {
    dependsOn,
    matches(path, isDirectory, root) {
      if (slash !== "" && !isDirectory) return false;
      const from = dependsOn === "name"
        ? path.lastIndexOf("/") + 1
        : dependsOn === "path"
        ? 0
        : root === "/"
        ? 1
        : root.length + 1;
      return pattern.matches(path, from);
    },
  };
}

/** Whether a function is an internal rule, which takes lossless text and the root. */
function isCompiled(rule: unknown): rule is Ignores {
  return typeof rule === "function" && "dependsOn" in rule;
}

/** The result of a user's function. A promise is refused: it is truthy, so every entry would be meant. */
function answer(option: Option, returned: unknown): boolean {
  if (returned instanceof Promise) {
    throw new TypeError(`A function in ${option} must return a boolean, not a promise`);
  }
  return Boolean(returned);
}
