/**
 * `Timing`: holds events of files back, until the files are complete and it is known what has happened to them.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { after } from "../../ffi/time.ts";
import { monotonic } from "../kernel/clock.ts";
import type { ResolvedOptions } from "./chokidar_options.ts";
import { isWithin, Paths } from "./chokidar_paths.ts";

/** How long an event waits for a file to be closed, in milliseconds; that long chokidar merges changes. */
const LONGEST = 50;
/** How long a removed file may come back, in milliseconds. */
const ATOMIC = 100;

/** What happens to a file. */
export type FileEvent = "add" | "change" | "unlink";

/** What is held of a file. */
interface Held {
  readonly event: "add" | "change";
  /** Whether the listeners know the file. */
  readonly isKnown: boolean;
}

/** Holds events back. */
export class Timing {
  readonly #emit: (event: FileEvent, path: string) => void;
  /** Additions and changes. */
  readonly #held: Delays<Held>;
  /** Removals of files that may come back. */
  readonly #gone: Delays<true> | undefined;
  readonly #goneByDirectory = new Paths();
  /** Whether each change prolongs the time. */
  readonly #waits: boolean;

  constructor(
    options: Pick<
      ResolvedOptions,
      "atomic" | "awaitWriteFinish" | "persistent" | "usePolling" | "interval"
    >,
    emit: (event: FileEvent, path: string) => void,
  ) {
    const { awaitWriteFinish, persistent, usePolling, interval } = options;
    const atomic = options.atomic === false && usePolling ? interval : options.atomic;
    this.#emit = emit;
    this.#waits = awaitWriteFinish !== false;
    const longest = awaitWriteFinish ? awaitWriteFinish.stabilityThreshold : LONGEST;
    this.#held = new Delays(longest, persistent, (path, { event }) => emit(event, path));
    if (atomic !== false) {
      const longest = atomic === true ? ATOMIC : atomic;
      this.#gone = new Delays(longest, persistent, (path) => {
        this.#goneByDirectory.delete(path);
        emit("unlink", path);
      });
    }
  }

  /** A file has appeared. */
  added(path: string): void {
    const isBack = this.#takeBack(path);
    this.#held.set(path, { event: isBack ? "change" : "add", isKnown: isBack });
  }

  /** A file has changed. */
  changed(path: string): void {
    const held = this.#held.get(path);
    if (held === undefined) this.#held.set(path, { event: "change", isKnown: true });
    else if (this.#waits) this.#held.set(path, held);
  }

  /** Nobody writes to a file any more. */
  complete(path: string): void {
    if (this.#waits) return;
    const held = this.#held.delete(path);
    if (held !== undefined) this.#emit(held.event, path);
  }

  /** A file is gone. @param mayReturn whether it may come back */
  removed(path: string, mayReturn: boolean): void {
    if (this.#held.delete(path)?.isKnown === false) return;
    if (!mayReturn || this.#gone === undefined) return this.#emit("unlink", path);
    this.#gone.set(path, true);
    this.#goneByDirectory.add(path);
  }

  /** Whether the removal of a file is held. */
  isGone(path: string): boolean {
    return this.#gone?.get(path) === true;
  }

  /** A directory has come, or is gone: the removals that are held of its path, and of what was in it, are emitted before. */
  endAtomic(directory: string): void {
    for (const path of [directory, ...this.#goneByDirectory.in(directory)]) {
      if (this.#takeBack(path)) this.#emit("unlink", path);
    }
  }

  /** Forgets what is held of a path, and of those below it. */
  forget(path: string): void {
    for (const one of this.#held.keys()) if (isWithin(one, path)) this.#held.delete(one);
    for (const one of this.#gone?.keys() ?? []) if (isWithin(one, path)) this.#takeBack(one);
  }

  /** Forgets all. */
  clear(): void {
    this.#held.clear();
    this.#gone?.clear();
    this.#goneByDirectory.clear();
  }

  /** No removal of a file is emitted any more. @returns whether one was held */
  #takeBack(path: string): boolean {
    if (this.#gone?.delete(path) !== true) return false;
    this.#goneByDirectory.delete(path);
    return true;
  }
}

/** Values that expire after the same time, each by a key. */
class Delays<T> {
  readonly #milliseconds: number;
  readonly #isRef: boolean;
  readonly #expire: (key: string, value: T) => void;
  /** By the time at which they expire, which is in the order in which they are set. */
  readonly #values = new Map<string, { readonly value: T; readonly end: number }>();
  #cancel: (() => void) | undefined;

  constructor(milliseconds: number, isRef: boolean, expire: (key: string, value: T) => void) {
    this.#milliseconds = milliseconds;
    this.#isRef = isRef;
    this.#expire = expire;
  }

  get(key: string): T | undefined {
    return this.#values.get(key)?.value;
  }

  /** All keys at the time of the call. */
  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** Sets a value; its time begins again. */
  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, { value, end: monotonic(libc()) + this.#milliseconds });
    this.#cancel ??= after(this.#milliseconds, this.#onTime, this.#isRef);
  }

  delete(key: string): T | undefined {
    const value = this.get(key);
    this.#values.delete(key);
    return value;
  }

  clear(): void {
    this.#values.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #onTime = (): void => {
    this.#cancel = undefined;
    const now = monotonic(libc());
    for (const [key, { value, end }] of this.#values) {
      if (end > now) {
        this.#cancel ??= after(end - now, this.#onTime, this.#isRef);
        return;
      }
      this.#values.delete(key);
      this.#expire(key, value);
    }
  };
}
