/**
 * `watch()` and `promises.watch()`: drop-ins for those of node:fs, on every runtime. To switch, change the import;
 * `@inotify/inotify/fs/register` switches a whole program.
 *
 * ```ts
 * import { watch } from "@inotify/inotify/fs";
 *
 * const directory = await Deno.makeTempDir();
 * const watcher = watch(directory, { recursive: true }, (eventType, filename) => {
 *   console.log(eventType, filename); // rename a
 *   watcher.close();
 * });
 * await Deno.writeTextFile(`${directory}/a`, "hello");
 * ```
 *
 * Events, file names, options and errors are those of Node.js 26 on Linux, except that:
 *
 * - No event is lost: neither in a new directory, nor when the kernel drops events or a loop of `promises.watch()`
 *   is slow. Then the differences follow, and `overflow: "ignore"` loses nothing.
 * - A path stays watched, whatever is at it: when another file is renamed over it, the event is `change`, and when it
 *   is removed and created again, each is a `rename`. Node.js follows the inode, and says no more.
 * - With `recursive`, changes behind a symbolic link are not reported as a `rename` of the link; `encoding` is
 *   applied; what comes and goes at once is reported; what cannot be watched is an `error` event, and the rest is
 *   watched.
 * - Equal events in a row may be more or fewer: the kernel joins those that nobody has read yet.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import process from "node:process";
import { afterPromises } from "../../ffi/time.ts";
import type { Path } from "../kernel/path.ts";
import { AbortError, queueOverflow } from "./fs_error.ts";
import { checkOptions, checkPath, checkQueue, type WatchOptions } from "./fs_options.ts";
import { Watched } from "./fs_watched.ts";

export type { Path } from "../kernel/path.ts";
export type { IgnorePattern, WatchOptions } from "./fs_options.ts";

/**
 * What happened: `rename` if a name has come or gone, `change` if what it names has changed.
 *
 * @example
 * ```ts
 * import { watch, type WatchEventType } from "@inotify/inotify/fs";
 *
 * const seen = new Set<WatchEventType>();
 * watch(".", { persistent: false }, (eventType) => seen.add(eventType));
 * ```
 */
export type WatchEventType = "rename" | "change";

/**
 * A function that is called for each event.
 *
 * @example
 * ```ts
 * import { watch, type WatchListener } from "@inotify/inotify/fs";
 *
 * const listener: WatchListener = (eventType, filename) => console.log(eventType, filename);
 * watch(".", { persistent: false }, listener);
 * ```
 */
export type WatchListener<Name = string> = (eventType: WatchEventType, filename: Name) => void;

/**
 * An event of `promises.watch()`.
 *
 * @example
 * ```ts
 * import type { FileChangeInfo } from "@inotify/inotify/fs";
 *
 * const toLine = ({ eventType, filename }: FileChangeInfo): string => `${eventType} ${filename}`;
 * console.log(toLine({ eventType: "change", filename: "a" })); // change a
 * ```
 */
export interface FileChangeInfo<Name = string> {
  /** What happened. */
  readonly eventType: WatchEventType;
  /** As for {@link watch}. */
  readonly filename: Name;
}

/**
 * Watches a file or a directory. Every change after the call is reported.
 *
 * The file name is that of the entry; with `recursive`, the path from the directory on.
 *
 * @param filename an existing path
 * @param options options, or an encoding
 * @param listener is added for the event `change`
 * @throws {TypeError} with the codes of Node.js, if an argument is invalid
 * @throws {Error} with the properties `code`, `errno`, `syscall` and `path`, if the path cannot be watched: ENOENT,
 * EACCES, ENOSPC at the limit of watches; without them, if the system is not Linux or the runtime has no usable FFI
 *
 * @example
 * ```ts
 * import { watch } from "@inotify/inotify/fs";
 *
 * const watcher = watch(".", { recursive: true, ignore: "node_modules" });
 * watcher.on("change", (eventType, filename) => console.log(eventType, filename));
 * watcher.on("error", (error) => console.error(error));
 * setTimeout(() => watcher.close(), 100); // ends this example; leave it out to keep watching
 * ```
 */
export function watch(
  filename: Path,
  options?: WatchOptions | BufferEncoding | null | WatchListener,
  listener?: WatchListener,
): FSWatcher;
/** Watches a file or a directory, with file names as bytes. */
export function watch(
  filename: Path,
  options: WatchOptions & { readonly encoding: "buffer" } | "buffer",
  listener?: WatchListener<Buffer>,
): FSWatcher;
export function watch(
  filename: Path,
  options?: WatchOptions | BufferEncoding | "buffer" | null | WatchListener,
  listener?: WatchListener | WatchListener<Buffer>,
): FSWatcher {
  const [given, added] = typeof options === "function" ? [{}, options] : [options, listener];
  const watcher = new FSWatcher(filename, given);
  if (added) watcher.addListener("change", added);
  return watcher;
}

/**
 * A watcher, as {@link watch} returns it. Its events are `change`, with the type and the file name, `error` and `close`.
 *
 * @example
 * ```ts
 * import { type FSWatcher, watch } from "@inotify/inotify/fs";
 *
 * const watcher: FSWatcher = watch(".").unref();
 * watcher.once("close", () => console.log("closed"));
 * watcher.close();
 * ```
 */
export class FSWatcher extends EventEmitter implements AsyncDisposable {
  readonly #watched: Watched;
  readonly #signal: AbortSignal | undefined;
  #isClosed = false;

  /** See {@link watch}. */
  constructor(filename: Path, options?: WatchOptions | BufferEncoding | "buffer" | null) {
    super();
    checkPath(filename);
    const checked = checkOptions(options, false);
    const { signal } = checked;
    this.#watched = new Watched(filename, checked);
    this.#signal = signal;
    if (signal?.aborted) afterPromises(this.#onAbort);
    else signal?.addEventListener("abort", this.#onAbort);
    void this.#run();
  }

  /** Closes the watcher. The event `close` follows. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    void this.#watched.watcher.close();
    afterPromises(() => this.emit("close"));
  }

  /** Makes the watcher keep the process alive. @returns this watcher */
  ref(): this {
    this.#watched.watcher.ref();
    return this;
  }

  /** Lets the process end while the watcher is open. @returns this watcher */
  unref(): this {
    this.#watched.watcher.unref();
    return this;
  }

  /** Calls {@link close} at the end of an `await using` scope. @returns resolves when nothing is watched any more */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#watched.watcher.close();
  }

  readonly #onAbort = (): void => this.close();

  async #run(): Promise<void> {
    try {
      for await (const event of this.#watched.watcher) {
        if (event.kind === "error") {
          this.#tell("error", this.#watched.error(event.error, event.path));
        }
        for (const change of this.#watched.changes(event)) this.#tell("change", ...change);
      }
    } catch (error) {
      this.#tell("error", this.#watched.error(error));
    }
  }

  /** Emits an event. What a listener throws is uncaught, and does not end the loop. */
  #tell(event: "change" | "error", ...details: readonly unknown[]): void {
    if (this.#isClosed) return;
    try {
      this.emit(event, ...details);
    } catch (error) {
      afterPromises(() => {
        throw error;
      });
    }
  }
}

/**
 * What node:fs has as `promises`, and node:fs/promises itself: only `watch()`, which iterates the events. Watching
 * begins with the loop, and ends with it.
 *
 * @example
 * ```ts
 * import { promises } from "@inotify/inotify/fs";
 *
 * const signal = AbortSignal.timeout(50); // ends this example; leave it out to keep watching
 * try {
 *   for await (const { eventType, filename } of promises.watch(".", { signal })) {
 *     console.log(eventType, filename);
 *   }
 * } catch (error) {
 *   if (!(error instanceof Error && error.name === "AbortError")) throw error;
 * }
 * ```
 */
export const promises: {
  watch(
    filename: Path,
    options?: WatchOptions | BufferEncoding | null,
  ): AsyncGenerator<FileChangeInfo, undefined>;
  watch(
    filename: Path,
    options: WatchOptions & { readonly encoding: "buffer" } | "buffer",
  ): AsyncGenerator<FileChangeInfo<Buffer>, undefined>;
} = { watch: watchPromised as typeof promises.watch }; // the encoding decides about the type of the names

async function* watchPromised(
  filename: Path,
  options?: WatchOptions | BufferEncoding | "buffer" | null,
): AsyncGenerator<FileChangeInfo<string | Buffer>, undefined> {
  checkPath(filename);
  const checked = checkOptions(options, true);
  const { maxQueue, overflow } = checkQueue(Object(options));
  const { signal } = checked;
  if (signal?.aborted) throw new AbortError(signal.reason);
  const watched = new Watched(filename, checked, maxQueue);
  const onAbort = () => void watched.watcher.close();
  signal?.addEventListener("abort", onAbort);
  try {
    for await (const event of watched.watcher) {
      if (event.kind === "error") throw watched.error(event.error, event.path);
      if (event.kind === "overflow" && overflow === "error") throw queueOverflow(maxQueue);
      if (event.kind === "overflow") process.emitWarning("fs.watch maxQueue exceeded");
      for (const [eventType, filename] of watched.changes(event)) {
        yield { eventType, filename };
      }
    }
  } catch (error) {
    throw watched.error(error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  if (signal?.aborted) throw new AbortError(signal.reason);
}

/**
 * The functions as a default export, as node:fs has one.
 *
 * @example
 * ```ts
 * import fs from "@inotify/inotify/fs";
 *
 * fs.watch(".", (eventType, filename) => console.log(eventType, filename)).close();
 * ```
 */
const module: { readonly watch: typeof watch; readonly promises: typeof promises } = {
  watch,
  promises,
};
export default module;
