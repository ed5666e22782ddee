/**
 * The kernel's clocks: by one of them are the times of files, and no test stops them (see ffi/time.ts).
 *
 * @module
 */

import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";

/** `struct timespec`: i64 tv_sec; i64 tv_nsec. */
const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);

/** Milliseconds since some moment in the past; it only goes on. */
export function monotonic(): number {
  return read(CLOCK_MONOTONIC);
}

/** Milliseconds since 1970, by the system's clock, which may be set. */
export function realtime(): number {
  return read(CLOCK_REALTIME);
}

function read(clock: number): number {
  libc().clock_gettime(clock, timespecBytes);
  const [seconds, nanoseconds] = timespec;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
