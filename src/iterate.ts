/**
 * Asynchronous iteration over what one reader at a time may read.
 *
 * @module
 */

/** Where an iterator takes its values from. */
export interface Source<T> {
  /** Makes the iterator the one reader, or throws. @returns what makes way for another */
  acquire(): () => void;
  /** A value that is there already, or `undefined`. */
  now(): T | undefined;
  /** The next value, or `undefined` at the end. Called by the reader only, one call at a time. */
  next(): Promise<T | undefined>;
  /** Ends it all; a pending {@link next} then resolves with `undefined`. */
  close(): Promise<void>;
}

/**
 * An iterator that is the source's reader from its first `next()` on. Concurrent `next()` calls take
 * turns. `return()`, and so `break`, closes the source; unlike that of an async generator it does not
 * wait for a pending `next()` first, which might be for ever.
 */
export function iterate<T>(source: Source<T>): AsyncIterableIterator<T, undefined> {
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  let release: (() => void) | undefined;
  let ended = false;
  let last: Promise<unknown> | undefined;

  const end = () => {
    ended = true;
    release?.();
    release = undefined;
  };
  const step = async (): Promise<IteratorResult<T, undefined>> => {
    try {
      if (ended) return done;
      release ??= source.acquire();
      const value = source.now() ?? await source.next();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      end();
      throw error;
    }
    end();
    return done;
  };
  return {
    next() {
      // Most values come in batches: the rest of a batch is there without waiting.
      const value = release !== undefined && last === undefined ? source.now() : undefined;
      if (value !== undefined) return Promise.resolve({ done: false, value });
      const turn = last === undefined ? step() : last.then(step, step);
      const settled = () => {
        if (last === turn) last = undefined;
      };
      last = turn;
      turn.then(settled, settled);
      return turn;
    },
    async return() {
      if (release !== undefined) await source.close();
      end();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
