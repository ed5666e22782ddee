/**
 * The kernel's clocks, which also give files their times. Unlike JavaScript's clocks, no test replaces them;
 * see ffi/time.ts.
 *
 * @module
 */

import {
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  type Libc,
} from "../../ffi/contract.ts";

/** A moment that stays comparable with the times of files when the system's clock is set. */
export interface Timestamp {
  /** The system's clock: milliseconds since 1970. */
  readonly realtime: number;
  /** The monotonic clock, in milliseconds. */
  readonly monotonic: number;
}

/** `struct timespec`: i64 tv_sec; i64 tv_nsec. */
const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);

/** Milliseconds since an arbitrary moment; never goes back. */
export function monotonic(libc: Libc): number {
  return read(libc, CLOCK_MONOTONIC);
}

/**
 * The earliest time that a change gives to a file now, in milliseconds since 1970. It goes on every few milliseconds
 * only, and is behind {@link now}.
 */
export function tick(libc: Libc): number {
  return read(libc, CLOCK_REALTIME_COARSE);
}

/** The current moment. */
export function now(libc: Libc): Timestamp {
  return { realtime: read(libc, CLOCK_REALTIME), monotonic: monotonic(libc) };
}

/**
 * The earliest change time that a file modified since `moment` can have, in milliseconds since 1970. It allows
 * for a clock that was set back since then.
 */
export function earliest(libc: Libc, moment: Timestamp): number {
  const { realtime, monotonic } = now(libc);
  return Math.min(moment.realtime, realtime - (monotonic - moment.monotonic));
}

function read(libc: Libc, clock: number): number {
  libc.clock_gettime(clock, timespecBytes);
  const [seconds, nanoseconds] = timespec;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
