/**
 * `EventQueue`: delivers values to any number of readers, each with a bounded queue of its own.
 *
 * When a reader's queue is full its loss begins: a marker is queued, and no value after it. Once the reader
 * has taken the marker the loss ends, and the reader gets the values that make up for it.
 *
 * @module
 */

import { after } from "../../ffi/time.ts";
import { Iteration } from "../kernel/iteration.ts";

/** One reader of the queue. Every method rejects once the queue has ended with an error. */
export interface EventReader<T> extends Iteration<T> {
  /** Takes all queued values. */
  take(): T[];
  /** Resolves with true when a value is queued, with false when the queue has ended. */
  wait(): Promise<boolean>;
  /** Resolves with true after some milliseconds, with false when the queue has ended. */
  pause(milliseconds: number): Promise<boolean>;
}

/** The loss of one reader: values that are not queued, since its queue is full. */
export interface ReaderLoss<T> {
  /** The value that is queued where the loss begins. */
  readonly marker: T;
  /** Receives a value that is not queued. */
  discard(value: T): void;
  /** The reader has taken the marker. @returns the values that make up for the loss */
  end(): readonly T[];
  /** The reader has ended before it took the marker. */
  release(): void;
}

/** How the queue has ended: with an error, or without one. */
export interface Ending {
  readonly error?: unknown;
}

/** A queue with several readers. Each gets every value that is put in while it reads. */
export class EventQueue<T> {
  readonly #limit: number;
  readonly #beginLoss: () => ReaderLoss<T>;
  readonly #onLastReturn: () => Promise<void>;
  #readers: readonly ReaderQueue<T>[] = [];
  /** Holds values for the first reader until there is one. */
  #early: ReaderQueue<T> | undefined;
  #ending: Ending | undefined;

  /**
   * @param limit how many values a reader's queue holds
   * @param beginLoss called when a reader's queue is full
   * @param onLastReturn called when the last reader returns, which waits for it
   */
  constructor(
    limit: number,
    beginLoss: () => ReaderLoss<T>,
    onLastReturn: () => Promise<void>,
  ) {
    this.#limit = limit;
    this.#beginLoss = beginLoss;
    this.#onLastReturn = onLastReturn;
    this.#early = this.#readerQueue();
  }

  /** Queues values for every reader; while there has been none, for the first one to come. */
  put(values: readonly T[]): void {
    if (values.length === 0) return;
    this.#early?.put(values);
    for (const reader of this.#readers) reader.put(values);
  }

  /** Ends every reader, now and later. */
  end(ending: Ending = {}): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#early?.end(ending);
    for (const reader of this.#readers) reader.end(ending);
  }

  /** Adds a reader; its `return()` removes it. */
  reader(): EventReader<T> {
    const queue = this.#early ?? this.#readerQueue();
    this.#early = undefined;
    this.#readers = [...this.#readers, queue];
    if (this.#ending !== undefined) queue.end(this.#ending);
    return queue;
  }

  #readerQueue(): ReaderQueue<T> {
    const queue: ReaderQueue<T> = new ReaderQueue(this.#limit, this.#beginLoss, async () => {
      if (!this.#readers.includes(queue)) return;
      this.#readers = this.#readers.filter((reader) => reader !== queue);
      if (this.#readers.length === 0) await this.#onLastReturn();
    });
    return queue;
  }
}

class ReaderQueue<T> extends Iteration<T> implements EventReader<T> {
  #values: T[] = [];
  #next = 0;
  readonly #limit: number;
  readonly #beginLoss: () => ReaderLoss<T>;
  #loss: ReaderLoss<T> | undefined;
  readonly #onReturn: () => Promise<void>;
  /** The pending `next()` calls, each for a value of its own. */
  #nexts: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  /** The pending `wait()`. */
  #waiter: PromiseWithResolvers<void> | undefined;
  /** Ends the pending `pause()`. */
  #endPause: (() => void) | undefined;
  #ending: Ending | undefined;

  constructor(limit: number, beginLoss: () => ReaderLoss<T>, onReturn: () => Promise<void>) {
    super();
    this.#limit = limit;
    this.#beginLoss = beginLoss;
    this.#onReturn = onReturn;
  }

  get length(): number {
    return this.#values.length - this.#next;
  }

  put(values: readonly T[]): void {
    if (this.#ending !== undefined) return;
    for (const value of values) {
      const next = this.#nexts.shift();
      // Resolved here: each promise in between would let other callbacks run before the loop's.
      if (next !== undefined) next.resolve({ done: false, value });
      else if (this.#loss !== undefined) this.#loss.discard(value);
      else this.#values.push(value);
    }
    const { length } = this;
    if (length === 0) return;
    if (length >= this.#limit && this.#loss === undefined) {
      this.#loss = this.#beginLoss();
      this.#values.push(this.#loss.marker);
    }
    this.#wake();
  }

  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#endPause?.();
    this.#loss?.release();
    this.#loss = undefined;
    this.#values = [];
    this.#next = 0;
    for (const next of this.#nexts) next.resolve(this.#endResult());
    this.#nexts = [];
    this.#wake();
  }

  take(): T[] {
    let values = this.#next === 0 ? this.#values : this.#values.slice(this.#next);
    this.#values = [];
    this.#next = 0;
    this.#endLoss();
    if (this.length > 0) values = [...values, ...this.take()];
    return values;
  }

  async wait(): Promise<boolean> {
    if (this.length === 0 && this.#ending === undefined) {
      this.#waiter = Promise.withResolvers();
      await this.#waiter.promise;
    }
    if (this.length === 0) await this.#endResult();
    return this.length > 0;
  }

  async pause(milliseconds: number): Promise<boolean> {
    if (this.#ending === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = after(milliseconds, resolve);
      this.#endPause = resolve;
      await promise;
      cancel();
    }
    if (this.#ending !== undefined) await this.#endResult();
    return this.#ending === undefined;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve(this.#shift());
    if (this.#ending !== undefined) return this.#endResult();
    const next = Promise.withResolvers<IteratorResult<T, undefined>>();
    this.#nexts.push(next);
    return next.promise;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end({});
    await this.#onReturn();
    return { done: true, value: undefined };
  }

  #endResult(): Promise<IteratorReturnResult<undefined>> {
    const ending = this.#ending!;
    return "error" in ending
      ? Promise.reject(ending.error)
      : Promise.resolve({ done: true, value: undefined });
  }

  /** Called when the queue is empty: if there is a loss, its marker has been taken. */
  #endLoss(): void {
    const loss = this.#loss;
    if (loss === undefined) return;
    this.#loss = undefined;
    this.#values = [...loss.end()];
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
      this.#endLoss();
    } else if (this.#next === COMPACT_AFTER) {
      this.#values = this.#values.slice(COMPACT_AFTER);
      this.#next = 0;
    }
    return { done: false, value };
  }
}

/** How many taken values stay in the array before it is copied without them. */
const COMPACT_AFTER = 8192;
