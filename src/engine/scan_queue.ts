/**
 * What a engine still has to look at, done in slices that leave the event loop free in between.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";
import type { ScanFailure } from "./scan.ts";
import type { Directory, Pending } from "./directory.ts";

/** Something that takes several steps, and is worth them for as long as a directory stays in doubt. */
export interface Task {
  /** The directory. */
  readonly directory: Directory;
  /** What it has while the task is worth something. */
  readonly pending: Pending;
  /** The steps, each short beside a slice. */
  readonly steps: Generator<void, ScanFailure | undefined>;
  /** Goes on with what comes after the last one. */
  readonly end: (failure: ScanFailure | undefined) => void;
}

/** How long a slice is, in milliseconds. */
export const SLICE = 4;
/** How many directories are scanned between two looks at the clock. */
const FEW = 16;

/** Directories to scan, and tasks that are begun. */
export class ScanQueue {
  readonly #libc: Libc;
  #directories: Directory[] = [];
  #tasks: Task[] = [];

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Whether there is nothing to do. */
  get isEmpty(): boolean {
    return this.#directories.length === 0 && this.#tasks.length === 0;
  }

  /** Has a directory scanned, after those that are to be scanned already. */
  scan(directory: Directory): void {
    this.#directories.push(directory);
  }

  /** Has a task gone on with, before anything else is begun. */
  goOn(task: Task): void {
    this.#tasks.push(task);
  }

  /**
   * Does what there is to do, for a while.
   *
   * @param slice how long, in milliseconds
   * @param begin scans a directory
   */
  work(slice: number, begin: (directory: Directory) => void): void {
    const end = monotonic(this.#libc) + slice;
    let next = 0;
    do {
      const task = this.#tasks.pop();
      if (task !== undefined) this.#step(task);
      else if (next < this.#directories.length) begin(this.#directories[next++]);
      else break;
    } while ((this.#tasks.length === 0 && next % FEW > 0) || monotonic(this.#libc) < end);
    this.#directories = this.#directories.slice(next);
  }

  /** Gives up what is begun. */
  giveUp(): void {
    for (const { steps } of this.#tasks) steps.return(undefined);
    this.#tasks = [];
  }

  #step(task: Task): void {
    const { directory, pending, steps, end } = task;
    const isMoot = directory.pending !== pending;
    const { done, value } = isMoot ? steps.return(undefined) : steps.next();
    if (!done) this.#tasks.push(task);
    else if (!isMoot) end(value);
  }
}
