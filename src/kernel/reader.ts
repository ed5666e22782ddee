/**
 * `Reader`: the readiness loop, and the only reader of an inotify descriptor.
 *
 * @module
 */

import { CallFailure, type Libc, type Waiter } from "../../ffi/contract.ts";
import { delay } from "../../ffi/time.ts";
import { monotonic } from "./clock.ts";
import { InotifyError } from "./error.ts";
import { reasonFor } from "./reason.ts";
import { readEvents } from "./syscall.ts";

/**
 * How long events gather in a storm before they are read, in milliseconds. Most of a storm's cost is a wake-up
 * for each event. Single events, and the first ones of a storm, are delivered at once.
 */
const GATHER = 1;
/** The size of an event with the longest name, 16 + NAME_MAX + 1 (inotify(7)). */
const LARGEST_EVENT = 272;
/** How many waits in a row must be shorter than {@link GATHER} for a storm. */
const STORM = 8;
/**
 * How long reads may succeed at once before the runtime gets a turn, in milliseconds. Without a wait, timers
 * and other descriptors would starve until the storm ends.
 */
const STRETCH = 10;

/** Reads a nonblocking descriptor, and waits only when its queue is empty. */
export class Reader {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer: Uint8Array;
  #opening: Promise<Waiter> | undefined;
  #waiter: Waiter | undefined;
  #ref = true;
  /** How many waits in a row were shorter than {@link GATHER}. */
  #shortWaits = 0;
  /** Whether the last read filled the buffer, so that more events are queued. */
  #behind = false;
  /** When the current run of reads without a wait began. */
  #busySince: number | undefined;
  #closed: Promise<void> | undefined;

  constructor(libc: Libc, fd: number, buffer: Uint8Array) {
    this.#libc = libc;
    this.#fd = fd;
    this.#buffer = buffer;
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** The bytes that are queued, valid until the next call; `undefined` if there are none, or once closed. */
  readNow(): Uint8Array | undefined {
    if (this.closed) return undefined;
    const length = readEvents(this.#libc, this.#fd, this.#buffer);
    this.#behind = length > this.#buffer.length - LARGEST_EVENT;
    return length === 0 ? undefined : this.#buffer.subarray(0, length);
  }

  /** The next bytes, valid until the next call; `undefined` once closed. One call at a time. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#shortWaits === STORM && !this.#behind) await this.#pause(GATHER);
    else if (monotonic(this.#libc) - (this.#busySince ?? Infinity) > STRETCH) await this.#pause(0);
    while (!this.closed) {
      const bytes = this.readNow();
      if (bytes !== undefined) {
        this.#busySince ??= monotonic(this.#libc);
        return bytes;
      }
      const more = await this.#wait();
      if (more !== undefined && !this.closed) return more;
    }
    return undefined;
  }

  /** Lets a pending {@link next} keep the process alive, which is the default. */
  ref(): void {
    this.#ref = true;
    this.#waiter?.ref();
  }

  /** Lets the process end during a pending {@link next}. */
  unref(): void {
    this.#ref = false;
    this.#waiter?.unref();
  }

  /**
   * Ends a pending {@link next}, waits until the runtime has released the descriptor, then closes it.
   *
   * @param offThread whether another thread closes it, so that this one need not wait for the kernel
   */
  close(offThread = true): Promise<void> {
    return this.#closed ??= this.#close(offThread);
  }

  async #close(offThread: boolean): Promise<void> {
    const waiter = await this.#opening?.catch(() => undefined);
    await waiter?.release();
    if (offThread) await this.#libc.closeOffThread(this.#fd);
    else this.#libc.close(this.#fd);
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#busySince = undefined;
    await delay(milliseconds);
  }

  async #wait(): Promise<Uint8Array | undefined> {
    try {
      this.#busySince = undefined;
      const waiter = this.#waiter ?? await this.#open();
      if (this.closed) return undefined;
      const began = monotonic(this.#libc);
      const bytes = await waiter.wait();
      const isShort = monotonic(this.#libc) - began < GATHER;
      this.#shortWaits = isShort ? Math.min(this.#shortWaits + 1, STORM) : 0;
      return bytes;
    } catch (error) {
      throw error instanceof CallFailure
        ? new InotifyError("wait for events", reasonFor(this.#libc, error.errno), error)
        : error;
    }
  }

  async #open(): Promise<Waiter> {
    try {
      this.#opening = this.#libc.waiter(this.#fd);
      this.#waiter = await this.#opening;
    } catch (error) {
      this.#opening = undefined; // the next read tries again
      throw error;
    }
    if (!this.#ref) this.#waiter.unref();
    return this.#waiter;
  }
}
