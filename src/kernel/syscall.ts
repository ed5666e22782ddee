/**
 * The inotify system calls: numbers in and out as in C, and an {@link InotifyError} for a failure.
 *
 * @module
 */

import { IN_CLOEXEC, IN_NONBLOCK, type Libc } from "../../ffi/contract.ts";
import { EAGAIN, EINVAL, ENOENT } from "../../ffi/errno.ts";
import { call } from "./call.ts";
import { InotifyError } from "./error.ts";
import { IN_ALL_EVENTS, IN_MASK_ADD, IN_MASK_CREATE } from "./mask.ts";
import { type Path, toCString, toDisplay } from "./path.ts";
import { reasonFor } from "./reason.ts";

/** inotify_init1(2), nonblocking and closed on exec. @returns the descriptor */
export function inotifyInit(libc: Libc): number {
  const fd = call(libc, () => libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (fd >= 0) return fd;
  throw new InotifyError("make an inotify instance", reasonFor(libc, -fd, "open instance"), {
    errno: -fd,
    syscall: "inotify_init1",
  });
}

/** inotify_add_watch(2). @returns the watch descriptor */
export function inotifyAddWatch(libc: Libc, fd: number, path: Path, mask: number): number {
  const bits = unsigned(mask);
  const pathname = toCString(path);
  const hasNul = pathname.indexOf(0) < pathname.length - 1;
  const result = hasNul ? -EINVAL : call(libc, () => libc.inotify_add_watch(fd, pathname, bits));
  if (result >= 0) return result;
  const errno = -result;
  const shown = toDisplay(path);
  const reason = badArgument(errno, pathname, bits) ?? reasonFor(libc, errno, "add watch");
  throw new InotifyError(`watch ${JSON.stringify(shown)}`, reason, {
    errno,
    syscall: "inotify_add_watch",
    path: shown,
  });
}

/** Which argument of inotify_add_watch(2) is wrong, if the errno and the arguments tell. */
function badArgument(errno: number, pathname: Uint8Array, mask: number): string | undefined {
  const nul = pathname.indexOf(0);
  if (errno === ENOENT) return nul === 0 ? "the path is empty" : undefined;
  if (errno !== EINVAL) return undefined;
  if (nul < pathname.length - 1) return `the path has a NUL byte at index ${nul}`;
  if ((mask & IN_ALL_EVENTS) === 0) return `the mask 0x${mask.toString(16)} has no event`;
  const both = IN_MASK_ADD | IN_MASK_CREATE;
  return (mask & both) === both ? "IN_MASK_ADD and IN_MASK_CREATE exclude each other" : undefined;
}

/** inotify_rm_watch(2) */
export function inotifyRmWatch(libc: Libc, fd: number, wd: number): void {
  if (!Number.isInteger(wd)) throw new TypeError(`A watch descriptor is an integer, not ${wd}`);
  if (wd !== (wd | 0)) {
    throw new RangeError(`A watch descriptor is a 32-bit integer, not ${wd}`);
  }
  const result = call(libc, () => libc.inotify_rm_watch(fd, wd));
  if (result >= 0) return;
  throw new InotifyError(`remove watch ${wd}`, reasonFor(libc, -result, "remove watch"), {
    errno: -result,
    syscall: "inotify_rm_watch",
  });
}

/**
 * read(2) from a nonblocking inotify descriptor.
 *
 * @returns how many bytes were written to `buffer`; 0 if the queue is empty
 */
export function readEvents(libc: Libc, fd: number, buffer: Uint8Array): number {
  const result = call(libc, () => libc.read(fd, buffer, buffer.byteLength), EAGAIN);
  if (result >= 0) return result;
  if (result === -EAGAIN) return 0;
  throw new InotifyError("read events", reasonFor(libc, -result), {
    errno: -result,
    syscall: "read",
  });
}

/** A mask as an unsigned number; `IN_ONESHOT | IN_OPEN` is negative in JavaScript. */
function unsigned(mask: number): number {
  if (Number.isInteger(mask) && mask >= -(2 ** 31) && mask < 2 ** 32) return mask >>> 0;
  throw new RangeError(`A mask is a 32-bit integer, not ${mask}`);
}
