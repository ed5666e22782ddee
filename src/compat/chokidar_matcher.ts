/**
 * The option `ignored` of chokidar, as one function.
 *
 * @module
 */

import type { Stats } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { expand } from "../watch/braces.ts";
import { Glob } from "../watch/glob.ts";

/**
 * What is left out: a path, a path with what is below it, a RegExp, or a function. RegExps and functions get the path
 * as it would be emitted without `cwd`. A function that does not have exactly one parameter also gets the `stats`, if
 * the entry exists.
 *
 * A text with `*`, `?`, `[…]` or `{…}` is also taken for a glob, as chokidar 3 did, which is matched against the
 * absolute path: `**` stands for any number of directories.
 *
 * @example
 * ```ts
 * import { type Matcher, watch } from "@inotify/inotify/chokidar";
 *
 * const ignored: Matcher[] = ["dist", "**" + "/node_modules/**", /\.tmp$/, { path: "build", recursive: true }];
 * await watch(".", { ignored }).close();
 * ```
 */
export type Matcher =
  | string
  | RegExp
  | ((path: string, stats?: Stats) => boolean)
  | { readonly path: string; readonly recursive?: boolean };

/**
 * Whether an entry is ignored.
 *
 * @param absolute its absolute path
 * @param path its path as it would be emitted without `cwd`
 * @param stats finds out its status
 */
export type Matches = (
  absolute: string,
  path: string,
  stats: () => Stats | undefined,
) => boolean;

/** The names of the temporary files of editors. */
const TEMPORARY = /\..*\.sw[px]$|~$|\.subl.*\.tmp/;
/** What makes a text a glob. */
const GLOB = /[*?]|\[.*\]|\{.*\}/;

/**
 * Compiles matchers.
 *
 * @param cwd the directory that paths and globs are relative to
 * @param isAtomic whether temporary files of editors are left out, too
 * @throws {TypeError} if one has the wrong type
 */
export function compile(matchers: readonly Matcher[], cwd: string, isAtomic: boolean): Matches {
  const paths = new Set<string>();
  const others: Matches[] = [];
  if (isAtomic) others.push((path) => TEMPORARY.test(basename(path)));
  for (const matcher of matchers) {
    if (typeof matcher === "string") {
      paths.add(resolve(cwd, matcher));
      if (GLOB.test(matcher)) others.push(compileGlob(matcher, cwd));
    } else others.push(compileOne(matcher, cwd));
  }
  return (absolute, path, stats) =>
    paths.has(absolute) || others.some((matches) => matches(absolute, path, stats));
}

function compileOne(matcher: Exclude<Matcher, string>, cwd: string): Matches {
  if (typeof matcher === "function") {
    if (matcher.length === 1) return (_, path) => matcher(path);
    return (_, path, stats) => {
      if (matcher(path)) return true;
      const found = stats();
      return found !== undefined && matcher(path, found);
    };
  }
  if (matcher instanceof RegExp) return (_, path) => path.search(matcher) >= 0; // which ignores lastIndex
  if (typeof matcher?.path !== "string") {
    const types = "paths, RegExps, functions and objects with a path";
    throw new TypeError(`ignored takes ${types}, and not ${String(matcher)}`);
  }
  const above = resolve(cwd, matcher.path);
  const start = above === "/" ? above : `${above}/`;
  return (path) => path === above || matcher.recursive === true && path.startsWith(start);
}

function compileGlob(glob: string, cwd: string): Matches {
  const globs = expand(
    isAbsolute(glob) || glob.startsWith("**") ? join("/", glob) : join(literal(cwd), glob),
  )
    .map((one) => new Glob(one.replace(/\/\*\*\/?$/, ""), true)); // "a/**" matches "a", too
  return (path) => globs.some((one) => one.matches(path, 0));
}

/** A glob that matches a text alone. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]{}]/g, "\\$&");
}
