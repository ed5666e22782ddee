/**
 * The Node.js backend: `node:ffi`, with the symbols of the running process.
 *
 * The lowest version is Node 26.9, the first that has `node:ffi` without a flag.
 *
 * @module
 */

import { aioWaiter } from "./aio.ts";
import { architecture, KCMP_FILE, type Libc, POLLIN, usize } from "./contract.ts";
import { type Descriptors, tracked } from "./descriptors.ts";
import { lazy } from "./lazy.ts";
import { socketWaiter } from "./node_socket.ts";
import { ThreadDescriptors } from "./thread_descriptors.ts";

/** The JavaScript type of each C type. */
interface CTypes {
  void: void;
  i32: number;
  u32: number;
  i64: bigint;
  u64: bigint;
  pointer: bigint;
  buffer: Uint8Array;
}

/** The part of `node:ffi` that this file uses. Declared here, since Deno refuses to import the module. */
export interface NodeFfi {
  /** Opens a library; `null` is the process itself. */
  dlopen(
    path: string | null,
    definitions: Record<string, NodeSignature>,
  ): { readonly lib: NodeLibrary; readonly functions: unknown };
  /** The address of a buffer. */
  getRawPointer(source: Uint8Array): bigint;
  /** Reads an i32 from memory. */
  getInt32(pointer: bigint): number;
}

/** The type of a C function. */
export interface NodeSignature {
  /** C types of the arguments. */
  readonly arguments: readonly Exclude<keyof CTypes, "void">[];
  /** C type of the result. */
  readonly return: keyof CTypes;
}

/** An opened library. */
export interface NodeLibrary {
  /** The address of a function. */
  getSymbol(name: string): bigint;
  /** Functions of the library. */
  getFunctions(definitions: Record<string, NodeSignature>): unknown;
}

/** What a program needs to add a watch. */
const SYMBOLS = {
  __errno_location: { arguments: [], return: "pointer" },
  inotify_init1: { arguments: ["i32"], return: "i32" },
  inotify_add_watch: { arguments: ["i32", "buffer", "u32"], return: "i32" },
  syscall: { arguments: ["i64", "u64", "u64", "u64", "u64", "u64"], return: "i64" },
} as const;

const READ_SYMBOLS = {
  inotify_rm_watch: { arguments: ["i32", "i32"], return: "i32" },
  read: { arguments: ["i32", "buffer", "u64"], return: "i64" },
  clock_gettime: { arguments: ["i32", "buffer"], return: "i32" },
  close: { arguments: ["i32"], return: "i32" },
} as const;

const FILE_SYMBOLS = {
  open: { arguments: ["buffer", "i32"], return: "i32" },
  lseek: { arguments: ["i32", "i64", "i32"], return: "i64" },
  getdents64: { arguments: ["i32", "buffer", "u64"], return: "i64" },
  memfd_create: { arguments: ["buffer", "u32"], return: "i32" },
  ftruncate: { arguments: ["i32", "i64"], return: "i32" },
  futimens: { arguments: ["i32", "pointer"], return: "i32" },
  statx: { arguments: ["i32", "buffer", "i32", "u32", "buffer"], return: "i32" },
  statfs: { arguments: ["buffer", "buffer"], return: "i32" },
  readlink: { arguments: ["buffer", "buffer", "u64"], return: "i64" },
  fcntl: { arguments: ["i32", "i32", "i32"], return: "i32" },
  poll: { arguments: ["buffer", "u64", "i32"], return: "i32" },
} as const;

const OUTPUT_SYMBOLS = {
  write: { arguments: ["i32", "buffer", "u64"], return: "i64" },
  isatty: { arguments: ["i32"], return: "i32" },
} as const;

const TEXT_SYMBOLS = {
  __xpg_strerror_r: { arguments: ["i32", "buffer", "u64"], return: "i32" },
  localtime_r: { arguments: ["buffer", "buffer"], return: "void" },
  strftime: { arguments: ["buffer", "u64", "buffer", "buffer"], return: "u64" },
  regcomp: { arguments: ["buffer", "buffer", "i32"], return: "i32" },
  regexec: { arguments: ["buffer", "buffer", "u64", "buffer", "i32"], return: "i32" },
} as const;

const THREAD_SYMBOLS = {
  __cxa_thread_atexit_impl: { arguments: ["pointer", "u64", "pointer"], return: "i32" },
  dup3: { arguments: ["i32", "i32", "i32"], return: "i32" },
} as const;

const PROCESS_SYMBOLS = {
  posix_spawnp: {
    arguments: ["buffer", "buffer", "pointer", "buffer", "buffer", "buffer"],
    return: "i32",
  },
  waitpid: { arguments: ["i32", "buffer", "i32"], return: "i32" },
  kill: { arguments: ["i32", "i32"], return: "i32" },
  signal: { arguments: ["i32", "u64"], return: "u64" },
  getpgid: { arguments: ["i32"], return: "i32" },
  tcgetpgrp: { arguments: ["i32"], return: "i32" },
  tcsetpgrp: { arguments: ["i32", "i32"], return: "i32" },
  tcgetattr: { arguments: ["i32", "buffer"], return: "i32" },
  tcsetattr: { arguments: ["i32", "i32", "buffer"], return: "i32" },
} as const;

const NONE = new Uint8Array(1);

const WAIT_SYMBOLS = {
  pipe2: { arguments: ["buffer", "i32"], return: "i32" },
  dup3: { arguments: ["i32", "i32", "i32"], return: "i32" },
} as const;

const AIO_SYMBOLS = {
  eventfd: { arguments: ["u32", "i32"], return: "i32" },
} as const;

type Values<Types extends readonly (keyof CTypes)[]> = {
  -readonly [I in keyof Types]: CTypes[Types[I]];
};
type CFunction<S extends NodeSignature> = (...args: Values<S["arguments"]>) => CTypes[S["return"]];

type CFunctions<Symbols extends Record<string, NodeSignature>> = {
  readonly [Name in keyof Symbols]: CFunction<Symbols[Name]>;
};

/** The part of `process` and built-in modules that this file uses. */
interface NodeProcess {
  readonly arch: string;
  readonly pid: number;
  /** With `--permission` only. */
  readonly permission?: {
    has(scope: "fs.read", path: string): boolean;
    has(scope: "child"): boolean;
  };
  getBuiltinModule(name: "node:ffi"): NodeFfi | undefined;
  getBuiltinModule(name: "node:fs"): { close(fd: number, callback: () => void): void };
}

/** Opens the symbols of the process through Node.js. */
export function openNode(): Libc {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const ffi = process.getBuiltinModule("node:ffi");
  if (ffi === undefined) {
    throw new Error(
      "Cannot use inotify: this Node.js has no node:ffi; it is built without it, or runs with --no-experimental-ffi",
    );
  }
  const { lib, functions } = open(ffi);
  const c = functions as CFunctions<typeof SYMBOLS>;
  const read = lazy(() => lib.getFunctions(READ_SYMBOLS) as CFunctions<typeof READ_SYMBOLS>);
  const file = lazy(() => lib.getFunctions(FILE_SYMBOLS) as CFunctions<typeof FILE_SYMBOLS>);
  const output = lazy(() => lib.getFunctions(OUTPUT_SYMBOLS) as CFunctions<typeof OUTPUT_SYMBOLS>);
  const text = lazy(() => lib.getFunctions(TEXT_SYMBOLS) as CFunctions<typeof TEXT_SYMBOLS>);
  const processes = lazy(() =>
    lib.getFunctions(PROCESS_SYMBOLS) as CFunctions<typeof PROCESS_SYMBOLS>
  );
  const errnoLocation = c.__errno_location();
  const errno = () => ffi.getInt32(errnoLocation);
  const { SYS, ...flags } = architecture(process.arch === "arm64");
  const wait = lazy(() => lib.getFunctions(WAIT_SYMBOLS) as CFunctions<typeof WAIT_SYMBOLS>);
  const address = (buf: Uint8Array) => ffi.getRawPointer(buf);
  const calls: Pick<Libc, "memfd_create" | "close" | "read"> = {
    read: (fd, buf, count) => Number(read().read(fd, buf, usize(count))),
    memfd_create: (name, flags) => file().memfd_create(name, flags),
    close: (fd) => read().close(fd),
  };
  const syscall = (...values: (number | bigint)[]) => {
    const [number, a, b, d, e, f] = [...values, 0, 0, 0, 0, 0].map(BigInt);
    return Number(c.syscall(number, a, b, d, e, f));
  };
  const isFirstThread = syscall(SYS.gettid) === process.pid;
  const descriptors = isFirstThread
    ? {
      add: (fd: number) => fd,
      close: calls.close,
      closeOffThread: (fd: number) => closeWithFs(process, fd),
    }
    : threadDescriptors(lib, calls);
  const readable = async (fd: number) => socketWaiter({ ...wait(), ...calls, errno }, fd);
  const aio = lazy(() => ({
    ...lib.getFunctions(AIO_SYMBOLS) as CFunctions<typeof AIO_SYMBOLS>,
    errno,
    read: calls.read,
    address,
    io_setup: (nr: number, context: Uint8Array) => syscall(SYS.io_setup, nr, address(context)),
    io_submit: (context: number, nr: number, iocbs: Uint8Array) =>
      syscall(SYS.io_submit, context, nr, address(iocbs)),
    io_getevents: (context: number, least: number, most: number, events: Uint8Array) =>
      syscall(SYS.io_getevents, context, least, most, address(events)),
    io_cancel: (context: number, iocb: Uint8Array, result: Uint8Array) =>
      syscall(SYS.io_cancel, context, address(iocb), address(result)),
  }));
  return tracked({
    runtime: "node",
    ...flags,
    errno,
    inotify_init1: c.inotify_init1,
    inotify_add_watch: c.inotify_add_watch,
    inotify_rm_watch: (fd, wd) => read().inotify_rm_watch(fd, wd),
    read: calls.read,
    open: (pathname, flags) => file().open(pathname, flags),
    lseek: (fd, offset, whence) => Number(file().lseek(fd, BigInt(offset), whence)),
    getdents64: (fd, dirp, count) => Number(file().getdents64(fd, dirp, usize(count))),
    memfd_create: calls.memfd_create,
    ftruncate: (fd, length) => file().ftruncate(fd, BigInt(length)),
    futimens: (fd) => file().futimens(fd, 0n),
    statx: (dirfd, pathname, flags, mask, statxbuf) =>
      file().statx(dirfd, pathname, flags, mask, statxbuf),
    statfs: (path, buf) => file().statfs(path, buf),
    readlink: (pathname, buf, size) => Number(file().readlink(pathname, buf, usize(size))),
    fcntl: (fd, cmd, arg) => file().fcntl(fd, cmd, arg),
    kcmp_file: (pid, fd1, fd2) => syscall(SYS.kcmp, pid, pid, KCMP_FILE, fd1, fd2),
    mayRead: (path) => process.permission?.has("fs.read", path) ?? true,
    mayNotRead: "Node.js may not read it; run with --allow-fs-read=PATH",
    poll: (fds, nfds, timeout) => file().poll(fds, usize(nfds), timeout),
    write: (fd, buf, count) => Number(output().write(fd, buf, usize(count))),
    isatty: (fd) => output().isatty(fd),
    pipe2: (pipefd, flags) => wait().pipe2(pipefd, flags),
    mayRun: () => process.permission?.has("child") ?? true,
    address,
    posix_spawnp: (pid, file, attrp, argv, envp) =>
      processes().posix_spawnp(pid, file, 0n, attrp, argv, envp),
    waitpid: (pid, wstatus, options) => processes().waitpid(pid, wstatus, options),
    kill: (pid, sig) => processes().kill(pid, sig),
    signal: (signum, handler) => void processes().signal(signum, BigInt(handler)),
    getpgid: (pid) => processes().getpgid(pid),
    tcgetpgrp: (fd) => processes().tcgetpgrp(fd),
    tcsetpgrp: (fd, pgrp) => processes().tcsetpgrp(fd, pgrp),
    tcgetattr: (fd, termios) => processes().tcgetattr(fd, termios),
    tcsetattr: (fd, actions, termios) => processes().tcsetattr(fd, actions, termios),
    strerror_r: (errnum, buf, size) => void text().__xpg_strerror_r(errnum, buf, usize(size)),
    localtime_r: (timep, result) => text().localtime_r(timep, result),
    strftime: (s, max, format, tm) => Number(text().strftime(s, usize(max), format, tm)),
    regcomp: (preg, regex, cflags) => text().regcomp(preg, regex, cflags),
    regexec: (preg, string) => text().regexec(preg, string, 0n, NONE, 0),
    clock_gettime: (clockid, tp) => read().clock_gettime(clockid, tp),
    waiter: (fd: number, events = POLLIN) =>
      events === POLLIN ? readable(fd) : aioWaiter(aio(), descriptors, readable, fd, events),
  }, descriptors);
}

function threadDescriptors(
  lib: NodeLibrary,
  calls: Pick<Libc, "memfd_create" | "close">,
): Descriptors {
  try {
    const functions = lib.getFunctions(THREAD_SYMBOLS) as CFunctions<typeof THREAD_SYMBOLS>;
    const { __cxa_thread_atexit_impl: atThreadEnd, dup3 } = functions;
    const close = lib.getSymbol("close");
    const closeAtThreadEnd = (fd: number) => atThreadEnd(close, BigInt(fd), close);
    return new ThreadDescriptors({ ...calls, dup3, closeAtThreadEnd });
  } catch { // musl does not have it
    const { close } = calls;
    // Not by node:fs: in a worker it warns about descriptors that it did not open.
    return { add: (fd) => fd, close, closeOffThread: async (fd) => void close(fd) };
  }
}

function closeWithFs(process: NodeProcess, fd: number): Promise<void> {
  return new Promise((resolve) => process.getBuiltinModule("node:fs").close(fd, () => resolve()));
}

function open(ffi: NodeFfi): ReturnType<NodeFfi["dlopen"]> {
  try {
    return ffi.dlopen(null, SYMBOLS);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ERR_ACCESS_DENIED") throw cause;
    throw new Error("Cannot use inotify: Node.js may not call libc; run with --allow-ffi", {
      cause,
    });
  }
}
