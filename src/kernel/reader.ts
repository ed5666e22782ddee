/**
 * The readiness loop: the one reader of a descriptor.
 *
 * @module
 */

import { CallFailure, type Libc, type Waiter } from "../../ffi/contract.ts";
import { delay } from "../../ffi/time.ts";
import { monotonic } from "./clock.ts";
import { InotifyError } from "./error.ts";
import { readEvents } from "./syscall.ts";

/**
 * How long events gather while a storm lasts, in milliseconds. Most of the cost of a storm is in waking
 * up for each event; a lone event, and the first ones of a storm, are delivered at once.
 */
const GATHER = 1;
/** The size of an event with the longest name, 16 + NAME_MAX + 1 (inotify(7)). */
const LARGEST = 272;
/** After how many waits that ended within that time it counts as a storm. */
const STORM = 8;
/**
 * How long reads find something at once before the runtime has a turn, in milliseconds: where nothing is
 * waited for, timers and other descriptors would have to wait for the end of the storm.
 */
const STRETCH = 10;

/** Reads one nonblocking descriptor, waiting only when it has nothing to read. */
export class Reader {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer: Uint8Array;
  #opening: Promise<Waiter> | undefined;
  #waiter: Waiter | undefined;
  #ref = true;
  /** How many waits in a row have ended at once. */
  #hurry = 0;
  /** Whether the last read was full: then more waits, and there is no time to lose. */
  #behind = false;
  /** When reads began to find something at once. */
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

  /** What waits to be read, valid until the next call; `undefined` if nothing does, or once closed. */
  readNow(): Uint8Array | undefined {
    if (this.closed) return undefined;
    const length = readEvents(this.#libc, this.#fd, this.#buffer);
    this.#behind = length > this.#buffer.length - LARGEST;
    return length === 0 ? undefined : this.#buffer.subarray(0, length);
  }

  /** What comes next, valid until the next call; `undefined` once closed. One call at a time. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#hurry === STORM && !this.#behind) await this.#pause(GATHER);
    else if (monotonic() - (this.#busySince ?? Infinity) > STRETCH) await this.#pause(0);
    while (!this.closed) {
      const bytes = this.readNow();
      if (bytes !== undefined) {
        this.#busySince ??= monotonic();
        return bytes;
      }
      const more = await this.#wait();
      if (more !== undefined && !this.closed) return more;
    }
    return undefined;
  }

  /** A pending {@link next} keeps the process alive; so it does from the start. */
  ref(): void {
    this.#ref = true;
    this.#waiter?.ref();
  }

  /** A pending {@link next} no longer keeps the process alive. */
  unref(): void {
    this.#ref = false;
    this.#waiter?.unref();
  }

  /**
   * Ends a pending {@link next}, waits until nothing waits for the descriptor, then closes it.
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
      const asked = monotonic();
      const bytes = await waiter.wait();
      this.#hurry = monotonic() - asked < GATHER ? Math.min(this.#hurry + 1, STORM) : 0;
      return bytes;
    } catch (error) {
      throw error instanceof CallFailure
        ? new InotifyError("wait for events", undefined, error)
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
