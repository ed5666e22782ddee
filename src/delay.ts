/**
 * Waiting for nothing but time.
 *
 * @module
 */

/** @param milliseconds at least */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Lets the event loop have a turn, with all its timers and descriptors that are due. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
