/**
 * The kernel level: one inotify instance.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import type { Libc } from "../../ffi/contract.ts";
import { InotifyError } from "./error.ts";
import { SourceIterator } from "./source_iteration.ts";
import { type InotifyEvent, parseEvents } from "./parse.ts";
import { type Path, toDisplay } from "./path.ts";
import { Reader } from "./reader.ts";
import { inotifyAddWatch, inotifyInit, inotifyRmWatch } from "./syscall.ts";

// errno(3)
const EBADF = 9;
const EBUSY = 16;

/** `sizeof(struct inotify_event) + NAME_MAX + 1`: room for any one event (inotify(7)). */
const SMALLEST_BUFFER = 16 + 255 + 1;
/** The largest count that read(2) takes. */
const LARGEST_BUFFER = 0x7ffff000;

/**
 * Closes what nobody has any more; whoever waits for a read has its instance. It is done on this thread:
 * where instances are dropped fast, another one would not keep up, and the limit would be reached.
 */
const dropped = new FinalizationRegistry<Reader>((reader) => void reader.close(false));

/**
 * Options of {@link Inotify}.
 *
 * @example
 * ```ts
 * import { Inotify } from "@inotify/inotify";
 *
 * await using inotify = new Inotify({ bufferSize: 4096 });
 * ```
 */
export interface InotifyOptions {
  /**
   * Bytes that one read takes at most; 272 or more, so that any one event fits.
   *
   * @default {65536}
   */
  readonly bufferSize?: number;
}

/**
 * An inotify instance: a queue of events of the files and directories that it watches (inotify(7)).
 *
 * It has one reader at a time: a pending {@link read} or an iterator that has begun. Another is
 * refused with EBUSY, and the first goes on. Events wait in the kernel until they are read; where
 * more than {@link limits}`().maxQueuedEvents` wait, the kernel drops the rest and says so by an event
 * with `wd` -1 and `IN_Q_OVERFLOW`.
 *
 * {@link close} it. One that is dropped instead is closed when it is collected as garbage, which may be
 * too late for the limit of instances.
 *
 * @example Events of one directory
 * ```ts
 * import { IN_CLOSE_WRITE, IN_CREATE, Inotify, maskNames } from "@inotify/inotify";
 *
 * const directory = await Deno.makeTempDir();
 * const inotify = new Inotify();
 * inotify.addWatch(directory, IN_CREATE | IN_CLOSE_WRITE);
 * await Deno.writeTextFile(`${directory}/hello.txt`, "hello");
 * for await (const event of inotify) {
 *   console.log(maskNames(event.mask), event.name);
 *   if (event.mask & IN_CLOSE_WRITE) break; // closes the instance
 * }
 * ```
 */
export class Inotify implements AsyncIterable<InotifyEvent>, AsyncDisposable, Disposable {
  /** The descriptor, for /proc/self/fdinfo say. Reading from or closing it elsewhere loses events. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #reader: Reader;
  #reading = false;

  /**
   * Makes an instance; nothing is watched yet.
   *
   * @throws {InotifyError} EMFILE if this user has all the instances, or this process all the
   * descriptors, that it may; the message says which and how to raise it
   * @throws {RangeError} if `bufferSize` is below 272, above 2147479552, or no integer
   * @throws {Error} if this is no Linux, or no runtime with a usable FFI
   */
  constructor(options: InotifyOptions = {}) {
    const { bufferSize = 65536 } = options;
    if (
      !Number.isInteger(bufferSize) || bufferSize < SMALLEST_BUFFER || bufferSize > LARGEST_BUFFER
    ) {
      throw new RangeError(
        `bufferSize must be an integer from ${SMALLEST_BUFFER} to ${LARGEST_BUFFER}, and is ${bufferSize}`,
      );
    }
    this.#libc = libc();
    const buffer = new Uint8Array(bufferSize); // there may be no memory for it, and then nothing is open
    this.fd = inotifyInit(this.#libc);
    this.#reader = new Reader(this.#libc, this.fd, buffer);
    dropped.register(this, this.#reader);
  }

  /**
   * Watches a file or directory (inotify_add_watch(2)).
   *
   * A watch is of an inode, not of a path: for another path to the same inode (a hard link, a
   * symbolic link, a bind mount) the kernel replaces the mask of the watch that there is, unless
   * `IN_MASK_ADD` or `IN_MASK_CREATE` is set, and returns the same number.
   *
   * @param path what to watch; relative paths are relative to the working directory. `Uint8Array` is
   * for names that are not UTF-8
   * @param mask the events wanted, and flags, joined by `|`
   * @returns the watch descriptor, which the watch's events have as `wd`
   * @throws {InotifyError} ENOENT, ENOTDIR (with `IN_ONLYDIR`), EACCES, EEXIST (with
   * `IN_MASK_CREATE`), ENOSPC (no more watches), EINVAL (a mask without a bit that means
   * anything, or a NUL byte in the path), EBADF (closed), ENAMETOOLONG, ENOMEM; see inotify_add_watch(2)
   * @throws {TypeError} if `path` is no path
   * @throws {RangeError} if `mask` is not an integer of 32 bits
   */
  addWatch(path: Path, mask: number): number {
    if (this.#reader.closed) {
      const shown = toDisplay(path);
      throw closed(`watch ${JSON.stringify(shown)}`, "inotify_add_watch", shown);
    }
    return inotifyAddWatch(this.#libc, this.fd, path, mask);
  }

  /**
   * Ends a watch (inotify_rm_watch(2)). Events that wait in the queue are still delivered, then one
   * with `IN_IGNORED`, which is the last of this `wd`; the kernel does not use the number again.
   *
   * @param wd what {@link addWatch} returned
   * @throws {InotifyError} EINVAL if this instance has no such watch, or EBADF if it is closed
   * @throws {TypeError} if `wd` is not an integer
   * @throws {RangeError} if `wd` is not an integer of 32 bits
   */
  rmWatch(wd: number): void {
    if (this.#reader.closed) throw closed(`remove watch ${wd}`, "inotify_rm_watch");
    inotifyRmWatch(this.#libc, this.fd, wd);
  }

  /**
   * Waits until there are events. In a storm, when eight calls in a row had to wait less than a
   * millisecond each, the next ones let events gather for one before they read: it saves most of the
   * CPU. After a quiet millisecond the first event is delivered at once again.
   *
   * @returns at least one event, in the kernel's order; none once the instance is closed
   * @throws {InotifyError} EBUSY if this instance has another reader
   */
  async read(): Promise<InotifyEvent[]> {
    const release = this.#acquire();
    try {
      return await this.#next() ?? [];
    } finally {
      release();
    }
  }

  /**
   * Reads without waiting.
   *
   * @returns events in the kernel's order; none if nothing waits, or once the instance is closed
   * @throws {InotifyError} EBUSY if this instance has another reader
   */
  readSync(): InotifyEvent[] {
    const release = this.#acquire();
    try {
      const bytes = this.#reader.readNow();
      return bytes === undefined ? [] : parseEvents(bytes);
    } finally {
      release();
    }
  }

  /**
   * Iterates over batches, each what one read gave; for work that is cheaper by the batch. Ends when
   * the instance is closed, and closes it when it is left.
   *
   * @throws {InotifyError} EBUSY, from its first `next()`, if this instance has another reader
   *
   * @example
   * ```ts
   * import { IN_CREATE, Inotify } from "@inotify/inotify";
   *
   * const directory = await Deno.makeTempDir();
   * const inotify = new Inotify();
   * inotify.addWatch(directory, IN_CREATE);
   * for (const name of ["a", "b", "c"]) await Deno.writeTextFile(`${directory}/${name}`, "");
   * for await (const events of inotify.batches()) {
   *   console.log(events.length, "entries created");
   *   break;
   * }
   * ```
   */
  batches(): AsyncIterableIterator<InotifyEvent[], undefined> & AsyncDisposable {
    return new SourceIterator({
      acquire: () => this.#acquire(),
      now: () => undefined,
      next: () => this.#next(),
      close: () => this.close(),
    });
  }

  /** Iterates over single events; see {@link batches}. */
  [Symbol.asyncIterator](): AsyncIterableIterator<InotifyEvent, undefined> & AsyncDisposable {
    let batch: InotifyEvent[] = [];
    let index = 0;
    const now = () => this.#reader.closed ? undefined : batch[index++];
    return new SourceIterator({
      acquire: () => this.#acquire(),
      now,
      next: async () => {
        batch = await this.#next() ?? [];
        index = 0;
        return now();
      },
      close: () => this.close(),
    });
  }

  /** A pending read keeps the process alive. So it does from the start. */
  ref(): void {
    this.#reader.ref();
  }

  /**
   * A pending read no longer keeps the process alive.
   *
   * @throws {Error} on a Deno that has no way to do so
   */
  unref(): void {
    this.#reader.unref();
  }

  /**
   * Ends a pending read and all iteration, removes every watch, and closes the descriptor. What waits
   * in the queue, and what an iterator has not handed out yet, is dropped. Calls after the first one
   * return the same promise.
   *
   * @returns resolves when the descriptor is closed
   */
  close(): Promise<void> {
    return this.#reader.close();
  }

  /** {@link close}, at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** {@link close} at the end of a `using` scope, which does not wait for it: prefer `await using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #next(): Promise<InotifyEvent[] | undefined> {
    const bytes = await this.#reader.next();
    return bytes && parseEvents(bytes);
  }

  #acquire(): () => void {
    if (this.#reading) {
      throw new InotifyError("read events", "another read() or iterator is reading this instance", {
        errno: EBUSY,
        syscall: "read",
      });
    }
    this.#reading = true;
    return () => this.#reading = false;
  }
}

function closed(action: string, syscall: string, path?: string): InotifyError {
  return new InotifyError(action, "this instance is closed", { errno: EBADF, syscall, path });
}
