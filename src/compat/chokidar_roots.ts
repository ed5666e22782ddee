/**
 * `Roots`: the paths that are given to a watcher of chokidar.
 *
 * @module
 */

import { join } from "node:path";
import { isWithin, nearest } from "./chokidar_paths.ts";

/** The given paths, each as it is shown, by the absolute path. */
export class Roots {
  readonly #shown = new Map<string, string>();
  /** Whether one of them is shown in another way. */
  #isRelative = false;

  /** Adds a path. One that is there already is shown as before. @param path as it was given */
  add(absolute: string, path: string): void {
    if (this.#shown.has(absolute)) return;
    const shown = join(path, ".").replace(/(?<=.)\/$/, "");
    this.#isRelative ||= shown !== absolute;
    this.#shown.set(absolute, shown);
  }

  /** Deletes a path, and those below it. @returns what was deleted */
  delete(absolute: string): string[] {
    const deleted = [...this.#shown.keys()].filter((root) => isWithin(root, absolute));
    for (const root of deleted) this.#shown.delete(root);
    return deleted;
  }

  /** Whether a path was given. */
  has(absolute: string): boolean {
    return this.#shown.has(absolute);
  }

  /** The path as it was given, or below one that was. */
  shown(absolute: string): string {
    const root = this.#isRelative ? nearest(this.#shown, absolute) : undefined;
    return root === undefined
      ? absolute
      : join(this.#shown.get(root)!, absolute.slice(root.length));
  }

  /** How many directories are between a path and the given one. */
  level(absolute: string): number {
    const root = nearest(this.#shown, absolute) ?? absolute;
    return absolute.slice(root === "/" ? 0 : root.length).split("/").length - 2;
  }
}
