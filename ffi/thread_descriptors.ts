/**
 * `ThreadDescriptors`: the descriptors of a worker, closed when its thread ends.
 *
 * A terminated worker runs no more JavaScript. But when its thread ends, the C library makes the calls that were
 * registered with `__cxa_thread_atexit_impl`: here close(2) for each descriptor. A registration cannot be
 * undone, so a number that was registered stays reserved until the thread ends. If its descriptor is closed
 * earlier, an empty file takes the number until another descriptor needs it.
 *
 * A worker that is terminated between open(2) and the registration leaves that descriptor open.
 *
 * @module
 */

import { type Libc, MFD_CLOEXEC, O_CLOEXEC } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** The calls that it makes. */
export interface ThreadCalls extends Pick<Libc, "close" | "memfd_create"> {
  /** dup3(2) */
  dup3(oldfd: number, newfd: number, flags: number): number;
  /**
   * Registers close(2) of a descriptor with `__cxa_thread_atexit_impl`. The third argument must be an address
   * in the library of the first; glibc dereferences it, so it must not be NULL. @returns 0 if it worked
   */
  closeAtThreadEnd(fd: number): number;
}

/** The name of the empty file in /proc/PID/fd. */
const EMPTY = new TextEncoder().encode("inotify-closed\0");

/** The descriptors of a thread that ends before its process. */
export class ThreadDescriptors implements Descriptors {
  readonly #c: ThreadCalls;
  /** The numbers that are closed when the thread ends. */
  readonly #numbers = new Set<number>();
  /** Those of them that refer to the empty file. */
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

  /** See {@link Descriptors.closeOffThread}. On this thread, since a worker may block. */
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
