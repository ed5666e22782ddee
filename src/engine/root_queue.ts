/**
 * `RootQueue`: the paths that were added and are not watched yet, begun with in slices.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";

/** Paths to begin with, in the order in which they were added. */
export class RootQueue {
  readonly #libc: Libc;
  readonly #paths = new Set<string>();

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Whether there is nothing to begin with. */
  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** Adds a path, once. */
  add(path: string): void {
    this.#paths.add(path);
  }

  /** Deletes a path, if it was not begun with. */
  delete(path: string): void {
    this.#paths.delete(path);
  }

  /** Deletes all. */
  clear(): void {
    this.#paths.clear();
  }

  /**
   * Begins with paths.
   *
   * @param slice for how long, in milliseconds
   * @returns how long it took
   */
  work(slice: number, begin: (path: string) => void): number {
    const start = monotonic(this.#libc);
    let took = 0;
    for (const path of this.#paths) {
      this.#paths.delete(path);
      begin(path);
      took = monotonic(this.#libc) - start;
      if (took >= slice) break;
    }
    return took;
  }
}
