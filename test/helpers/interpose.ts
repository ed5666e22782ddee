/** Interposes on the module's system calls: an action before one of them, or another result. */

import { CLOCK_MONOTONIC } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { IN_ALL_EVENTS, IN_MOVE_SELF, IN_ONLYDIR, IN_Q_OVERFLOW } from "../../mod.ts";

/** The calls that read the file system or a descriptor, or release one. */
const CALLS: readonly ObservingCall[] = [
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

type ObservingCall =
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
 * The errors of each call: the section ERRORS of its manual page, and seccomp(2). statfs(2), which is
 * called only after a loss, is tested in test/engine/change_time.test.ts.
 */
export const FAULTS: Readonly<
  Record<
    Exclude<ObservingCall, "statfs"> | "inotify_init1" | "memfd_create" | "ftruncate" | "futimens",
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

/** Likewise for the calls of the commands and of `usage()`. */
export const FAULTS_OF_TOOLS: Readonly<Record<"write" | "kcmp_file", readonly string[]>> = {
  write: [
    ...["EAGAIN", "EBADF", "EDESTADDRREQ", "EDQUOT", "EFAULT", "EFBIG", "EINTR", "EINVAL", "EIO"],
    ...["ENOSPC", "EPERM", "EPIPE"],
  ],
  kcmp_file: ["EBADF", "EFAULT", "EINVAL", "EPERM", "ESRCH"],
};

/** The calls that may fail. */
export type FaultyCall =
  | ObservingCall
  | "inotify_init1"
  | "memfd_create"
  | "ftruncate"
  | "futimens"
  | "write"
  | "kcmp_file";

/** Ends when it is disposed. */
export interface Interposition extends Disposable {
  /** Whether the call was reached. */
  readonly happened: boolean;
}

/** Runs an action before the n-th call from now on, counted from 0. */
export function before(n: number, action: () => void): Interposition {
  const c = libc();
  const originals = Object.fromEntries(CALLS.map((name) => [name, c[name]]));
  let calls = 0;
  for (const name of CALLS) {
    const original = c[name] as (...args: unknown[]) => number;
    Object.assign(c, {
      [name]: (...args: unknown[]) => {
        if (calls++ === n) action();
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

/** A call that fails without being made. */
export interface Fault {
  /** The function. */
  readonly name: FaultyCall;
  /** The errno that it fails with. */
  readonly errno: number;
}

/** Fails the n-th call of a function from now on, counted from 0. */
export function failing({ name, errno }: Fault, n: number): Interposition {
  const c = libc();
  const { [name]: original, errno: realErrno } = c;
  let calls = 0;
  Object.assign(c, {
    [name]: (...args: unknown[]) => {
      const call = () => (original as (...args: unknown[]) => number)(...args);
      if (calls++ !== n) return call();
      if (name === "close") return call(), -1; // close(2) closes even if it fails, and its errno is not read
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

/** Makes the module's next read return an overflow. */
export function loseEvents(): void {
  const c = libc();
  const { read } = c;
  c.read = (_fd, buffer) => {
    c.read = read;
    return putOverflow(new DataView(buffer.buffer, buffer.byteOffset), 0);
  };
}

/**
 * Truncates one in so many reads at a random event and appends an overflow, as if the queue had been
 * full: the later events are lost.
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

/** Writes an overflow event. @returns its length in bytes */
function putOverflow(view: DataView, at: number): number {
  view.setInt32(at, -1, true);
  view.setUint32(at + 4, IN_Q_OVERFLOW, true);
  view.setBigUint64(at + 8, 0n, true); // no cookie, no name
  return 16;
}

/**
 * Treats every directory as a large one: getdents64(2) returns one entry at a time, and each reading of
 * the clock shows that the module has worked for too long.
 */
export function inSmallPieces(): Disposable {
  const c = libc();
  const { getdents64, clock_gettime } = c;
  const SMALLEST = 32; // bytes: room for one short name
  let skipped = 0n;
  c.getdents64 = (fd, buffer, count) => {
    const length = getdents64(fd, buffer, SMALLEST);
    return length === -1 ? getdents64(fd, buffer, count) : length;
  };
  c.clock_gettime = (clockid, tp) => {
    const result = clock_gettime(clockid, tp);
    const nanoseconds = new BigInt64Array(tp.buffer, tp.byteOffset + 8);
    if (clockid === CLOCK_MONOTONIC) nanoseconds[0] += skipped += 10_000_000n;
    return result;
  };
  return { [Symbol.dispose]: () => void Object.assign(c, { getdents64, clock_gettime }) };
}

/**
 * Has the kernel report nothing of what is in watched directories, and of files, as if they were changed elsewhere. It
 * still reports the end of a watch, and fences.
 */
export function withoutEvents(): Disposable {
  const c = libc();
  const { inotify_add_watch } = c;
  c.inotify_add_watch = (fd, pathname, mask) => {
    const isFence = latin1.decode(pathname).startsWith("/proc/self/fd/") && !(mask & IN_ONLYDIR);
    return inotify_add_watch(fd, pathname, isFence ? mask : mask & ~IN_ALL_EVENTS | IN_MOVE_SELF);
  };
  return { [Symbol.dispose]: () => void Object.assign(c, { inotify_add_watch }) };
}

const latin1 = new TextDecoder("latin1");
