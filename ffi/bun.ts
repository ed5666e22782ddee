/**
 * The Bun backend: `bun:ffi`.
 *
 * The lowest version is Bun 1.4.0, the first in which an unref'd stream does not keep the process alive.
 *
 * @module
 */

import type * as bunFfi from "bun:ffi";
import { aioWaiter } from "./aio.ts";
import { streamWaiter, streamWorks } from "./bun_stream.ts";
import { workerWaiter } from "./bun_worker.ts";
import { architecture, KCMP_FILE, type Libc, POLLIN, type Waiter } from "./contract.ts";
import { type Descriptors, tracked } from "./descriptors.ts";
import { lazy } from "./lazy.ts";
import { type ThreadCalls, ThreadDescriptors } from "./thread_descriptors.ts";

/** The part of Bun's globals that this file uses. */
interface BunGlobals {
  readonly Bun: { readonly isMainThread: boolean };
  readonly process: BunProcess;
}

/** The part of `process` and `node:fs` that this file uses. */
interface BunProcess {
  readonly arch: string;
  getBuiltinModule(name: "bun:ffi"): typeof bunFfi;
  getBuiltinModule(name: "node:fs"): { close(fd: number, callback: () => void): void };
}

/**
 * Opens libc through Bun.
 *
 * @param tryStream replaces {@link streamWorks} in tests
 */
export function openBun(tryStream: typeof streamWorks = streamWorks): Libc {
  // Not `import "bun:ffi"`: all runtimes load the same modules, and Node would refuse it.
  const { Bun, process } = globalThis as unknown as BunGlobals;
  const { dlopen, FFIType, ptr, read } = process.getBuiltinModule("bun:ffi");
  const { symbols: c } = dlopen("libc.so.6", {
    __errno_location: { args: [], returns: "ptr" },
    inotify_init1: { args: ["i32"], returns: "i32" },
    inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
    inotify_rm_watch: { args: ["i32", "i32"], returns: "i32" },
    read: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
    open: { args: ["ptr", "i32"], returns: "i32" },
    lseek: { args: ["i32", FFIType.i64_fast, "i32"], returns: FFIType.i64_fast },
    memfd_create: { args: ["ptr", "u32"], returns: "i32" },
    ftruncate: { args: ["i32", FFIType.i64_fast], returns: "i32" },
    futimens: { args: ["i32", "ptr"], returns: "i32" },
    statfs: { args: ["ptr", "ptr"], returns: "i32" },
    readlink: { args: ["ptr", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
    syscall: { args: Array(6).fill(FFIType.i64_fast), returns: FFIType.i64_fast },
    eventfd: { args: ["u32", "i32"], returns: "i32" },
    pipe2: { args: ["ptr", "i32"], returns: "i32" },
    poll: { args: ["ptr", FFIType.u64_fast, "i32"], returns: "i32" },
    write: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
  });
  const text = lazy(() =>
    dlopen("libc.so.6", {
      isatty: { args: ["i32"], returns: "i32" },
      __xpg_strerror_r: { args: ["i32", "ptr", FFIType.u64_fast], returns: "i32" },
      localtime_r: { args: ["ptr", "ptr"], returns: "void" },
      strftime: { args: ["ptr", FFIType.u64_fast, "ptr", "ptr"], returns: FFIType.u64_fast },
      regcomp: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      regexec: { args: ["ptr", "ptr", FFIType.u64_fast, "ptr", "i32"], returns: "i32" },
    }).symbols
  );
  const processes = lazy(() =>
    dlopen("libc.so.6", {
      pipe2: { args: ["ptr", "i32"], returns: "i32" },
      posix_spawnp: { args: Array(6).fill("ptr"), returns: "i32" },
      waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
      kill: { args: ["i32", "i32"], returns: "i32" },
      signal: { args: ["i32", FFIType.i64_fast], returns: FFIType.i64_fast },
      getpgid: { args: ["i32"], returns: "i32" },
      tcgetpgrp: { args: ["i32"], returns: "i32" },
      tcsetpgrp: { args: ["i32", "i32"], returns: "i32" },
      tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
      tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
    }).symbols
  );
  const errnoLocation = c.__errno_location()!;
  const { SYS, ...flags } = architecture(process.arch === "arm64");
  const descriptors: Descriptors = !Bun.isMainThread && threadDescriptors(dlopen, c) || {
    add: (fd) => fd,
    close: c.close,
    closeOffThread: (fd) =>
      new Promise((resolve) => process.getBuiltinModule("node:fs").close(fd, () => resolve())),
  };
  const calls = tracked({
    runtime: "bun",
    ...flags,
    errno: () => read.i32(errnoLocation, 0),
    inotify_init1: c.inotify_init1,
    inotify_add_watch: c.inotify_add_watch,
    inotify_rm_watch: c.inotify_rm_watch,
    read: (fd, buf, count) => Number(c.read(fd, buf, count)),
    open: c.open,
    lseek: (fd, offset, whence) => Number(c.lseek(fd, offset, whence)),
    // By number: musl 1.2.5 has no symbol for getdents64, and musl 1.2.3 none for statx.
    getdents64: (fd, dirp, count) => Number(c.syscall(SYS.getdents64, fd, ptr(dirp), count, 0, 0)),
    memfd_create: c.memfd_create,
    ftruncate: c.ftruncate,
    futimens: (fd) => c.futimens(fd, null),
    statx: (dirfd, pathname, flags, mask, statxbuf) =>
      Number(c.syscall(SYS.statx, dirfd, ptr(pathname), flags, mask, ptr(statxbuf))),
    statfs: c.statfs,
    readlink: (pathname, buf, size) => Number(c.readlink(pathname, buf, size)),
    fcntl: c.fcntl,
    kcmp_file: (pid, fd1, fd2) => Number(c.syscall(SYS.kcmp, pid, pid, KCMP_FILE, fd1, fd2)),
    mayRead: () => true,
    mayNotRead: "",
    poll: (fds, nfds, timeout) => c.poll(fds, nfds, timeout),
    write: (fd, buf, count) => Number(c.write(fd, buf, count)),
    isatty: (fd) => text().isatty(fd),
    pipe2: (pipefd, flags) => processes().pipe2(pipefd, flags),
    mayRun: () => true,
    address: (buf) => BigInt(ptr(buf)),
    posix_spawnp: (pid, file, attrp, argv, envp) =>
      processes().posix_spawnp(pid, file, null, attrp, argv, envp),
    waitpid: (pid, wstatus, options) => processes().waitpid(pid, wstatus, options),
    kill: (pid, sig) => processes().kill(pid, sig),
    signal: (signum, handler) => void processes().signal(signum, handler),
    getpgid: (pid) => processes().getpgid(pid),
    tcgetpgrp: (fd) => processes().tcgetpgrp(fd),
    tcsetpgrp: (fd, pgrp) => processes().tcsetpgrp(fd, pgrp),
    tcgetattr: (fd, termios) => processes().tcgetattr(fd, termios),
    tcsetattr: (fd, actions, termios) => processes().tcsetattr(fd, actions, termios),
    strerror_r: (errnum, buf, size) => void text().__xpg_strerror_r(errnum, buf, size),
    localtime_r: (timep, result) => text().localtime_r(timep, result),
    strftime: (s, max, format, tm) => Number(text().strftime(s, max, format, tm)),
    regcomp: (preg, regex, cflags) => text().regcomp(preg, regex, cflags),
    regexec: (preg, string) => text().regexec(preg, string, 0, null, 0),
    clock_gettime: c.clock_gettime,
  }, descriptors);
  let tried: Promise<boolean> | undefined;
  const readable = async (fd: number): Promise<Waiter> => {
    tried ??= tryStream(calls);
    if (await tried) return streamWaiter(fd);
    return workerWaiter({ ...calls, pipe2: c.pipe2 }, descriptors, fd);
  };
  const aio = {
    ...calls,
    eventfd: c.eventfd,
    io_setup: (nr: number, context: Uint8Array) =>
      Number(c.syscall(SYS.io_setup, nr, ptr(context), 0, 0, 0)),
    io_submit: (context: number, nr: number, iocbs: Uint8Array) =>
      Number(c.syscall(SYS.io_submit, context, nr, ptr(iocbs), 0, 0)),
    io_getevents: (context: number, least: number, most: number, events: Uint8Array) =>
      Number(c.syscall(SYS.io_getevents, context, least, most, ptr(events), 0)),
    io_cancel: (context: number, iocb: Uint8Array, result: Uint8Array) =>
      Number(c.syscall(SYS.io_cancel, context, ptr(iocb), ptr(result), 0, 0)),
  };
  return {
    ...calls,
    waiter: (fd, events = POLLIN) =>
      events === POLLIN ? readable(fd) : aioWaiter(aio, descriptors, readable, fd, events),
  };
}

/** The descriptors of a worker, or `undefined` if the C library cannot close them at the thread's end. */
function threadDescriptors(
  dlopen: typeof bunFfi.dlopen,
  calls: Pick<ThreadCalls, "memfd_create" | "close">,
): Descriptors | undefined {
  try {
    const { symbols: c } = dlopen("libc.so.6", {
      __cxa_thread_atexit_impl: { args: ["ptr", "u64", "ptr"], returns: "i32" },
      dup3: { args: ["i32", "i32", "i32"], returns: "i32" },
    });
    const { ptr } = calls.close as typeof calls.close & { readonly ptr: bunFfi.Pointer };
    const closeAtThreadEnd = (fd: number) => c.__cxa_thread_atexit_impl(ptr, BigInt(fd), ptr);
    return new ThreadDescriptors({ ...calls, dup3: c.dup3, closeAtThreadEnd });
  } catch { // musl does not have it
    return undefined;
  }
}
