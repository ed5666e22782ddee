/**
 * `Reported`: the entries that are known to the listeners of a watcher, by their absolute paths. chokidar emits each
 * entry of a removed directory, for which `watch()` reports one event.
 *
 * @module
 */

import { basename, dirname } from "node:path";

/** An entry. */
export interface ReportedEntry {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** A set of entries. */
export class Reported {
  /** What is in each directory: for each name, whether it is a directory. */
  readonly #directories = new Map<string, Map<string, boolean>>();

  /** Whether an entry is a directory; `undefined` if it is not known. */
  isDirectory(path: string): boolean | undefined {
    return this.#directories.get(dirname(path))?.get(basename(path));
  }

  /** Adds an entry. */
  add(path: string, isDirectory: boolean): void {
    this.#entriesOf(dirname(path)).set(basename(path), isDirectory);
    if (isDirectory) this.#entriesOf(path);
  }

  /** Deletes an entry with everything below it. @returns what was deleted, from the lowest on */
  delete(path: string): ReportedEntry[] {
    const deleted: ReportedEntry[] = [];
    this.#delete(path, deleted);
    return deleted;
  }

  /** The directories and the names of what is in them, both sorted. */
  *directories(): Generator<readonly [directory: string, names: string[]]> {
    for (const directory of [...this.#directories.keys()].sort()) {
      yield [directory, [...this.#directories.get(directory)!.keys()].sort()];
    }
  }

  #entriesOf(directory: string): Map<string, boolean> {
    let entries = this.#directories.get(directory);
    if (entries === undefined) this.#directories.set(directory, entries = new Map());
    return entries;
  }

  #delete(path: string, deleted: ReportedEntry[]): void {
    const siblings = this.#directories.get(dirname(path));
    const isDirectory = siblings?.get(basename(path));
    if (isDirectory === undefined) return;
    if (isDirectory) {
      const start = path === "/" ? path : `${path}/`;
      for (const name of this.#directories.get(path)?.keys() ?? []) {
        this.#delete(start + name, deleted);
      }
      this.#directories.delete(path);
    }
    siblings!.delete(basename(path));
    deleted.push({ path, isDirectory });
  }
}
