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
  #paths: Set<string> | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Whether there is nothing to begin with. */
  get isEmpty(): boolean {
    return this.#paths === undefined;
  }

  /** Adds a path, once. */
  add(path: string): void {
    (this.#paths ??= new Set()).add(path);
  }

  /** Deletes a path, if it was not begun with. */
  delete(path: string): void {
    if (this.#paths?.delete(path) && this.#paths.size === 0) this.#paths = undefined;
  }

  /** Deletes all. */
  clear(): void {
    this.#paths?.clear();
    this.#paths = undefined;
  }

  /**
   * Begins with paths.
   *
   * @param slice for how long, in milliseconds
   */
  work(slice: number, begin: (path: string) => void): void {
    const end = monotonic(this.#libc) + slice;
    for (const path of this.#paths ?? []) {
      this.delete(path);
      begin(path);
      if (this.isEmpty || monotonic(this.#libc) >= end) break;
    }
  }
}
