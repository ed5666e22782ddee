/**
 * The option `ignore` of @parcel/watcher, as rules of `watch()`.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { absolute } from "../kernel/absolute.ts";
import type { Ignore } from "../watch/ignore.ts";

/** What makes a text a glob. Parentheses alone do not: there are directories such as `app/(group)`. */
const GLOB = /^!|[*?]|\[.*\]|\{.*\}|\(.*\|.*\)|[@+!]\(.*\)/;

/**
 * Translates paths, globs and RegExps.
 *
 * @param root the watched directory, to which they are relative
 * @throws {TypeError} if one cannot be translated
 */
export function toIgnore(root: string, ignore: readonly (string | RegExp)[]): Ignore[] {
  const start = root === "/" ? 1 : root.length + 1;
  const paths: string[] = [];
  const rules: Ignore[] = [
    (path) => paths.some((one) => path === one || path.startsWith(`${one}/`)),
  ];
  for (const one of ignore) {
    if (one instanceof RegExp) {
      if (one.flags !== "") throw new TypeError(`ignore: ${one}: Flags are not supported`);
      rules.push((path) => one.test(path.slice(start)));
    } else if (GLOB.test(one)) rules.push(toGlob(one));
    else paths.push(absolute(libc(), one.startsWith("/") ? one : `${root}/${one}`));
  }
  return paths.length > 0 ? rules : rules.slice(1);
}

/** Translates a glob of micromatch, which is matched against the whole of a path, to one of gitignore(5). */
function toGlob(glob: string): string {
  const negation = /^!(?!\()/.exec(glob)?.[0] ?? "";
  const body = alternatives(glob.slice(negation.length));
  const anchor = /^\.?\//.test(body) ? "" : "./";
  return negation + anchor + body.replace(/(?<=[^/])\/\*\*$/, ""); // there "a/**" matches "a", too
}

/** Writes `(a|b)`, `@(a|b)` and `?(a|b)` with braces. */
function alternatives(glob: string): string {
  const translated = glob.replace(/([@?*+!]?)\(([^()]*)\)/g, (group, sign, inner) => {
    if (sign === "" && !inner.includes("|")) return group;
    if (sign !== "" && !"@?".includes(sign)) {
      throw new TypeError(`ignore takes no globs with ${sign}(…): use a RegExp for ${group}`);
    }
    const parts = inner.split("|");
    if (sign === "?") parts.unshift("");
    return parts.length > 1 ? `{${parts.join(",")}}` : parts[0];
  });
  return translated === glob ? glob : alternatives(translated);
}
