/**
 * Moments that may be held against the times of files, although the system's clock may be set meanwhile.
 *
 * @module
 */

import { monotonic, realtime } from "./clock.ts";

/** A moment. */
export interface Timestamp {
  /** By the clock: milliseconds since 1970. */
  readonly clock: number;
  /** By a clock that only goes on, in milliseconds. */
  readonly running: number;
}

/** This moment. */
export function now(): Timestamp {
  return { clock: realtime(), running: monotonic() };
}

/**
 * A time in milliseconds since 1970 that nothing which has changed since a moment is before: neither by
 * the clock as it was then, nor as it is now, if it was set back in between.
 */
export function earliest({ clock, running }: Timestamp): number {
  return Math.min(clock, realtime() - (monotonic() - running));
}
