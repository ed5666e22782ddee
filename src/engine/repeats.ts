/**
 * `Repeats`: how often in a row something is tried again, so that a file system that contradicts itself is not asked
 * without end.
 *
 * @module
 */

import type { Directory } from "./directory.ts";

/** Counts for any number of directories. */
export class Repeats {
  readonly #limit: number;
  /** Mostly nothing is repeated. */
  #times: Map<Directory, number> | undefined;

  /** @param limit how often something is done in a row */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** It was done once more. @returns whether to do it again; if not, it counts from the beginning */
  again(directory: Directory): boolean {
    this.#times ??= new Map();
    const times = (this.#times.get(directory) ?? 0) + 1;
    if (times < this.#limit) this.#times.set(directory, times);
    else this.#times.delete(directory);
    return times < this.#limit;
  }

  /** Counts from the beginning. */
  end(directory: Directory): void {
    this.#times?.delete(directory);
  }

  /** Counts from the beginning, from a directory down. */
  endWithin(directory: Directory): void {
    for (const one of this.#times?.keys() ?? []) if (one.isWithin(directory)) this.end(one);
  }
}
