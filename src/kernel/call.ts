/**
 * The funnel of all system calls: nothing else compares a result with -1 or reads errno.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { EAGAIN, EINTR, EIO } from "../../ffi/errno.ts";

/** How often a call must fail with an errno that it cannot set before that errno counts. */
const MOST_UNLIKELY = 10;
/** How often signals may interrupt a call. A FUSE file system can return EINTR without end. */
const MOST_INTERRUPTIONS = 100;

/**
 * Makes a system call, and repeats it while signals interrupt it, up to a limit.
 *
 * @param invoke makes the call; it must be safe to repeat after a failure
 * @param expected an errno that this call returns in normal use, as EAGAIN from a nonblocking read(2)
 * @returns the call's result, or `-errno`, as the kernel itself returns it
 */
export function call(libc: Libc, invoke: () => number, expected?: number): number {
  for (let unlikely = 0, interruptions = 0;;) {
    const result = invoke();
    if (result !== -1) return result;
    const errno = libc.errno();
    if (errno === EINTR && ++interruptions < MOST_INTERRUPTIONS) continue;
    // Between the call and errno() a garbage collection can change errno, and so can a signal: Deno's
    // handler leaves EAGAIN when its pipe is full. Repeating the call rules out both.
    if (errno === expected || (errno !== EAGAIN && errno !== 0)) return -errno;
    if (++unlikely === MOST_UNLIKELY) return -(errno || EIO);
  }
}
