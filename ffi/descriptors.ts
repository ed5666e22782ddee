/**
 * What is open, and has to be closed when the program ends before the process does: `deno run --watch`
 * runs one program after the other, and a worker is a program in a process of others. A runtime closes
 * then what it has opened itself, and not what was opened through FFI.
 *
 * @module
 */

import type { Libc } from "./contract.ts";

/** Descriptors that are closed in the end, if they are not before. */
export interface Descriptors {
  /** Takes one that was just opened. @returns its number from now on */
  add(fd: number): number;
  /** close(2) */
  close(fd: number): number;
  /** See {@link Libc.closeOffThread}. */
  closeOffThread(fd: number): Promise<void>;
}

/** What a backend calls, without what closes. */
type Calls = Omit<Libc, "waiter" | keyof Descriptors>;

/** The same with what closes: no call leaves a descriptor open when the program ends. */
export function tracked<T>(
  calls: T & Calls,
  descriptors: Descriptors,
): NoInfer<T> & Calls & Pick<Libc, "close" | "closeOffThread"> {
  const add = (fd: number) => fd === -1 ? fd : descriptors.add(fd);
  return {
    ...calls,
    inotify_init1: (flags) => add(calls.inotify_init1(flags)),
    open: (pathname, flags) => add(calls.open(pathname, flags)),
    memfd_create: (name, flags) => add(calls.memfd_create(name, flags)),
    close: (fd) => descriptors.close(fd),
    closeOffThread: (fd) => descriptors.closeOffThread(fd),
  };
}
