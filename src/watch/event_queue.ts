/**
 * From one who says events to any number of loops that take them.
 *
 * @module
 */

import { after } from "../../ffi/time.ts";
import { Iteration } from "../kernel/iteration.ts";

/** What is put in, as one reader has it before it. */
export interface Reading<T> extends Iteration<T> {
  /** Takes all that waits. */
  take(): T[];
  /** Resolves when something waits, or it has ended; with whether something does. */
  wait(): Promise<boolean>;
  /** Resolves after some milliseconds, or when it has ended; with whether it goes on. */
  goesOn(milliseconds: number): Promise<boolean>;
}

/** What a reader has lost: what was put in while as much waited for it as may. */
export interface Lost<T> {
  /** What the reader gets in its place, before what {@link end} returns. */
  readonly mark: T;
  /** A value that it does not get. */
  miss(value: T): void;
  /** It has taken all, the mark too. @returns what makes up for the loss */
  end(): T[];
  /** It is gone, and wants nothing any more. */
  forget(): void;
}

/** A queue with several readers, of which each gets everything from when it began. */
export class EventQueue<T> {
  readonly #limit: number;
  readonly #lose: () => Lost<T>;
  readonly #onLeft: () => Promise<void>;
  readonly #readers = new Set<Queue<T>>();
  /** For the first reader: what comes before it. */
  #early: Queue<T> | undefined;
  #ending: { readonly error?: unknown } | undefined;

  /**
   * @param limit how many values may wait for a reader
   * @param lose called when so many do: what is put in from then on is lost to that reader
   * @param onLeft called when the last reader has left, and waited for
   */
  constructor(limit: number, lose: () => Lost<T>, onLeft: () => Promise<void>) {
    this.#limit = limit;
    this.#lose = lose;
    this.#onLeft = onLeft;
    this.#early = this.#queue();
  }

  /** Puts values in that belong together, for every reader; before there is one, for the first. */
  put(values: readonly T[]): void {
    if (values.length === 0) return;
    this.#early?.put(values);
    for (const reader of this.#readers) reader.put(values);
  }

  /** Ends every reader. @param ending with the error to reject with, if it ends by one */
  end(ending: { readonly error?: unknown } = {}): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#early?.end(ending);
    for (const reader of this.#readers) reader.end(ending);
  }

  /** A new reader. It ends, and leaves, by `return()`. */
  read(): Reading<T> {
    const queue = this.#early ?? this.#queue();
    this.#early = undefined;
    this.#readers.add(queue);
    if (this.#ending !== undefined) queue.end(this.#ending);
    return queue;
  }

  #queue(): Queue<T> {
    const queue: Queue<T> = new Queue(this.#limit, this.#lose, async () => {
      if (this.#readers.delete(queue) && this.#readers.size === 0) await this.#onLeft();
    });
    return queue;
  }
}

class Queue<T> extends Iteration<T> implements Reading<T> {
  #values: T[] = [];
  #next = 0;
  readonly #limit: number;
  readonly #lose: () => Lost<T>;
  /** Set while values are lost. */
  #lost: Lost<T> | undefined;
  readonly #onLeft: () => Promise<void>;
  /** The `next()` calls that wait, each for a value of its own. */
  #takers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  /** The `wait()` that waits. */
  #waiter: PromiseWithResolvers<void> | undefined;
  /** Ends the `goesOn()` that waits. */
  #rouse: (() => void) | undefined;
  #ending: { readonly error?: unknown } | undefined;

  constructor(limit: number, lose: () => Lost<T>, onLeft: () => Promise<void>) {
    super();
    this.#limit = limit;
    this.#lose = lose;
    this.#onLeft = onLeft;
  }

  get length(): number {
    return this.#values.length - this.#next;
  }

  put(values: readonly T[]): void {
    if (this.#ending !== undefined) return;
    for (const value of values) {
      const taker = this.#takers.shift();
      // Handed over at once: each promise in between would be a turn of others before this one.
      if (taker !== undefined) taker.resolve({ done: false, value });
      else if (this.#lost !== undefined) this.#lost.miss(value);
      else this.#values.push(value);
    }
    if (this.length >= this.#limit && this.#lost === undefined) {
      this.#lost = this.#lose();
      this.#values.push(this.#lost.mark);
    }
    if (this.length > 0) this.#wake();
  }

  end(ending: { readonly error?: unknown }): void {
    this.#ending ??= ending;
    this.#rouse?.();
    this.#lost?.forget();
    this.#lost = undefined;
    this.#values = [];
    this.#next = 0;
    for (const taker of this.#takers) taker.resolve(this.#last());
    this.#takers = [];
    this.#wake();
  }

  take(): T[] {
    let values = this.#next === 0 ? this.#values : this.#values.slice(this.#next);
    this.#values = [];
    this.#next = 0;
    this.#taken();
    if (this.length > 0) values = [...values, ...this.take()];
    return values;
  }

  async wait(): Promise<boolean> {
    if (this.length === 0 && this.#ending === undefined) {
      this.#waiter = Promise.withResolvers();
      await this.#waiter.promise;
    }
    if (this.length === 0) await this.#last();
    return this.length > 0;
  }

  async goesOn(milliseconds: number): Promise<boolean> {
    if (this.#ending === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const forget = after(milliseconds, resolve);
      this.#rouse = resolve;
      await promise;
      forget();
    }
    if (this.#ending !== undefined) await this.#last();
    return this.#ending === undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve(this.#shift());
    if (this.#ending !== undefined) return this.#last();
    const taker = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#takers.push(taker);
    return taker.promise;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end({});
    await this.#onLeft();
    return { done: true, value: undefined };
  }

  /** What comes when nothing more does: the error that has ended it, if one has. */
  #last(): Promise<IteratorReturnResult<undefined>> {
    const ending = this.#ending!;
    return "error" in ending
      ? Promise.reject(ending.error)
      : Promise.resolve({ done: true, value: undefined });
  }

  /** All has been taken; with it the mark of a loss, if there is one. */
  #taken(): void {
    const lost = this.#lost;
    if (lost === undefined) return;
    this.#lost = undefined;
    this.#values = lost.end();
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  #shift(): IteratorYieldResult<T> {
    const value = this.#values[this.#next++];
    if (this.length === 0) {
      this.#values = [];
      this.#next = 0;
      this.#taken();
    } else if (this.#next === COMPACT) {
      this.#values = this.#values.slice(COMPACT);
      this.#next = 0;
    }
    return { done: false, value };
  }
}

/** After how many values the array of a queue is cut. */
const COMPACT = 8192;
