/**
 * The directories to scan and the work that takes several steps, done in slices that leave the event loop
 * free in between.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";
import type { Directory } from "./directory.ts";

/** Work of several steps, worth nothing once its directory has changed state. */
export interface Task<Result> {
  readonly directory: Directory;
  /** The steps, each short beside a slice. */
  readonly steps: Generator<void, Result>;
  /** Called after the last step. */
  readonly end: (result: Result) => void;
}

interface Begun extends Task<unknown> {
  /** The directory's, when the task began. */
  readonly generation: number;
}

/** How many directories are scanned between two readings of the clock, at most: reading it takes time, too. */
const MOST = 16;
/** How long they may take for so many, in milliseconds. On a slow file system one may take longer. */
const INTERVAL = 0.5;

/** What is to be done. */
export class ScanQueue {
  readonly #libc: Libc;
  readonly #directories: Directory[] = [];
  #last: Set<Directory> | undefined;
  #tasks: Begun[] = [];
  /** How many directories are scanned before the clock is read again. */
  #few = 1;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Whether there is nothing to do. */
  get isEmpty(): boolean {
    return this.#directories.length + (this.#last?.size ?? 0) + this.#tasks.length === 0;
  }

  /**
   * Schedules a directory, before those that are scheduled already: as a tree is scanned from its root down, few are
   * scheduled at a time.
   *
   * @param isLast after those that are not, in the order of scheduling
   */
  schedule(directory: Directory, isLast: boolean): void {
    if (isLast) (this.#last ??= new Set()).add(directory);
    else this.#directories.push(directory);
  }

  /** Adds a task, which goes before all directories. */
  begin<Result>(task: Task<Result>): void {
    const { generation } = task.directory;
    this.#tasks.push({ ...task, generation } as Begun);
  }

  /**
   * Works for a while.
   *
   * @param slice how long, in milliseconds
   * @param scan scans a directory
   */
  work(slice: number, scan: (directory: Directory) => void): void {
    let now = monotonic(this.#libc);
    for (let end = now + slice, count = 1; now < end; count++) {
      const task = this.#tasks.pop();
      if (task !== undefined) this.#step(task);
      else {
        const directory = this.#directories.pop() ?? this.#takeLast();
        if (directory === undefined) break;
        scan(directory);
      }
      if (this.#tasks.length === 0 && count < this.#few) continue;
      const before = now;
      now = monotonic(this.#libc);
      this.#few = now - before < INTERVAL
        ? Math.min(2 * this.#few, MOST)
        : Math.ceil(this.#few / 2);
      count = 0;
    }
  }

  /** Ends the tasks. */
  close(): void {
    for (const { steps } of this.#tasks) steps.return(undefined);
    this.#tasks = [];
  }

  #takeLast(): Directory | undefined {
    const [directory] = this.#last ?? [];
    if (directory !== undefined) this.#last!.delete(directory);
    return directory;
  }

  #step(task: Begun): void {
    const { directory, generation, steps, end } = task;
    const isMoot = directory.generation !== generation;
    const { done, value } = isMoot ? steps.return(undefined) : steps.next();
    if (!done) this.#tasks.push(task);
    else if (!isMoot) end(value);
  }
}
