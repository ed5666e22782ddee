/**
 * The funnel of all system calls: nothing else compares a result with -1 or reads errno.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";

/** Interrupted by a signal; such a call is made again. */
const EINTR = 4;
/** Says that something went wrong, where errno does not say what. */
const EIO = 5;
/** Nothing to read now. */
export const EAGAIN = 11;

/** How often a call must fail with an errno that is no answer of it, until that is believed. */
const BELIEVED = 10;
/** How often signals may interrupt a call; more often it is its file system that says so, as FUSE lets it. */
const INTERRUPTED = 100;

/**
 * Makes a call until no signal interrupts it; if they all do, it has failed.
 *
 * @param invoke makes the call, which must be one that may be made again after it failed
 * @param expected an errno that is an answer of this call like any other
 * @returns what the call returned, or `-errno`, as the kernel itself has it
 */
export function call(libc: Libc, invoke: () => number, expected?: number): number {
  for (let doubts = 0, interruptions = 0;;) {
    const result = invoke();
    if (result !== -1) return result;
    const errno = libc.errno();
    if (errno === EINTR && ++interruptions < INTERRUPTED) continue;
    // Between the call and errno() there may be a signal, whose handler Deno lets leave EAGAIN when its
    // pipe is full, or a garbage collection. The same failure again and again is not by chance.
    if (errno === expected || (errno !== EAGAIN && errno !== 0)) return -errno;
    if (++doubts === BELIEVED) return -(errno || EIO);
  }
}
