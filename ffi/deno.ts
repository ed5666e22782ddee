/**
 * The Deno backend: `Deno.dlopen`.
 *
 * The lowest version is Deno 2.7.6, the first that keeps the buffer of a nonblocking call alive
 * (denoland/deno#32775).
 *
 * @module
 */

import { architecture, KCMP_FILE, type Libc, usize } from "./contract.ts";
import { type ListCalls, ProgramDescriptors } from "./deno_descriptors.ts";
import { Reactor } from "./deno_reactor.ts";
import { type Descriptors, tracked } from "./descriptors.ts";
import { lazy } from "./lazy.ts";
import { ThreadDescriptors } from "./thread_descriptors.ts";

/** What an instance needs until it is closed. Opened together: a program may drop the permission afterwards. */
const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "pointer" },
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_rm_watch: { parameters: ["i32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  close_off_thread: { name: "close", parameters: ["i32"], result: "i32", nonblocking: true },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  parked_poll: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  // Before glibc 2.34 these are in another library.
  pthread_key_create: { parameters: ["buffer", "pointer"], result: "i32", optional: true },
  pthread_key_delete: { parameters: ["u32"], result: "i32", optional: true },
  pthread_setspecific: { parameters: ["u32", "u64"], result: "i32", optional: true },
  pthread_getspecific: { parameters: ["u32"], result: "u64", optional: true },
} as const;

/** What a watcher also needs. */
const FILE_SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "isize", "i32"], result: "isize" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  futimens: { parameters: ["i32", "pointer"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  statfs: { parameters: ["buffer", "buffer"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  syscall: { parameters: ["isize", "i32", "i32", "i32", "usize", "usize"], result: "isize" },
} as const;

const OUTPUT_SYMBOLS = {
  isatty: { parameters: ["i32"], result: "i32" },
} as const;

const TEXT_SYMBOLS = {
  strerror_r: { name: "__xpg_strerror_r", parameters: ["i32", "buffer", "usize"], result: "i32" },
  localtime_r: { parameters: ["buffer", "buffer"], result: "void" },
  strftime: { parameters: ["buffer", "usize", "buffer", "buffer"], result: "usize" },
  regcomp: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  regexec: { parameters: ["buffer", "buffer", "usize", "buffer", "i32"], result: "i32" },
} as const;

const PROCESS_SYMBOLS = {
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  address: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "usize" },
  posix_spawnp: {
    parameters: ["buffer", "buffer", "usize", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  signal: { parameters: ["i32", "usize"], result: "usize" },
  getpgid: { parameters: ["i32"], result: "i32" },
  tcgetpgrp: { parameters: ["i32"], result: "i32" },
  tcsetpgrp: { parameters: ["i32", "i32"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
} as const;

const THREAD_SYMBOLS = {
  __cxa_thread_atexit_impl: {
    parameters: ["pointer", "u64", "pointer"],
    result: "i32",
    optional: true, // musl does not have it
  },
  close: { type: "pointer" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const;

const NONE = new Uint8Array(1);

/** Opens libc through Deno. */
export function openDeno(): Libc {
  const { path, c } = open();
  const file = lazy(() => Deno.dlopen(path, FILE_SYMBOLS).symbols);
  const output = lazy(() => Deno.dlopen(path, OUTPUT_SYMBOLS).symbols);
  const text = lazy(() => Deno.dlopen(path, TEXT_SYMBOLS).symbols);
  const processes = lazy(() => Deno.dlopen(path, PROCESS_SYMBOLS).symbols);
  const errnoLocation = c.__errno_location();
  const errnoCopy = new Int32Array(1);
  // Not by UnsafePointerView, which needs an unscoped --allow-ffi.
  const errno = (): number => {
    c.memcpy(errnoCopy, errnoLocation, 4n);
    return errnoCopy[0];
  };
  const { SYS, ...flags } = architecture(Deno.build.arch === "aarch64");
  const calls = {
    memfd_create: (name: Uint8Array, flags: number) => file().memfd_create(bytes(name), flags),
    close: c.close,
    closeOffThread: async (fd: number) => void await c.close_off_thread(fd),
  };
  const descriptors = threadDescriptors(path, calls) ??
    new ProgramDescriptors(calls, c.pthread_key_create === null ? undefined : c as ListCalls);
  let reactor: Reactor | undefined;
  return tracked({
    runtime: "deno",
    ...flags,
    errno,
    inotify_init1: c.inotify_init1,
    inotify_add_watch: (fd, pathname, mask) => c.inotify_add_watch(fd, bytes(pathname), mask),
    inotify_rm_watch: c.inotify_rm_watch,
    // A cast, not bytes(): one call less for each event.
    read: (fd, buf, count) => Number(c.read(fd, buf as Uint8Array<ArrayBuffer>, usize(count))),
    open: (pathname, flags) => file().open(bytes(pathname), flags),
    lseek: (fd, offset, whence) => Number(file().lseek(fd, BigInt(offset), whence)),
    getdents64: (fd, dirp, count) => Number(file().getdents64(fd, bytes(dirp), usize(count))),
    memfd_create: calls.memfd_create,
    ftruncate: (fd, length) => file().ftruncate(fd, BigInt(length)),
    futimens: (fd) => file().futimens(fd, null),
    statx: (dirfd, pathname, flags, mask, statxbuf) =>
      file().statx(dirfd, bytes(pathname), flags, mask, bytes(statxbuf)),
    statfs: (path, buf) => file().statfs(bytes(path), bytes(buf)),
    readlink: (pathname, buf, size) =>
      Number(file().readlink(bytes(pathname), bytes(buf), usize(size))),
    fcntl: (fd, cmd, arg) => file().fcntl(fd, cmd, arg),
    kcmp_file: (pid, fd1, fd2) =>
      Number(file().syscall(BigInt(SYS.kcmp), pid, pid, KCMP_FILE, BigInt(fd1), BigInt(fd2))),
    mayRead,
    mayNotRead: "Deno may not read it; run with --allow-read, or with --allow-read=PATH",
    errors: Deno.errors,
    poll: (fds, nfds, timeout) => c.poll(bytes(fds), usize(nfds), timeout),
    write: (fd, buf, count) => Number(c.write(fd, bytes(buf), usize(count))),
    isatty: (fd) => output().isatty(fd),
    pipe2: (pipefd, flags) => processes().pipe2(bytes(pipefd), flags),
    mayRun,
    // Not by Deno.UnsafePointer, which needs an unscoped --allow-ffi.
    address: (buf) => processes().address(bytes(buf), bytes(buf), 0n),
    posix_spawnp: (pid, file, attrp, argv, envp) =>
      processes().posix_spawnp(bytes(pid), bytes(file), 0n, bytes(attrp), bytes(argv), bytes(envp)),
    waitpid: (pid, wstatus, options) => processes().waitpid(pid, bytes(wstatus), options),
    kill: (pid, sig) => processes().kill(pid, sig),
    signal: (signum, handler) => void processes().signal(signum, BigInt(handler)),
    getpgid: (pid) => processes().getpgid(pid),
    tcgetpgrp: (fd) => processes().tcgetpgrp(fd),
    tcsetpgrp: (fd, pgrp) => processes().tcsetpgrp(fd, pgrp),
    tcgetattr: (fd, termios) => processes().tcgetattr(fd, bytes(termios)),
    tcsetattr: (fd, actions, termios) => processes().tcsetattr(fd, actions, bytes(termios)),
    strerror_r: (errnum, buf, size) => void text().strerror_r(errnum, bytes(buf), usize(size)),
    localtime_r: (timep, result) => text().localtime_r(bytes(timep), bytes(result)),
    strftime: (s, max, format, tm) =>
      Number(text().strftime(bytes(s), usize(max), bytes(format), bytes(tm))),
    regcomp: (preg, regex, cflags) => text().regcomp(bytes(preg), bytes(regex), cflags),
    regexec: (preg, string) => text().regexec(bytes(preg), bytes(string), 0n, NONE, 0),
    clock_gettime: (clockid, tp) => c.clock_gettime(clockid, bytes(tp)),
    async waiter(fd: number, events?: number) {
      reactor ??= new Reactor({ ...c, errno }, descriptors);
      return reactor.waiter(fd, events);
    },
  }, descriptors);
}

/** The descriptors of a worker, or `undefined` on the main thread and with musl. */
function threadDescriptors(
  path: string,
  calls: Pick<Libc, "close" | "memfd_create">,
): Descriptors | undefined {
  if (!("DedicatedWorkerGlobalScope" in globalThis)) return undefined;
  const { symbols: { __cxa_thread_atexit_impl, close, dup3 } } = Deno.dlopen(path, THREAD_SYMBOLS);
  if (__cxa_thread_atexit_impl === null) return undefined;
  return new ThreadDescriptors({
    ...calls,
    dup3,
    closeAtThreadEnd: (fd) => __cxa_thread_atexit_impl(close, BigInt(fd), close),
  });
}

/** Whether the program may read a path. Queries all paths first: Deno keeps a record of each single query. */
function mayRead(path: string): boolean {
  if (Deno.permissions.querySync({ name: "read" }).state === "granted") return true;
  return Deno.permissions.requestSync({ name: "read", path }).state === "granted";
}

/** Whether the program may run a command. */
function mayRun(command: string): boolean {
  if (Deno.permissions.querySync({ name: "run" }).state === "granted") return true;
  return Deno.permissions.requestSync({ name: "run", command }).state === "granted";
}

function open(): { path: string; c: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] } {
  let failure: unknown;
  for (const path of permitted()) {
    try {
      return { path, c: Deno.dlopen(path, SYMBOLS).symbols };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/**
 * The names by which libc may be opened. A permission for certain paths (`--allow-ffi=PATH`, `--deny-ffi=PATH`)
 * applies to absolute paths, and to a library that is opened by one. Without a permission the user is prompted
 * for FFI in general: Deno's own prompt, at the dlopen, would be for a file in the working directory.
 *
 * @throws {Error} if the permission is denied
 */
function permitted(): string[] {
  const isGranted = ({ state, partial }: Deno.PermissionStatus) => state === "granted" && !partial;
  const all = { name: "ffi" } as const;
  const soname = "libc.so.6";
  if (isGranted(Deno.permissions.querySync(all))) return [soname];
  const paths = glibcPaths();
  const granted = paths.filter((path) => isGranted(Deno.permissions.querySync({ ...all, path })));
  if (granted.length > 0) return granted;
  if (isGranted(Deno.permissions.requestSync(all))) return [soname];
  throw new Error(
    "Cannot use inotify: Deno may not call libc; run with --allow-ffi, or with " +
      `--allow-ffi=${paths[0]}`,
  );
}

/** The paths of glibc in common distributions. */
function glibcPaths(): string[] {
  const { arch } = Deno.build;
  return ["", "/usr"].flatMap((prefix) => [
    `${prefix}/lib/${arch}-linux-gnu/libc.so.6`,
    `${prefix}/lib64/libc.so.6`,
    `${prefix}/lib/libc.so.6`,
  ]);
}

/** Changes the type only: calls also accept shared memory. */
function bytes(array: Uint8Array): Uint8Array<ArrayBuffer> {
  return array as Uint8Array<ArrayBuffer>;
}
