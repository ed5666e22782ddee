/**
 * Asynchronous iteration over what one reader at a time may read.
 *
 * @module
 */

import { Iteration } from "./iteration.ts";

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

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * An iterator that is the source's reader from its first `next()` on. Concurrent `next()` calls take
 * turns. `return()`, and so `break`, closes the source if the iterator is its reader.
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
    // Most values come in batches: the rest of a batch is there without waiting.
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
