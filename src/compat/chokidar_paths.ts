/**
 * `Paths`: a set of paths that knows those in a directory without a look at the others; and what is above a path.
 *
 * @module
 */

import { dirname } from "node:path";

/** A set of absolute paths. */
export class Paths {
  readonly #directories = new Map<string, Set<string>>();

  /** Adds a path. */
  add(path: string): void {
    const directory = dirname(path);
    const paths = this.#directories.get(directory);
    if (paths === undefined) this.#directories.set(directory, new Set([path]));
    else paths.add(path);
  }

  /** Deletes a path. */
  delete(path: string): void {
    const directory = dirname(path);
    const paths = this.#directories.get(directory);
    if (paths?.delete(path) && paths.size === 0) this.#directories.delete(directory);
  }

  /** Those in a directory, but not further below, at the time of the call. */
  in(directory: string): string[] {
    return [...this.#directories.get(directory) ?? []];
  }

  /** Deletes all. */
  clear(): void {
    this.#directories.clear();
  }
}

/** Whether a path is another one, or below it. */
export function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(above === "/" ? above : `${above}/`);
}

/** The nearest of some paths that is a path, or above it. */
export function nearest(
  paths: { has(path: string): boolean },
  path: string,
): string | undefined {
  for (let one = path;; one = dirname(one)) {
    if (paths.has(one)) return one;
    if (one === "/") return undefined;
  }
}
