/**
 * From one who says events to any number of loops that take them.
 *
 * @module
 */

/** What is put in, as one reader has it before it. */
export interface Reading<T> extends AsyncIterableIterator<T, undefined> {
  /** Takes all that waits. */
  take(): T[];
  /** Resolves when something waits, or it has ended; with whether something does. */
  wait(): Promise<boolean>;
}

/** A queue with several readers, of which each gets everything from when it began. */
export class Channel<T> {
  readonly #limit: number;
  readonly #onFull: () => void;
  readonly #onEmpty: () => void;
  readonly #onLeft: () => Promise<void>;
  readonly #readers = new Set<Queue<T>>();
  /** What came before the first reader. */
  #early: T[] = [];
  #full = false;
  #ending: { readonly error?: unknown } | undefined;

  /**
   * @param limit how many values may wait for a reader
   * @param onFull called when the limit is reached
   * @param onEmpty called when, after that, all readers have taken all
   * @param onLeft called when the last reader has left, and waited for
   */
  constructor(
    limit: number,
    onFull: () => void,
    onEmpty: () => void,
    onLeft: () => Promise<void>,
  ) {
    this.#limit = limit;
    this.#onFull = onFull;
    this.#onEmpty = onEmpty;
    this.#onLeft = onLeft;
  }

  /** Puts a value in, for every reader; before there is one, for the first. */
  put(value: T): void {
    if (this.#ending !== undefined) return;
    let longest = 0;
    if (this.#readers.size === 0) longest = this.#early.push(value);
    for (const reader of this.#readers) longest = Math.max(longest, reader.put(value));
    if (longest < this.#limit || this.#full) return;
    this.#full = true;
    this.#onFull();
  }

  /** Ends every reader. @param ending with the error to reject with, if it ends by one */
  end(ending: { readonly error?: unknown } = {}): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#early = [];
    for (const reader of this.#readers) reader.end(ending);
  }

  /** A new reader. It ends, and leaves, by `return()`. */
  read(): Reading<T> {
    const queue: Queue<T> = new Queue(this.#early, () => this.#taken(), async () => {
      if (this.#readers.delete(queue) && this.#readers.size === 0) await this.#onLeft();
    });
    this.#early = [];
    this.#readers.add(queue);
    if (this.#ending !== undefined) queue.end(this.#ending);
    return queue;
  }

  #taken(): void {
    if (!this.#full) return;
    for (const reader of this.#readers) if (reader.length > 0) return;
    this.#full = false;
    this.#onEmpty();
  }
}

class Queue<T> implements Reading<T> {
  #values: T[];
  #next = 0;
  readonly #onTaken: () => void;
  readonly #onLeft: () => Promise<void>;
  /** The `next()` calls that wait, each for a value of its own. */
  #takers: PromiseWithResolvers<IteratorResult<T, undefined>>[] = [];
  /** The `wait()` that waits. */
  #waiter: PromiseWithResolvers<void> | undefined;
  #ending: { readonly error?: unknown } | undefined;

  constructor(values: T[], onTaken: () => void, onLeft: () => Promise<void>) {
    this.#values = values;
    this.#onTaken = onTaken;
    this.#onLeft = onLeft;
  }

  get length(): number {
    return this.#values.length - this.#next;
  }

  put(value: T): number {
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      // Handed over at once: each promise in between would be a turn of others before this one.
      taker.resolve({ done: false, value });
      return 0;
    }
    this.#values.push(value);
    this.#wake();
    return this.length;
  }

  end(ending: { readonly error?: unknown }): void {
    this.#ending ??= ending;
    this.#values = [];
    this.#next = 0;
    for (const taker of this.#takers) taker.resolve(this.#last());
    this.#takers = [];
    this.#wake();
  }

  take(): T[] {
    const values = this.#next === 0 ? this.#values : this.#values.slice(this.#next);
    this.#values = [];
    this.#next = 0;
    this.#onTaken();
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

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What comes when nothing more does: the error that has ended it, if one has. */
  #last(): Promise<IteratorReturnResult<undefined>> {
    const ending = this.#ending!;
    return "error" in ending
      ? Promise.reject(ending.error)
      : Promise.resolve({ done: true, value: undefined });
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
      this.#onTaken();
    } else if (this.#next === COMPACT) {
      this.#values = this.#values.slice(COMPACT);
      this.#next = 0;
    }
    return { done: false, value };
  }
}

/** After how many values the array of a queue is cut. */
const COMPACT = 8192;
