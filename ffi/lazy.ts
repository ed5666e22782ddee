/**
 * Puts work off until its result is needed.
 *
 * Each symbol of a library costs Deno and Node.js a fraction of a millisecond when it is opened, so a
 * program pays for what it uses.
 *
 * @module
 */

/** @returns a function that calls `make` at its first call, and always returns that result */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
