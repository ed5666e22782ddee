/**
 * What a worker has open, in a process that goes on without it.
 *
 * A worker that is terminated runs no more JavaScript. But its thread ends, and the C library then makes
 * the calls that were left with `__cxa_thread_atexit_impl`: here of close(2). No such call can be taken
 * back, so the number of which it is stays this thread's to the end. Where its descriptor is closed
 * before, a file that is empty takes the number, until it is another descriptor's.
 *
 * @module
 */

import { type Libc, MFD_CLOEXEC, O_CLOEXEC } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** What it calls. */
export interface ThreadCalls extends Pick<Libc, "close" | "memfd_create"> {
  /** dup3(2) */
  dup3(oldfd: number, newfd: number, flags: number): number;
  /**
   * Leaves close(2) of a descriptor with `__cxa_thread_atexit_impl`, whose third argument is an address
   * in the library of the first, and not NULL, which glibc follows. @returns 0 if it was possible
   */
  closeAtThreadEnd(fd: number): number;
}

/** The name of the empty file, as it shows in /proc/PID/fd. */
const EMPTY = new TextEncoder().encode("inotify-closed\0");

/** Those of a thread that ends before its process does. */
export class ThreadDescriptors implements Descriptors {
  readonly #c: ThreadCalls;
  /** The numbers that are closed when the thread ends. */
  readonly #numbers = new Set<number>();
  /** Those of them that are the empty file's. */
  readonly #unused = new Set<number>();
  #empty = -1;

  constructor(calls: ThreadCalls) {
    this.#c = calls;
  }

  /** See {@link Descriptors.add}. */
  add(fd: number): number {
    if (!this.#hasEmpty()) return fd;
    const [number] = this.#unused;
    if (number === undefined) {
      if (this.#c.closeAtThreadEnd(fd) === 0) this.#numbers.add(fd);
      return fd;
    }
    this.#unused.delete(number);
    this.#c.dup3(fd, number, O_CLOEXEC);
    this.#c.close(fd);
    return number;
  }

  /** See {@link Descriptors.close}. */
  close(fd: number): number {
    if (!this.#numbers.has(fd)) return this.#c.close(fd);
    this.#c.dup3(this.#empty, fd, O_CLOEXEC);
    this.#unused.add(fd);
    return 0;
  }

  /** See {@link Descriptors.closeOffThread}. It is on this thread, which no user looks at. */
  async closeOffThread(fd: number): Promise<void> {
    this.close(fd);
  }

  #hasEmpty(): boolean {
    if (this.#empty !== -1) return true;
    const fd = this.#c.memfd_create(EMPTY, MFD_CLOEXEC);
    if (fd === -1) return false;
    if (this.#c.closeAtThreadEnd(fd) === 0) this.#empty = fd;
    else this.#c.close(fd);
    return this.#empty !== -1;
  }
}
