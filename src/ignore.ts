/**
 * What a user does not want to know of.
 *
 * @module
 */

/**
 * A glob as of node:path's `matchesGlob`, a RegExp, or a function.
 *
 * A glob with no `/` is for a name, at any depth; one that begins with `/` is for the absolute path;
 * any other is for the path below the watched one. A RegExp and a function get the absolute path.
 *
 * @example
 * ```ts
 * import { type Ignore, watch } from "@inotify/inotify";
 *
 * const ignore: Ignore[] = [
 *   "node_modules", // at any depth
 *   "dist/**", // below what is watched
 *   /\.swp$/,
 *   (path, isDirectory) => isDirectory && path.endsWith("/cache"),
 * ];
 * await using watcher = watch(".", { ignore });
 * await watcher.ready;
 * ```
 */
export type Ignore = string | RegExp | ((path: string, isDirectory: boolean) => boolean);

/** Whether an entry is ignored. */
export interface Ignores {
  /** @param root the watched path above it */
  (path: string, isDirectory: boolean, root: string): boolean;
  /** Whether that depends on nothing but the entry's own name. */
  readonly byName: boolean;
}

/**
 * One function for one or several rules; none for none.
 *
 * @throws {TypeError} if one is no rule
 */
export function ignores(rules: Ignore | readonly Ignore[] | undefined): Ignores | undefined {
  const list = rules === undefined ? [] : Array.isArray(rules) ? rules : [rules as Ignore];
  if (list.length === 0) return undefined;
  const tests = list.map(compile);
  return Object.assign(
    (path: string, isDirectory: boolean, root: string) =>
      tests.some((test) => test(path, isDirectory, root)),
    { byName: list.every((rule) => typeof rule === "string" && !rule.includes("/")) },
  );
}

function compile(rule: Ignore): (path: string, isDirectory: boolean, root: string) => boolean {
  if (typeof rule === "function") return (path, isDirectory) => answer(rule(path, isDirectory));
  if (rule instanceof RegExp) return (path) => path.search(rule) >= 0; // whatever its lastIndex
  if (typeof rule !== "string" || rule === "") {
    throw new TypeError(
      `ignore takes globs, RegExps and functions, and not ${JSON.stringify(rule) ?? String(rule)}`,
    );
  }
  const { matchesGlob } = nodePath();
  const glob = rule.replace(/(?<=.)\/$/, "");
  if (glob.startsWith("/")) return (path) => matchesGlob(path, glob);
  if (!glob.includes("/")) {
    return (path) => matchesGlob(path.slice(path.lastIndexOf("/") + 1), glob);
  }
  return (path, _, root) => matchesGlob(path.slice(root === "/" ? 1 : root.length + 1), glob);
}

/** What a function has returned. A promise would count as true, and leave out everything in silence. */
function answer(returned: unknown): boolean {
  if (returned instanceof Promise) {
    throw new TypeError("A function in ignore must return a boolean, and not a promise of one");
  }
  return Boolean(returned);
}

/** Not imported: whoever ignores nothing, or by other means, need not load it. */
function nodePath(): { matchesGlob(path: string, glob: string): boolean } {
  const { process } = globalThis as unknown as {
    process: {
      getBuiltinModule(name: "node:path"): { matchesGlob(path: string, glob: string): boolean };
    };
  };
  return process.getBuiltinModule("node:path");
}
