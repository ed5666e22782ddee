/**
 * `Descriptors`: closes descriptors when a program ends before its process.
 *
 * `deno run --watch` runs one program after the other in a process, and a worker is one of several programs. The
 * runtime then closes what it opened itself, but nothing that was opened through FFI.
 *
 * @module
 */

import type { Libc } from "./contract.ts";

/** Descriptors that are closed when the program ends, if not before. */
export interface Descriptors {
  /** Whether the program has ended. Its JavaScript still runs for a turn of the event loop in `deno test`. */
  readonly ended?: boolean;
  /** Adds a descriptor that was just opened. @returns its number from now on */
  add(fd: number): number;
  /** close(2) */
  close(fd: number): number;
  /** See {@link Libc.closeOffThread}. */
  closeOffThread(fd: number): Promise<void>;
}

/** A backend's calls, except those that close. */
type Calls = Omit<Libc, "waiter" | keyof Descriptors>;

/** Adds the calls that close, and tracks every descriptor that the other calls open. */
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
