/**
 * What the module asks of libc and of a runtime: the one seam between `src/` and the three backends.
 *
 * Functions have their C names and take and return C integers. A failing call returns -1 and sets
 * errno; the backend interprets neither. Everything is synchronous but {@link Libc.closeOffThread}
 * and waiting. Importing a backend does nothing; its factory opens libc.
 *
 * @module
 */

/** The runtimes that have a backend. */
export type RuntimeName = "deno" | "bun" | "node";

/** The calls of libc that the module makes, and the two ways in which a runtime waits. */
export interface Libc {
  /** The runtime that makes the calls. */
  readonly runtime: RuntimeName;
  /**
   * `errno` of this thread. Right only when read immediately after the call that returned -1: the
   * runtime itself makes system calls, and a garbage collection in between was seen to change it.
   */
  errno(): number;
  /** inotify_init1(2) */
  inotify_init1(flags: number): number;
  /** inotify_add_watch(2); `pathname` ends with a NUL byte and is read during the call only. */
  inotify_add_watch(fd: number, pathname: Uint8Array, mask: number): number;
  /** inotify_rm_watch(2) */
  inotify_rm_watch(fd: number, wd: number): number;
  /** read(2); `count` is at most `buf.byteLength`, and `buf` is written during the call only. */
  read(fd: number, buf: Uint8Array, count: number): number;
  /** open(2) of something that exists, so without a mode; `pathname` ends with a NUL byte. */
  open(pathname: Uint8Array, flags: number): number;
  /** Flag of open(2), which depends on the architecture: fail unless it is a directory. */
  readonly O_DIRECTORY: number;
  /** Flag of open(2), which depends on the architecture: fail if it is a symbolic link. */
  readonly O_NOFOLLOW: number;
  /** lseek(2) */
  lseek(fd: number, offset: number, whence: number): number;
  /** getdents64(2) */
  getdents64(fd: number, dirp: Uint8Array, count: number): number;
  /** memfd_create(2); `name` ends with a NUL byte. */
  memfd_create(name: Uint8Array, flags: number): number;
  /** ftruncate(2) */
  ftruncate(fd: number, length: number): number;
  /** futimens(3) without times: both are set to the current one. */
  futimens(fd: number): number;
  /** statx(2); `pathname` ends with a NUL byte, `statxbuf` has 256 bytes. */
  statx(
    dirfd: number,
    pathname: Uint8Array,
    flags: number,
    mask: number,
    statxbuf: Uint8Array,
  ): number;
  /** statfs(2); `path` ends with a NUL byte, `buf` has 256 bytes. */
  statfs(path: Uint8Array, buf: Uint8Array): number;
  /** readlink(2); `pathname` ends with a NUL byte, what is written to `buf` does not. */
  readlink(pathname: Uint8Array, buf: Uint8Array, bufsiz: number): number;
  /**
   * kcmp(2) with `KCMP_FILE`: 0 if two descriptors of a process are of one open file, 1 to 3 if not.
   */
  kcmp_file(pid: number, fd1: number, fd2: number): number;
  /**
   * Whether the runtime lets the program read what is at a path, by permissions of its own; the
   * runtime may ask the user.
   */
  mayRead(path: string): boolean;
  /** What to say where it may not, with the flag that would let it. */
  readonly mayNotRead: string;
  /** write(2) */
  write(fd: number, buf: Uint8Array, count: number): number;
  /** isatty(3) */
  isatty(fd: number): number;
  /** pipe2(2); `pipefd` has room for two ints. */
  pipe2(pipefd: Uint8Array, flags: number): number;
  /**
   * Whether the runtime lets the program run this one, by permissions of its own; the runtime may ask
   * the user.
   */
  mayRun(command: string): boolean;
  /** Where the memory of a buffer is, which has an ArrayBuffer of its own. */
  address(buf: Uint8Array): bigint;
  /**
   * posix_spawnp(3) without file actions; `pid` has room for an int, `file` ends with a NUL byte, and
   * `argv` and `envp` are arrays of pointers. @returns 0 or an errno
   */
  posix_spawnp(
    pid: Uint8Array,
    file: Uint8Array,
    attrp: Uint8Array,
    argv: Uint8Array,
    envp: Uint8Array,
  ): number;
  /** fcntl(2) with an int for its argument. */
  fcntl(fd: number, cmd: number, arg: number): number;
  /** waitpid(2); `wstatus` has room for an int. */
  waitpid(pid: number, wstatus: Uint8Array, options: number): number;
  /** kill(2) */
  kill(pid: number, sig: number): number;
  /** signal(2); `handler` is {@link SIG_IGN}. */
  signal(signum: number, handler: number): void;
  /** getpgid(2) */
  getpgid(pid: number): number;
  /** tcgetpgrp(3) */
  tcgetpgrp(fd: number): number;
  /** tcsetpgrp(3) */
  tcsetpgrp(fd: number, pgrp: number): number;
  /** tcgetattr(3); `termios` is a `struct termios`. */
  tcgetattr(fd: number, termios: Uint8Array): number;
  /** tcsetattr(3) */
  tcsetattr(fd: number, actions: number, termios: Uint8Array): number;
  /** strerror_r(3) as POSIX has it; `buf` has room for what it says, and its NUL byte. */
  strerror_r(errnum: number, buf: Uint8Array, buflen: number): void;
  /** localtime_r(3); `timep` is a `time_t`, `result` a `struct tm`. */
  localtime_r(timep: Uint8Array, result: Uint8Array): void;
  /** strftime(3); `format` ends with a NUL byte. @returns how many bytes it wrote before its own NUL byte */
  strftime(s: Uint8Array, max: number, format: Uint8Array, tm: Uint8Array): number;
  /** regcomp(3); `preg` is a `regex_t`, `regex` ends with a NUL byte. @returns 0, or what is wrong */
  regcomp(preg: Uint8Array, regex: Uint8Array, cflags: number): number;
  /** regexec(3) that wants no positions; `string` ends with a NUL byte. @returns 0 if it matches */
  regexec(preg: Uint8Array, string: Uint8Array): number;
  /** clock_gettime(2); `tp` is a `struct timespec`. */
  clock_gettime(clockid: number, tp: Uint8Array): number;
  /** close(2) */
  close(fd: number): number;
  /**
   * close(2) away from the main thread, where it would block: for an inotify descriptor that
   * ever had a watch the kernel waits 1-8 ms for an RCU grace period. Never fails: Linux releases
   * the descriptor whatever close(2) returns.
   */
  closeOffThread(fd: number): Promise<void>;
  /**
   * A way to wait for `fd`, which is nonblocking and stays open until {@link Waiter.release}. At most
   * one for a descriptor; made when there is something to wait for, since it may begin at once.
   */
  waiter(fd: number): Promise<Waiter>;
}

/** Waits for one file descriptor. At most one {@link Waiter.wait} is pending at a time. */
export interface Waiter {
  /**
   * Resolves when `fd` is readable, with `undefined`; or, where the runtime reads by itself, with
   * the bytes that it read, which are valid until the next `wait()`. May resolve with `undefined`
   * for no reason. While no `wait()` is pending, nothing is read and nothing wakes up.
   */
  wait(): Promise<Uint8Array | undefined>;
  /** Whether a pending `wait()` keeps the process alive. It does until `unref()`. */
  ref(): void;
  /** A pending `wait()` no longer keeps the process alive. */
  unref(): void;
  /**
   * Ends a pending `wait()` and resolves once neither kernel nor runtime holds `fd` on our behalf,
   * so that it may be closed. Called once, and nothing after it.
   */
  release(): Promise<void>;
}

/** A call that a {@link Waiter} made on its own account has failed; its `wait()` rejects with this. */
export class CallFailure extends Error {
  /** The function's C name. */
  readonly syscall: string;
  /** The errno that it set, a positive number. */
  readonly errno: number;

  /** @param syscall the function's C name; @param errno what it set */
  constructor(syscall: string, errno: number) {
    super(`${syscall} failed with errno ${errno}`);
    this.syscall = syscall;
    this.errno = errno;
  }
}

// The values are those of Linux on x86-64 and aarch64, where they are the same.

/** Flag of inotify_init1(2): reads do not block. */
export const IN_NONBLOCK = 0o4000;
/** Flag of inotify_init1(2): the descriptor is closed by execve(2). */
export const IN_CLOEXEC = 0o2000000;
/** Flag of open(2): for reading only. */
export const O_RDONLY = 0;
/** Flag of open(2): the descriptor is closed by execve(2). */
export const O_CLOEXEC = 0o2000000;
/** Flag of open(2): what is there is not opened, but only found. */
export const O_PATH = 0o10000000;
/** Where lseek(2) counts from: the beginning. */
export const SEEK_SET = 0;
/** Flag of open(2) and pipe2(2): neither they nor reads and writes block. */
export const O_NONBLOCK = 0o4000;
/** Type of kcmp(2): compare two open files. */
export const KCMP_FILE = 0;
/** Flag of memfd_create(2): the descriptor is closed by execve(2). */
export const MFD_CLOEXEC = 0x0001;
/** Directory of statx(2) to which a relative path is relative: the working directory. */
export const AT_FDCWD = -100;
/** Flag of statx(2): a symbolic link itself is meant. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** Bit of statx(2)'s mask: the type is wanted. */
export const STATX_TYPE = 0x0001;
/** Bit of statx(2)'s mask: the time of the last status change is wanted. */
export const STATX_MTIME = 0x0040;
export const STATX_CTIME = 0x0080;
/** Bit of statx(2)'s mask: the number of the mount is wanted; Linux has it from 5.8 on. */
export const STATX_MNT_ID = 0x1000;
/** The number of kcmp(2) on x86-64; libc has no function for it (syscall(2)). */
export const SYS_kcmp_x86_64 = 312;
/** The number of kcmp(2) on aarch64. */
export const SYS_kcmp_aarch64 = 272;
/** The number of getdents64(2) on x86-64. */
export const SYS_getdents64_x86_64 = 217;
/** The number of getdents64(2) on aarch64. */
export const SYS_getdents64_aarch64 = 61;
/** The number of statx(2) on x86-64. */
export const SYS_statx_x86_64 = 332;
/** The number of statx(2) on aarch64. */
export const SYS_statx_aarch64 = 291;
/** The number of gettid(2) on x86-64; not every libc has a function for it. */
export const SYS_gettid_x86_64 = 186;
/** The number of gettid(2) on aarch64. */
export const SYS_gettid_aarch64 = 178;
/** {@link Libc.O_DIRECTORY} on x86-64. */
export const O_DIRECTORY_x86_64 = 0o200000;
/** {@link Libc.O_DIRECTORY} on aarch64. */
export const O_DIRECTORY_aarch64 = 0o40000;
/** {@link Libc.O_NOFOLLOW} on x86-64. */
export const O_NOFOLLOW_x86_64 = 0o400000;
/** {@link Libc.O_NOFOLLOW} on aarch64. */
export const O_NOFOLLOW_aarch64 = 0o100000;
/** Flag of regcomp(3): extended regular expressions. */
export const REG_EXTENDED = 1;
/** Flag of regcomp(3): letters match whatever their case. */
export const REG_ICASE = 2;
/** Flag of regcomp(3): positions are of no interest. */
export const REG_NOSUB = 8;
/** Result of regexec(3): it does not match. */
export const REG_NOMATCH = 1;
/** Clock of clock_gettime(2): the system's, which may be set. */
export const CLOCK_REALTIME = 0;
/** Clock of clock_gettime(2): it only goes on. */
export const CLOCK_MONOTONIC = 1;
/** Flag of posix_spawnattr_setflags(3): the program gets a process group. */
export const POSIX_SPAWN_SETPGROUP = 0x02;
/** Flag of posix_spawnattr_setflags(3): signals get their default dispositions. */
export const POSIX_SPAWN_SETSIGDEF = 0x04;
/** Flag of posix_spawnattr_setflags(3): the mask of blocked signals is set. */
export const POSIX_SPAWN_SETSIGMASK = 0x08;
/** Command of fcntl(2): sets the flags of a descriptor. */
export const F_SETFD = 2;
/** Command of fcntl(2): gets the flags of an open file. */
export const F_GETFL = 3;
/** Command of fcntl(2): sets the flags of an open file. */
export const F_SETFL = 4;
/** Option of waitpid(2): returns at once. */
export const WNOHANG = 1;
/** Option of waitpid(2): processes that stopped count, too. */
export const WUNTRACED = 2;
/** Action of tcsetattr(3): at once. */
export const TCSANOW = 0;
/** Disposition of signal(2): the signal is ignored. */
export const SIG_IGN = 1;
/** Event of poll(2): there is something to read. */
export const POLLIN = 0x001;

/** What depends on the architecture. */
export interface Architecture {
  /** Numbers of system calls, for syscall(2). */
  readonly SYS: Readonly<Record<"kcmp" | "getdents64" | "statx" | "gettid", number>>;
  /** See {@link Libc.O_DIRECTORY}. */
  readonly O_DIRECTORY: number;
  /** See {@link Libc.O_NOFOLLOW}. */
  readonly O_NOFOLLOW: number;
}

/** @param aarch64 whether this is aarch64; else it is x86-64 */
export function architecture(aarch64: boolean): Architecture {
  return aarch64
    ? {
      SYS: {
        kcmp: SYS_kcmp_aarch64,
        getdents64: SYS_getdents64_aarch64,
        statx: SYS_statx_aarch64,
        gettid: SYS_gettid_aarch64,
      },
      O_DIRECTORY: O_DIRECTORY_aarch64,
      O_NOFOLLOW: O_NOFOLLOW_aarch64,
    }
    : {
      SYS: {
        kcmp: SYS_kcmp_x86_64,
        getdents64: SYS_getdents64_x86_64,
        statx: SYS_statx_x86_64,
        gettid: SYS_gettid_x86_64,
      },
      O_DIRECTORY: O_DIRECTORY_x86_64,
      O_NOFOLLOW: O_NOFOLLOW_x86_64,
    };
}

let lastCount = 0;
let lastUsize = 0n;

/** A count as a BigInt, which Deno takes faster than a number. The last one is kept, it seldom changes. */
export function usize(count: number): bigint {
  if (count !== lastCount) {
    lastCount = count;
    lastUsize = BigInt(count);
  }
  return lastUsize;
}
