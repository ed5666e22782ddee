/**
 * Asynchronous iterators that close their source, however the loop is left.
 *
 * @module
 */

/** An iterator with the methods of an asynchronous generator; a subclass adds `next()` and `return()`. */
export abstract class Iteration<T, TReturn = undefined>
  implements AsyncIterableIterator<T, TReturn>, AsyncDisposable {
  /** The next value. */
  abstract next(): Promise<IteratorResult<T, TReturn>>;

  /** Closes the source. Ends a pending {@link next} and does not wait for it, since it may never resolve. */
  abstract return(): Promise<IteratorReturnResult<TReturn>>;

  /** Closes the source, then rejects with the error. `yield*` forwards its own `throw()` to this. */
  async throw(error?: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  /** Closes the source at the end of an `await using` scope. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** This iterator. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Where a {@link SourceIterator} takes its values from. */
export interface Source<T> {
  /** Makes the iterator the only reader, or throws. @returns a function that admits another reader */
  acquire(): () => void;
  /** A value that is available without waiting, or `undefined`. */
  now(): T | undefined;
  /** The next value, or `undefined` at the end. Called by the reader only, one call at a time. */
  next(): Promise<T | undefined>;
  /** Closes the source; a pending {@link next} resolves with `undefined`. */
  close(): Promise<void>;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * An iterator over a source that admits one reader, which it becomes at its first `next()`. Concurrent
 * `next()` calls take turns. `return()`, and so `break`, closes the source if the iterator is its reader.
 */
export class SourceIterator<T> extends Iteration<T> {
  readonly #source: Source<T>;
  #release: (() => void) | undefined;
  #ended = false;
  #last: Promise<unknown> | undefined;

  constructor(source: Source<T>) {
    super();
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    // Most values come in batches, and the rest of a batch needs no wait.
    const isFree = this.#release !== undefined && this.#last === undefined;
    const value = isFree ? this.#source.now() : undefined;
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const step = () => this.#step();
    const turn = this.#last === undefined ? step() : this.#last.then(step, step);
    const settled = () => {
      if (this.#last === turn) this.#last = undefined;
    };
    this.#last = turn;
    turn.then(settled, settled);
    return turn;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.#release !== undefined) await this.#source.close();
    this.#end();
    return DONE;
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    try {
      if (this.#ended) return DONE;
      this.#release ??= this.#source.acquire();
      const value = this.#source.now() ?? await this.#source.next();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
    return DONE;
  }

  #end(): void {
    this.#ended = true;
    this.#release?.();
    this.#release = undefined;
  }
}
