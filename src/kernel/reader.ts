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
 * How long events gather in a storm before they are read, in milliseconds: most of a storm's cost is a wake-up
 * for each event. Steady changes, and the first ones of a storm, are delivered at once.
 */
const GATHER = 1;
/** How many bytes of events in a millisecond make a storm: about ten events. */
const STORM = 512;
/** The size of an event with the longest name, 16 + NAME_MAX + 1 (inotify(7)). */
const LARGEST_EVENT = 272;
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
  /** What was read since when, to know how fast events come. */
  #bytes = 0;
  #since = 0;
  #isStorm = false;
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

  /** Whether the last read may have left events in the queue. */
  get isBehind(): boolean {
    return this.#behind;
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** The bytes that are queued, valid until the next call; `undefined` if there are none, or once closed. */
  readNow(): Uint8Array | undefined {
    if (this.#closed !== undefined) return undefined;
    const length = readEvents(this.#libc, this.#fd, this.#buffer);
    this.#bytes += length;
    this.#behind = length > this.#buffer.length - LARGEST_EVENT;
    return length === 0 ? undefined : this.#buffer.subarray(0, length);
  }

  /**
   * Hands the next bytes to `take` at once when they are read, before any promise resolves. They are valid during the
   * call. One call at a time.
   *
   * @param now the monotonic clock, if the caller has read it
   * @returns what `take` returned; `undefined` once closed
   */
  async next<T>(
    take: (bytes: Uint8Array) => T,
    now: number = monotonic(this.#libc),
  ): Promise<T | undefined> {
    this.#measure(now);
    if (this.#isStorm && !this.#behind) await this.#pause(GATHER);
    else if (now - (this.#busySince ?? Infinity) > STRETCH) await this.#pause(0);
    const bytes = this.readNow();
    if (bytes !== undefined) {
      this.#busySince ??= now;
      return take(bytes);
    }
    this.#busySince = undefined;
    const taken = this.closed ? undefined : await this.#wait(take);
    return this.closed ? undefined : taken;
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

  /** Measures how fast events come, over a millisecond at least. */
  #measure(now: number): void {
    const elapsed = now - this.#since;
    if (elapsed < GATHER) return;
    this.#isStorm = this.#bytes > STORM * elapsed;
    this.#bytes = 0;
    this.#since = now;
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#busySince = undefined;
    await delay(milliseconds);
  }

  async #wait<T>(take: (bytes: Uint8Array) => T): Promise<T | undefined> {
    try {
      const waiter = this.#waiter ?? await this.#open();
      return await new Promise((resolve, reject) => {
        const ready = (given?: Uint8Array) => {
          try {
            if (given !== undefined) this.#bytes += given.length;
            const bytes = given ?? this.readNow();
            if (bytes !== undefined && this.#closed === undefined) resolve(take(bytes));
            else wait();
          } catch (error) {
            reject(error);
          }
        };
        const wait = () => this.closed ? resolve(undefined) : waiter.wait(ready, reject);
        wait();
      });
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
