/**
 * The inotify system calls: numbers in and out as in C, and an {@link InotifyError} for a failure.
 *
 * @module
 */

import { IN_CLOEXEC, IN_NONBLOCK, type Libc } from "../../ffi/contract.ts";
import { call, EAGAIN } from "./call.ts";
import { InotifyError } from "./error.ts";
import { explainEMFILE, explainENOSPC } from "./limits.ts";
import { IN_ALL_EVENTS, IN_MASK_ADD, IN_MASK_CREATE } from "./mask.ts";
import { type Path, toCString, toDisplay } from "./path.ts";

// errno(3); the same numbers on x86-64 and aarch64.
const ENOENT = 2;
const EACCES = 13;
const EEXIST = 17;
const ENOTDIR = 20;
const EINVAL = 22;
const EMFILE = 24;
const ENOSPC = 28;

/** inotify_init1(2), nonblocking and closed on exec. @returns the descriptor */
export function inotifyInit(libc: Libc): number {
  const fd = call(libc, () => libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (fd >= 0) return fd;
  throw new InotifyError(
    "make an inotify instance",
    fd === -EMFILE ? attempt(() => explainEMFILE(libc)) : undefined,
    { errno: -fd, syscall: "inotify_init1" },
  );
}

/** inotify_add_watch(2). @returns the watch descriptor */
export function inotifyAddWatch(libc: Libc, fd: number, path: Path, mask: number): number {
  const bits = unsigned(mask);
  const pathname = toCString(path);
  const nul = pathname.indexOf(0);
  const result = nul < pathname.length - 1
    ? -EINVAL
    : call(libc, () => libc.inotify_add_watch(fd, pathname, bits));
  if (result >= 0) return result;
  const errno = -result;
  const shown = toDisplay(path);
  const reasons: Record<number, () => string | undefined> = {
    [ENOENT]: () => shown === "" ? "the path is empty" : undefined,
    [EACCES]: () => "it, or a directory on the way to it, may not be read",
    [EEXIST]: () => "its inode is watched already, and IN_MASK_CREATE is set",
    [ENOTDIR]: () => "it, or a part of the way to it, is not a directory",
    [EINVAL]: () => {
      if (nul < pathname.length - 1) return `the path has a NUL byte at index ${nul}`;
      if ((bits & IN_ALL_EVENTS) === 0) return `the mask 0x${bits.toString(16)} has no event`;
      const both = IN_MASK_ADD | IN_MASK_CREATE;
      return (bits & both) === both
        ? "IN_MASK_ADD and IN_MASK_CREATE exclude each other"
        : undefined;
    },
    [ENOSPC]: () => attempt(() => explainENOSPC(libc)),
  };
  throw new InotifyError(`watch ${JSON.stringify(shown)}`, reasons[errno]?.(), {
    errno,
    syscall: "inotify_add_watch",
    path: shown,
  });
}

/** inotify_rm_watch(2) */
export function inotifyRmWatch(libc: Libc, fd: number, wd: number): void {
  if (!Number.isInteger(wd)) throw new TypeError(`A watch descriptor is an integer, and not ${wd}`);
  if (wd !== (wd | 0)) {
    throw new RangeError(`A watch descriptor is an integer of 32 bits, and not ${wd}`);
  }
  const result = call(libc, () => libc.inotify_rm_watch(fd, wd));
  if (result >= 0) return;
  throw new InotifyError(
    `remove watch ${wd}`,
    result === -EINVAL ? "this instance has no such watch (any more)" : undefined,
    { errno: -result, syscall: "inotify_rm_watch" },
  );
}

/**
 * read(2) from a nonblocking inotify descriptor.
 *
 * @returns how many bytes were written to `buffer`; 0 if nothing waits to be read
 */
export function readEvents(libc: Libc, fd: number, buffer: Uint8Array): number {
  const result = call(libc, () => libc.read(fd, buffer, buffer.byteLength), EAGAIN);
  if (result >= 0) return result;
  if (result === -EAGAIN) return 0;
  throw new InotifyError("read events", undefined, { errno: -result, syscall: "read" });
}

/** An explanation, if it can be found: Deno may have no permission any more for what it takes. */
function attempt(explain: () => string): string | undefined {
  try {
    return explain();
  } catch {
    return undefined;
  }
}

/** A mask as C has it; `IN_ONESHOT | IN_OPEN` is negative in JavaScript. */
function unsigned(mask: number): number {
  if (Number.isInteger(mask) && mask >= -(2 ** 31) && mask < 2 ** 32) return mask >>> 0;
  throw new RangeError(`A mask is an integer of 32 bits, and not ${mask}`);
}
