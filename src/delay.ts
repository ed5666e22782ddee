/**
 * Lets time pass.
 *
 * @module
 */

/** @param milliseconds at least; with 0 the event loop has a turn */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
