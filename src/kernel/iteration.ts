/**
 * What every loop of the module has in common: however it is left, it closes what it reads.
 *
 * @module
 */

/** An iterator with all that one of an asynchronous generator has; only what it takes and closes is missing. */
export abstract class Iteration<T, TReturn = undefined>
  implements AsyncIterableIterator<T, TReturn>, AsyncDisposable {
  /** The next value. */
  abstract next(): Promise<IteratorResult<T, TReturn>>;

  /** Closes what is read. A pending {@link next} ends; it is not waited for, which might be for ever. */
  abstract return(): Promise<IteratorReturnResult<TReturn>>;

  /** Closes what is read, and rejects with the error: `yield*` hands on to it what is thrown there. */
  async throw(error?: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  /** Closes what is read, at the end of an `await using` scope. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
