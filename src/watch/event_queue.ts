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
  /** The values that were taken, and that the reader still keeps to itself. */
  held: readonly T[];
}

/** The loss of one reader: values that are not queued, since its queue is full. */
export interface ReaderLoss<T> {
  /** The value that is queued where the loss begins. */
  readonly marker: T;
  /** Receives a value that is not queued. */
  discard(value: T): void;
  /** The values that would make up for the loss now. */
  missed(): readonly T[];
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
  /** How many values were put in. */
  #count = 0;
  /** What the readers had not taken when the queue, or the last of them, ended; and all that came later. */
  #left: T[] | undefined;

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

  /**
   * Queues values for every reader; while there has been none, for the first one to come.
   *
   * @param isBounded whether a loss begins if they are too many; if not, they cannot be made up for
   */
  put(values: readonly T[], isBounded: boolean = true): void {
    if (values.length === 0) return;
    this.#count += values.length;
    if (this.#left !== undefined) { for (const value of values) this.#left.push(value); }
    this.#early?.put(values, this.#count, isBounded);
    for (const reader of this.#readers) reader.put(values, this.#count, isBounded);
  }

  /** What some reader has not taken, from the first such value on. If there was no reader, all counts as taken. */
  untaken(): readonly T[] {
    if (this.#left !== undefined) return this.#left;
    const rests = this.#readers.map((reader) => reader.untaken(this.#count));
    const [first] = rests.sort((a, b) => a.start - b.start);
    return first?.values ?? [];
  }

  /** Ends every reader, now and later. */
  end(ending: Ending = {}): void {
    if (this.#ending !== undefined) return;
    this.#left ??= [...this.untaken()];
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
      if (this.#readers.length === 1) this.#left ??= [...this.untaken()];
      this.#readers = this.#readers.filter((reader) => reader !== queue);
      queue.end({});
      if (this.#readers.length === 0) await this.#onLastReturn();
    });
    return queue;
  }
}

class ReaderQueue<T> extends Iteration<T> implements EventReader<T> {
  held: readonly T[] = [];
  #values: T[] = [];
  #next = 0;
  readonly #limit: number;
  readonly #beginLoss: () => ReaderLoss<T>;
  #loss: ReaderLoss<T> | undefined;
  /** How many values had been put into the queue of all readers when the loss began. */
  #lossStart = 0;
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

  /** @param count how many values were put into the queue of all readers, with these */
  put(values: readonly T[], count: number, isBounded: boolean): void {
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
    if (length >= this.#limit && this.#loss === undefined && isBounded) {
      this.#loss = this.#beginLoss();
      this.#lossStart = count;
      this.#values.push(this.#loss.marker);
    }
    this.#wake();
  }

  /** What was not taken, and at which value of all readers it begins. @param count how many there were */
  untaken(count: number): { readonly start: number; readonly values: readonly T[] } {
    const queued = [...this.held, ...this.#values.slice(this.#next)];
    const loss = this.#loss;
    if (loss === undefined) return { start: count - queued.length, values: queued };
    queued.pop(); // the marker
    return { start: this.#lossStart - queued.length, values: [...queued, ...loss.missed()] };
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
    while (this.length === 0 && this.#ending === undefined) {
      this.#waiter ??= Promise.withResolvers();
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
