/** System calls of the module, with something else before one of them, or with another answer. */

import { CLOCK_MONOTONIC } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_Q_OVERFLOW } from "../../mod.ts";

/** The calls that see something of the file system, or hold it. */
const CALLS: readonly SeeingCall[] = [
  "inotify_add_watch",
  "inotify_rm_watch",
  "read",
  "open",
  "lseek",
  "getdents64",
  "readlink",
  "statx",
  "statfs",
  "close",
];

type SeeingCall =
  | "inotify_add_watch"
  | "inotify_rm_watch"
  | "read"
  | "open"
  | "lseek"
  | "getdents64"
  | "readlink"
  | "statx"
  | "statfs"
  | "close";

/**
 * What may become of calls, by the lists ERRORS of their manual pages, and of seccomp(2). What becomes of
 * statfs(2), which is asked only when events are lost, is in changed.test.ts.
 */
export const FAULTS: Readonly<
  Record<
    Exclude<SeeingCall, "statfs"> | "inotify_init1" | "memfd_create" | "ftruncate" | "futimens",
    readonly string[]
  >
> = {
  inotify_init1: ["EINVAL", "EMFILE", "ENFILE", "ENOMEM"],
  inotify_add_watch: [
    ...["EACCES", "EBADF", "EFAULT", "EINVAL", "ENAMETOOLONG", "ENOENT", "ENOMEM", "ENOSPC"],
    "ENOTDIR",
  ],
  inotify_rm_watch: ["EBADF", "EINVAL"],
  read: ["EAGAIN", "EBADF", "EFAULT", "EINTR", "EINVAL", "EIO", "EISDIR"],
  open: [
    ...["EACCES", "EBUSY", "EINTR", "EINVAL", "EIO", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENFILE"],
    ...["ENODEV", "ENOENT", "ENOMEM", "ENOTDIR", "ENXIO", "EOVERFLOW", "EPERM"],
  ],
  lseek: ["EBADF", "EINVAL", "ENXIO", "EOVERFLOW", "ESPIPE"],
  getdents64: ["EBADF", "EFAULT", "EINVAL", "EIO", "ENOENT", "ENOTDIR"],
  memfd_create: ["EFAULT", "EINVAL", "EMFILE", "ENFILE", "ENOMEM", "EPERM"],
  ftruncate: ["EBADF", "EFBIG", "EINTR", "EINVAL", "EIO", "EPERM", "EROFS"],
  futimens: ["EACCES", "EBADF", "EFAULT", "EINVAL", "EPERM", "EROFS"],
  statx: [
    ...["EACCES", "EBADF", "EFAULT", "EINVAL", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOMEM"],
    ...["ENOSYS", "ENOTDIR", "EPERM"],
  ],
  readlink: [
    ...["EACCES", "EFAULT", "EINVAL", "EIO", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOMEM"],
    "ENOTDIR",
  ],
  close: ["EBADF", "EINTR", "EIO", "ENOSPC", "EDQUOT"],
};

/** What may become of the calls that are made for the tools, and for `usage()`; likewise. */
export const FAULTS_OF_TOOLS: Readonly<Record<"write" | "kcmp_file", readonly string[]>> = {
  write: [
    ...["EAGAIN", "EBADF", "EDESTADDRREQ", "EDQUOT", "EFAULT", "EFBIG", "EINTR", "EINVAL", "EIO"],
    ...["ENOSPC", "EPERM", "EPIPE"],
  ],
  kcmp_file: ["EBADF", "EFAULT", "EINVAL", "EPERM", "ESRCH"],
};

/** The calls that may fail. */
export type FaultyCall =
  | SeeingCall
  | "inotify_init1"
  | "memfd_create"
  | "ftruncate"
  | "futimens"
  | "write"
  | "kcmp_file";

/** Ends when it is disposed of. */
export interface Interposition extends Disposable {
  /** Whether it has come to it. */
  readonly happened: boolean;
}

/** Does something before the n-th call from now on, counted from 0. */
export function before(n: number, something: () => void): Interposition {
  const c = libc();
  const originals = Object.fromEntries(CALLS.map((name) => [name, c[name]]));
  let calls = 0;
  for (const name of CALLS) {
    const original = c[name] as (...args: unknown[]) => number;
    Object.assign(c, {
      [name]: (...args: unknown[]) => {
        if (calls++ === n) something();
        return original(...args);
      },
    });
  }
  return {
    get happened() {
      return calls > n;
    },
    [Symbol.dispose]: () => void Object.assign(c, originals),
  };
}

/** A call that fails, instead of being made. */
export interface Fault {
  /** Which function. */
  readonly name: FaultyCall;
  /** With which errno. */
  readonly errno: number;
}

/** The n-th call of a function from now on, counted from 0, fails. */
export function failing({ name, errno }: Fault, n: number): Interposition {
  const c = libc();
  const { [name]: original, errno: realErrno } = c;
  let calls = 0;
  Object.assign(c, {
    [name]: (...args: unknown[]) => {
      const call = () => (original as (...args: unknown[]) => number)(...args);
      if (calls++ !== n) return call();
      if (name === "close") return call(), -1; // it closes, whatever it says (close(2)), and nobody asks
      c.errno = () => {
        c.errno = realErrno;
        return errno;
      };
      return -1;
    },
  });
  return {
    get happened() {
      return calls > n;
    },
    [Symbol.dispose]: () => void Object.assign(c, { [name]: original, errno: realErrno }),
  };
}

/** The next time that the module reads, it reads that events are lost. */
export function loseEvents(): void {
  const c = libc();
  const { read } = c;
  c.read = (_fd, buffer) => {
    c.read = read;
    return putOverflow(new DataView(buffer.buffer, buffer.byteOffset), 0);
  };
}

/**
 * Of one in so many reads only the first events are there, as if the queue had been full then: what came
 * after them is lost.
 */
export function losing(one: number, random: () => number): Disposable {
  const c = libc();
  const { read } = c;
  c.read = (fd, buffer, count) => {
    const length = read(fd, buffer, count);
    if (length < 64 || random() * one >= 1) return length;
    const view = new DataView(buffer.buffer, buffer.byteOffset, length);
    const starts: number[] = [];
    for (let at = 0; at < length; at += 16 + view.getUint32(at + 12, true)) starts.push(at);
    const end = starts[Math.floor(random() * starts.length)];
    return end + putOverflow(view, end);
  };
  return { [Symbol.dispose]: () => void Object.assign(c, { read }) };
}

/** Writes what the kernel says when events are lost. @returns how long that is */
function putOverflow(view: DataView, at: number): number {
  view.setInt32(at, -1, true);
  view.setUint32(at + 4, IN_Q_OVERFLOW, true);
  view.setBigUint64(at + 8, 0n, true); // no cookie, no name
  return 16;
}

/**
 * Directories are read an entry at a time, and whenever the module looks at how long it has been at it, it
 * has been too long: so is every directory a large one.
 */
export function inSmallPieces(): Disposable {
  const c = libc();
  const { getdents64, clock_gettime } = c;
  const SMALLEST = 32; // has room for a short name only
  let lost = 0n;
  c.getdents64 = (fd, buffer, count) => {
    const length = getdents64(fd, buffer, SMALLEST);
    return length === -1 ? getdents64(fd, buffer, count) : length;
  };
  c.clock_gettime = (clockid, tp) => {
    const result = clock_gettime(clockid, tp);
    const nanoseconds = new BigInt64Array(tp.buffer, tp.byteOffset + 8);
    if (clockid === CLOCK_MONOTONIC) nanoseconds[0] += lost += 10_000_000n;
    return result;
  };
  return { [Symbol.dispose]: () => void Object.assign(c, { getdents64, clock_gettime }) };
}
