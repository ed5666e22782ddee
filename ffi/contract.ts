/**
 * `Libc`: the interface between `src/` and the three backends.
 *
 * Functions have their C names, and take and return C integers. A call that fails returns -1 and sets errno;
 * the backend interprets neither. Only {@link Libc.closeOffThread} and waiting are asynchronous. Importing a
 * backend does nothing; its factory opens libc.
 *
 * The file may exceed 300 lines: every call and constant of libc that the module uses stands here, once.
 *
 * @module
 */

/** The runtimes that have a backend. */
export type RuntimeName = "deno" | "bun" | "node";

/** The calls of libc that the module makes, what the runtime permits, and how it waits. */
export interface Libc {
  /** The runtime that makes the calls. */
  readonly runtime: RuntimeName;
  /**
   * `errno` of this thread. Valid only immediately after the call that returned -1: the runtime makes system
   * calls of its own, for example in a garbage collection.
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
  /** open(2) without a mode, so of an existing file; `pathname` ends with a NUL byte. */
  open(pathname: Uint8Array, flags: number): number;
  /** Flag of open(2): fail unless the path is a directory. Depends on the architecture. */
  readonly O_DIRECTORY: number;
  /** Flag of open(2): fail if the path is a symbolic link. Depends on the architecture. */
  readonly O_NOFOLLOW: number;
  /** lseek(2) */
  lseek(fd: number, offset: number, whence: number): number;
  /** getdents64(2) */
  getdents64(fd: number, dirp: Uint8Array, count: number): number;
  /** memfd_create(2); `name` ends with a NUL byte. */
  memfd_create(name: Uint8Array, flags: number): number;
  /** ftruncate(2) */
  ftruncate(fd: number, length: number): number;
  /** futimens(3) without times: sets both to the current time. */
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
  /** readlink(2); `pathname` ends with a NUL byte, the result in `buf` does not. */
  readlink(pathname: Uint8Array, buf: Uint8Array, bufsiz: number): number;
  /** fcntl(2) with an int as its argument. */
  fcntl(fd: number, cmd: number, arg: number): number;
  /** kcmp(2) with `KCMP_FILE`: 0 if two descriptors of a process share an open file, 1 to 3 if not. */
  kcmp_file(pid: number, fd1: number, fd2: number): number;
  /** Whether the runtime's own permissions let the program read a path. May prompt the user. */
  mayRead(path: string): boolean;
  /** The reason in an error if it may not, with the flag that permits it. */
  readonly mayNotRead: string;
  /** The runtime's own errors for a path that does not exist, and for one that may not be read; if it has some. */
  readonly errors?: Readonly<Record<"NotFound" | "NotCapable", new (message: string) => Error>>;
  /** poll(2); `fds` is an array of `struct pollfd`, 8 bytes each. */
  poll(fds: Uint8Array, nfds: number, timeout: number): number;
  /** write(2) */
  write(fd: number, buf: Uint8Array, count: number): number;
  /** isatty(3) */
  isatty(fd: number): number;
  /** pipe2(2); `pipefd` holds two ints. */
  pipe2(pipefd: Uint8Array, flags: number): number;
  /** Whether the runtime's own permissions let the program run a command. May prompt the user. */
  mayRun(command: string): boolean;
  /** The address of a buffer, which must fill an ArrayBuffer of its own. */
  address(buf: Uint8Array): bigint;
  /**
   * posix_spawnp(3) without file actions; `pid` holds an int, `file` ends with a NUL byte, and `argv` and
   * `envp` are arrays of pointers. @returns 0 or an errno
   */
  posix_spawnp(
    pid: Uint8Array,
    file: Uint8Array,
    attrp: Uint8Array,
    argv: Uint8Array,
    envp: Uint8Array,
  ): number;
  /** waitpid(2); `wstatus` holds an int. */
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
  /** strerror_r(3) as in POSIX; the text in `buf` ends with a NUL byte. */
  strerror_r(errnum: number, buf: Uint8Array, buflen: number): void;
  /** localtime_r(3); `timep` is a `time_t`, `result` a `struct tm`. */
  localtime_r(timep: Uint8Array, result: Uint8Array): void;
  /** strftime(3); `format` ends with a NUL byte. @returns the length of the text, without its NUL byte */
  strftime(s: Uint8Array, max: number, format: Uint8Array, tm: Uint8Array): number;
  /** regcomp(3); `preg` is a `regex_t`, `regex` ends with a NUL byte. @returns 0, or an error of regcomp(3) */
  regcomp(preg: Uint8Array, regex: Uint8Array, cflags: number): number;
  /** regexec(3) without match positions; `string` ends with a NUL byte. @returns 0 if it matches */
  regexec(preg: Uint8Array, string: Uint8Array): number;
  /** clock_gettime(2); `tp` is a `struct timespec`. */
  clock_gettime(clockid: number, tp: Uint8Array): number;
  /** close(2) */
  close(fd: number): number;
  /**
   * close(2) on another thread, since it blocks: if an inotify descriptor ever had a watch, the kernel waits
   * 1-8 ms for an RCU grace period. Never fails: Linux releases the descriptor whatever close(2) returns.
   */
  closeOffThread(fd: number): Promise<void>;
  /**
   * Makes a waiter for `fd`, which is nonblocking and stays open until {@link Waiter.release}. At most one for
   * each descriptor, and only when a wait follows: it may begin to watch the descriptor at once.
   *
   * @param events what it waits for: {@link POLLIN}; or {@link POLLPRI}, which calls back without bytes, and only while
   * somebody waits for POLLIN on the same thread
   */
  waiter(fd: number, events?: number): Promise<Waiter>;
}

/** Waits for one file descriptor. At most one {@link Waiter.wait} is pending at a time. */
export interface Waiter {
  /**
   * Calls back once, when `fd` is ready. Where the runtime itself reads, it passes the bytes, which are valid
   * during the call. It may call back without bytes although nothing is readable. While no `wait()` is pending,
   * nothing is read, and nothing wakes the runtime.
   *
   * @param ready must not throw
   * @param failed called instead, if it cannot wait
   */
  wait(ready: (bytes?: Uint8Array) => void, failed: (error: Error) => void): void;
  /** Lets a pending `wait()` keep the process alive, which is the default. */
  ref(): void;
  /** Lets the process end during a pending `wait()`. */
  unref(): void;
  /**
   * Ends a pending `wait()`, which calls back. Resolves once kernel and runtime have released `fd`, so that it may
   * be closed. Called once, as the last call.
   */
  release(): Promise<void>;
}

/** The failure of a call that a {@link Waiter} makes for itself; its `wait()` fails with this. */
export class CallFailure extends Error {
  /** The C name of the function. */
  readonly syscall: string;
  /** The errno that it set, a positive number. */
  readonly errno: number;

  /** @param syscall the C name of the function; @param errno the errno that it set */
  constructor(syscall: string, errno: number) {
    super(`${syscall} failed with errno ${errno}`);
    this.syscall = syscall;
    this.errno = errno;
  }
}

// Values of Linux, the same on x86-64 and aarch64 unless the name says otherwise.

/** Flag of inotify_init1(2): reads do not block. */
export const IN_NONBLOCK = 0o4000;
/** Flag of inotify_init1(2): the descriptor is closed by execve(2). */
export const IN_CLOEXEC = 0o2000000;
/** Flag of open(2): for reading only. */
export const O_RDONLY = 0;
/** Flag of open(2): the descriptor is closed by execve(2). */
export const O_CLOEXEC = 0o2000000;
/** Flag of open(2): find the path without opening the file. */
export const O_PATH = 0o10000000;
/** Origin of lseek(2): the beginning. */
export const SEEK_SET = 0;
/** Flag of open(2) and pipe2(2): the call itself, reads and writes do not block. */
export const O_NONBLOCK = 0o4000;
/** Type of kcmp(2): compare two open files. */
export const KCMP_FILE = 0;
/** Flag of memfd_create(2): the descriptor is closed by execve(2). */
export const MFD_CLOEXEC = 0x0001;
/** Directory argument of statx(2): the working directory. */
export const AT_FDCWD = -100;
/** Flag of statx(2): do not follow a symbolic link at the end of the path. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** Mask bit of statx(2): the file type. */
export const STATX_TYPE = 0x0001;
/** Mask bit of statx(2): the time of the last modification. */
export const STATX_MTIME = 0x0040;
/** Mask bit of statx(2): the time of the last status change. */
export const STATX_CTIME = 0x0080;
/** Mask bit of statx(2): the inode number. */
export const STATX_INO = 0x0100;
/** Mask bit of statx(2): the size. */
export const STATX_SIZE = 0x0200;
/** Mask bit of statx(2): the time of birth. */
export const STATX_BTIME = 0x0800;
/** Mask bit of statx(2): the mount ID; from Linux 5.8 on. */
export const STATX_MNT_ID = 0x1000;
/** System call number of kcmp(2) on x86-64; libc has no function for it. */
export const SYS_kcmp_x86_64 = 312;
/** System call number of kcmp(2) on aarch64. */
export const SYS_kcmp_aarch64 = 272;
/** System call number of getdents64(2) on x86-64. */
export const SYS_getdents64_x86_64 = 217;
/** System call number of getdents64(2) on aarch64. */
export const SYS_getdents64_aarch64 = 61;
/** System call number of statx(2) on x86-64. */
export const SYS_statx_x86_64 = 332;
/** System call number of statx(2) on aarch64. */
export const SYS_statx_aarch64 = 291;
/** System call number of gettid(2) on x86-64; not every libc has a function for it. */
export const SYS_gettid_x86_64 = 186;
/** System call number of gettid(2) on aarch64. */
export const SYS_gettid_aarch64 = 178;
/** System call number of io_setup(2) on x86-64; libc has no function for it. */
export const SYS_io_setup_x86_64 = 206;
/** System call number of io_setup(2) on aarch64. */
export const SYS_io_setup_aarch64 = 0;
/** System call number of io_getevents(2) on x86-64; libc has no function for it. */
export const SYS_io_getevents_x86_64 = 208;
/** System call number of io_getevents(2) on aarch64. */
export const SYS_io_getevents_aarch64 = 4;
/** System call number of io_submit(2) on x86-64; libc has no function for it. */
export const SYS_io_submit_x86_64 = 209;
/** System call number of io_submit(2) on aarch64. */
export const SYS_io_submit_aarch64 = 2;
/** System call number of io_cancel(2) on x86-64; libc has no function for it. */
export const SYS_io_cancel_x86_64 = 210;
/** System call number of io_cancel(2) on aarch64. */
export const SYS_io_cancel_aarch64 = 3;
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
/** Flag of regcomp(3): ignore case. */
export const REG_ICASE = 2;
/** Flag of regcomp(3): no match positions. */
export const REG_NOSUB = 8;
/** Result of regexec(3): no match. */
export const REG_NOMATCH = 1;
/** Clock of clock_gettime(2): the system's clock, which can be set. */
export const CLOCK_REALTIME = 0;
/** Clock of clock_gettime(2): never goes back. */
export const CLOCK_MONOTONIC = 1;
/** The system's clock at its last tick, which is the time that a change gives to a file. */
export const CLOCK_REALTIME_COARSE = 5;
/** Flag of posix_spawnattr_setflags(3): set the process group. */
export const POSIX_SPAWN_SETPGROUP = 0x02;
/** Flag of posix_spawnattr_setflags(3): reset signals to their default dispositions. */
export const POSIX_SPAWN_SETSIGDEF = 0x04;
/** Flag of posix_spawnattr_setflags(3): set the mask of blocked signals. */
export const POSIX_SPAWN_SETSIGMASK = 0x08;
/** Command of fcntl(2): set the flags of a descriptor. */
export const F_SETFD = 2;
/** Command of fcntl(2): get the flags of an open file. */
export const F_GETFL = 3;
/** Command of fcntl(2): set the flags of an open file. */
export const F_SETFL = 4;
/** Command of fcntl(2): set the signal by which the breaking of a lease is told. */
export const F_SETSIG = 10;
/** Command of fcntl(2): set a lease, or give it back. */
export const F_SETLEASE = 1024;
/** Type of a lease: for reading. */
export const F_RDLCK = 0;
/** Type of a lease: none. */
export const F_UNLCK = 2;
/** A signal that is ignored unless a program handles it. */
export const SIGURG = 23;
/** Option of waitpid(2): return at once. */
export const WNOHANG = 1;
/** Option of waitpid(2): report stopped processes, too. */
export const WUNTRACED = 2;
/** Action of tcsetattr(3): change at once. */
export const TCSANOW = 0;
/** Disposition of signal(2): ignore the signal. */
export const SIG_IGN = 1;
/** Event of poll(2): readable. */
export const POLLIN = 0x001;
/** Event of poll(2): something exceptional, as a change of mounts for proc_pid_mountinfo(5). */
export const POLLPRI = 0x002;

/** A system call that is made by its number. */
type SystemCall =
  | "kcmp"
  | "getdents64"
  | "statx"
  | "gettid"
  | "io_setup"
  | "io_getevents"
  | "io_submit"
  | "io_cancel";

/** What depends on the architecture. */
export interface Architecture {
  /** Numbers of system calls, for syscall(2). */
  readonly SYS: Readonly<Record<SystemCall, number>>;
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
        io_setup: SYS_io_setup_aarch64,
        io_getevents: SYS_io_getevents_aarch64,
        io_submit: SYS_io_submit_aarch64,
        io_cancel: SYS_io_cancel_aarch64,
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
        io_setup: SYS_io_setup_x86_64,
        io_getevents: SYS_io_getevents_x86_64,
        io_submit: SYS_io_submit_x86_64,
        io_cancel: SYS_io_cancel_x86_64,
      },
      O_DIRECTORY: O_DIRECTORY_x86_64,
      O_NOFOLLOW: O_NOFOLLOW_x86_64,
    };
}

let lastCount = 0;
let lastUsize = 0n;

/** A count as a BigInt, which Deno passes faster than a number. The last one is cached, since it rarely changes. */
export function usize(count: number): bigint {
  if (count !== lastCount) {
    lastCount = count;
    lastUsize = BigInt(count);
  }
  return lastUsize;
}
