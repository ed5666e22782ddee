/**
 * `Inotify`: one inotify instance, the kernel level of the module.
 *
 * @module
 */

import { EBADF, EBUSY } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import type { Libc } from "../../ffi/contract.ts";
import { InotifyError } from "./error.ts";
import { SourceIterator } from "./iteration.ts";
import { type InotifyEvent, parseEvents } from "./parse.ts";
import { type Path, toDisplay } from "./path.ts";
import { Reader } from "./reader.ts";
import { inotifyAddWatch, inotifyInit, inotifyRmWatch } from "./syscall.ts";

/** `sizeof(struct inotify_event) + NAME_MAX + 1`: the largest event (inotify(7)). */
const SMALLEST_BUFFER = 16 + 255 + 1;
/** The largest count that read(2) accepts. */
const LARGEST_BUFFER = 0x7ffff000;

/**
 * Closes instances that nothing refers to any more; a pending read refers to its own. They are closed on this
 * thread: if a program drops instances quickly, another thread falls behind, and the limit is reached.
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
   * The most bytes that one read takes; at least 272, the size of the largest event.
   *
   * @default {65536}
   */
  readonly bufferSize?: number;
}

/**
 * An inotify instance: a queue of events for the files and directories that it watches (inotify(7)).
 *
 * It has one reader at a time: a pending {@link read} or an iterator that has begun. A second one fails with
 * EBUSY, and the first continues. Events stay in the kernel's queue until they are read. If the queue exceeds
 * {@link limits}`().maxQueuedEvents`, the kernel discards further events and queues one with `wd` -1 and
 * `IN_Q_OVERFLOW`.
 *
 * Call {@link close}. An instance that is dropped without it is closed by the garbage collector, which may be
 * too late for the limit on instances.
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
  /** The descriptor, for use with /proc/self/fdinfo. To read from it or to close it loses events. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #reader: Reader;
  #reading = false;

  /**
   * Makes an instance without watches.
   *
   * @throws {InotifyError} EMFILE if the limit on this user's instances or this process's descriptors is
   * reached; the message says which, and how to raise it
   * @throws {RangeError} if `bufferSize` is not an integer from 272 to 2147479552
   * @throws {Error} if this is not Linux, or the runtime has no usable FFI
   */
  constructor(options: InotifyOptions = {}) {
    const { bufferSize = 65536 } = options;
    if (
      !Number.isInteger(bufferSize) || bufferSize < SMALLEST_BUFFER || bufferSize > LARGEST_BUFFER
    ) {
      throw new RangeError(
        `bufferSize must be an integer from ${SMALLEST_BUFFER} to ${LARGEST_BUFFER}, not ${bufferSize}`,
      );
    }
    this.#libc = libc();
    const buffer = new Uint8Array(bufferSize); // first: if it throws, no descriptor is open
    this.fd = inotifyInit(this.#libc);
    this.#reader = new Reader(this.#libc, this.fd, buffer);
    dropped.register(this, this.#reader);
  }

  /**
   * Watches a file or directory (inotify_add_watch(2)).
   *
   * A watch belongs to an inode, not to a path. For another path to the same inode (a hard link, a symbolic
   * link, a bind mount) the kernel replaces the mask of the existing watch, unless `IN_MASK_ADD` or
   * `IN_MASK_CREATE` is set, and returns the same number.
   *
   * @param path what to watch; a relative path starts at the working directory. `Uint8Array` is for paths
   * that are not UTF-8
   * @param mask events and flags, joined by `|`
   * @returns the watch descriptor: the `wd` of the watch's events
   * @throws {InotifyError} ENOENT, ENOTDIR (with `IN_ONLYDIR`), EACCES, EEXIST (with `IN_MASK_CREATE`),
   * ENOSPC (no more watches), EINVAL (a mask without events, or a NUL byte in the path), EBADF (closed),
   * ENAMETOOLONG, ENOMEM; see inotify_add_watch(2)
   * @throws {TypeError} if `path` is not a path
   * @throws {RangeError} if `mask` is not a 32-bit integer
   */
  addWatch(path: Path, mask: number): number {
    if (this.#reader.closed) {
      const shown = toDisplay(path);
      throw closed(`watch ${JSON.stringify(shown)}`, "inotify_add_watch", shown);
    }
    return inotifyAddWatch(this.#libc, this.fd, path, mask);
  }

  /**
   * Ends a watch (inotify_rm_watch(2)). Queued events are still delivered, then one with `IN_IGNORED`, the
   * last with this `wd`. The kernel does not use the number again.
   *
   * @param wd the result of {@link addWatch}
   * @throws {InotifyError} EINVAL if this instance has no such watch, EBADF if it is closed
   * @throws {TypeError} if `wd` is not an integer
   * @throws {RangeError} if `wd` is not a 32-bit integer
   */
  rmWatch(wd: number): void {
    if (this.#reader.closed) throw closed(`remove watch ${wd}`, "inotify_rm_watch");
    inotifyRmWatch(this.#libc, this.fd, wd);
  }

  /**
   * Waits for events. After eight waits in a row of less than a millisecond each, it lets events gather for a
   * millisecond before it reads, which saves most of the CPU time in a storm. After a quiet millisecond it
   * delivers events at once again.
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
   * @returns events in the kernel's order; none if the queue is empty, or once the instance is closed
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
   * Iterates over batches of events, one for each read. The iteration ends when the instance is closed;
   * leaving the loop closes it.
   *
   * @throws {InotifyError} EBUSY, at the first `next()`, if this instance has another reader
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

  /** Lets a pending read keep the process alive, which is the default. */
  ref(): void {
    this.#reader.ref();
  }

  /**
   * Lets the process end during a pending read.
   *
   * @throws {Error} on a version of Deno that cannot do so
   */
  unref(): void {
    this.#reader.unref();
  }

  /**
   * Ends a pending read and all iteration, removes every watch, and closes the descriptor. Events that were
   * not delivered are discarded. Later calls return the same promise.
   *
   * @returns a promise that resolves when the descriptor is closed
   */
  close(): Promise<void> {
    return this.#reader.close();
  }

  /** {@link close}, at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** {@link close}, at the end of a `using` scope, which does not wait for it: prefer `await using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #next(): Promise<InotifyEvent[] | undefined> {
    return this.#reader.next(parseEvents);
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
