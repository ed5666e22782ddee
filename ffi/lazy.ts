/**
 * `lazy()`: defers work until its result is needed.
 *
 * Each symbol of a library takes Deno and Node.js a fraction of a millisecond to open, so symbols are opened at
 * first use.
 *
 * @module
 */

/** @returns a function that calls `make` once, at its first call, and returns that result each time */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
