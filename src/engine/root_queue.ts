/**
 * `RootQueue`: the paths that were added and are not watched yet, begun with in slices.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";
import type { Root, RootMap } from "./root_map.ts";

/** Paths to begin with, in the order in which they were added. */
export class RootQueue {
  readonly #libc: Libc;
  readonly #map: RootMap;
  #roots: Root[] = [];
  #next = 0;

  constructor(libc: Libc, map: RootMap) {
    this.#libc = libc;
    this.#map = map;
  }

  /** Whether there is nothing to begin with. */
  get isEmpty(): boolean {
    return this.#roots.length === this.#next;
  }

  /** Adds a path, once. */
  add(path: string): void {
    if (this.#map.get(path) === undefined) this.#roots.push(this.#map.add(path));
  }

  /**
   * Begins with roots.
   *
   * @param slice for how long, in milliseconds
   * @returns how long it took
   */
  work(slice: number, begin: (root: Root) => void): number {
    const start = monotonic(this.#libc);
    let took = 0;
    while (took < slice && !this.isEmpty) {
      const root = this.#roots[this.#next++];
      if (this.#map.has(root)) begin(root); // else it was removed meanwhile
      took = monotonic(this.#libc) - start;
    }
    if (this.isEmpty) this.clear();
    return took;
  }

  /** Forgets them. */
  clear(): void {
    this.#roots = [];
    this.#next = 0;
  }
}
