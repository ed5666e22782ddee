/**
 * `watchFs()`: a drop-in for `Deno.watchFs`, on every runtime. To switch, change the import.
 *
 * ```ts
 * import { watchFs } from "@inotify/inotify/watchfs";
 *
 * const directory = await Deno.makeTempDir();
 * const watcher = watchFs(directory);
 * await Deno.writeTextFile(`${directory}/a`, "hello");
 * for await (const event of watcher) {
 *   console.log(event); // { kind: "create", paths: [ "…/a" ] }
 *   break; // closes the watcher
 * }
 * ```
 *
 * The events are those of `Deno.watchFs` on Linux, except that:
 *
 * - No event is lost, neither in a new directory before it is watched, nor while the loop is slow. When the kernel
 *   drops events, an event of kind `other` with the flag `rescan` is reported, followed by the differences.
 * - An entry that moves in from outside is a `create`, and so is everything below it. `Deno.watchFs` reports a
 *   `rename`, and nothing below it.
 * - A file that moves in, is linked in, or is found in a new directory, also has an `access` once it is complete.
 * - A given path stays watched when another file is renamed over it, and when it is removed and created again.
 * - A new symbolic link is a `create`. `Deno.watchFs` reports a `remove`.
 * - Closing a watcher does not affect other watchers.
 * - A name that is not UTF-8 contains U+FFFD, and does not end the loop.
 * - An entry that cannot be watched is an event of kind `other`; if it is a given path, the loop throws.
 * - The error of a missing path, or of one that may not be read, is a `Deno.errors.NotFound` or `NotCapable` on Deno
 *   only. On each runtime it has the `code` ENOENT or EACCES.
 * - A watcher keeps the process alive until it is closed, even if no loop reads it.
 *
 * @module
 */

import { EACCES, ENOENT } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { absolute } from "../kernel/absolute.ts";
import { InotifyError } from "../kernel/error.ts";
import { isByRename } from "../engine/by_rename.ts";
import type { WatchEvent } from "../engine/event.ts";
import { leadsSomewhere } from "../kernel/files.ts";
import { Iteration } from "../kernel/iteration.ts";
import { watch, type Watcher } from "../watch/watcher.ts";

/**
 * Options of {@link watchFs}.
 *
 * @example
 * ```ts
 * import { watchFs, type WatchFsOptions } from "@inotify/inotify/watchfs";
 *
 * const options: WatchFsOptions = { recursive: true, ignore: ["node_modules", ".git"] };
 * using watcher = watchFs(".", options);
 * ```
 */
export interface WatchFsOptions {
  /**
   * Whether subdirectories are watched, too.
   *
   * @default {true}
   */
  readonly recursive?: boolean;
  /** Paths that are not watched, with everything below them; relative ones as for {@link watchFs}. */
  readonly ignore?: string | readonly string[];
}

/**
 * One event; the same type as `Deno.FsEvent`.
 *
 * @example
 * ```ts
 * import type { FsEvent } from "@inotify/inotify/watchfs";
 *
 * function handle({ kind, paths, flag }: FsEvent): void {
 *   if (flag === "rescan") console.log("events were lost");
 *   else console.log(kind, ...paths);
 * }
 * handle({ kind: "create", paths: ["/tmp/a"] });
 * ```
 */
export interface FsEvent {
  /**
   * The kind of event. `access` means that a file open for writing was closed; `modify` includes changes of
   * mode, times and owner.
   */
  kind: "any" | "access" | "create" | "modify" | "rename" | "remove" | "other";
  /** The absolute path; of a rename the old path and the new one; empty with `rescan`. */
  paths: string[];
  /** Events were lost; the differences follow. */
  flag?: "rescan";
}

/**
 * A watcher; the same type as `Deno.FsWatcher`. It can be iterated once: leaving the loop closes it.
 *
 * @example
 * ```ts
 * import { type FsWatcher, watchFs } from "@inotify/inotify/watchfs";
 *
 * const watcher: FsWatcher = watchFs(".");
 * setTimeout(() => watcher.close(), 50);
 * for await (const { kind } of watcher) console.log(kind);
 * ```
 */
export interface FsWatcher extends AsyncIterable<FsEvent>, Disposable {
  /** Closes the watcher, ends the loop, and discards queued events. */
  close(): void;
  /** Calls {@link close}. @returns resolves when nothing is watched any more */
  return(value?: unknown): Promise<IteratorResult<FsEvent>>;
  /** Iterates the events. */
  [Symbol.asyncIterator](): AsyncIterableIterator<FsEvent>;
}

/**
 * Watches paths. Every change after the call is reported.
 *
 * @param paths existing files and directories; relative ones are resolved against the current working directory
 * @throws {Error} with the `code` ENOENT if a path does not exist; EACCES if the runtime does not permit reading it
 * (Deno's `--allow-read`, Node's `--allow-fs-read`). On Deno these are a `Deno.errors.NotFound` and a
 * `Deno.errors.NotCapable`, elsewhere an {@link InotifyError}.
 * @throws {TypeError} if a path has the wrong type
 * @throws {Error} if the system is not Linux, or the runtime has no usable FFI
 *
 * @example
 * ```ts
 * import { watchFs } from "@inotify/inotify/watchfs";
 *
 * const watcher = watchFs(".", { ignore: [".git", "node_modules"] });
 * setTimeout(() => watcher.close(), 100); // ends this example; leave it out to keep watching
 * for await (const event of watcher) console.log(event.kind, event.paths);
 * ```
 */
export function watchFs(
  paths: string | readonly string[],
  options: WatchFsOptions = {},
): FsWatcher {
  try {
    return new TranslatingWatcher(begin(list(paths), options));
  } catch (error) {
    throw error instanceof InotifyError ? native(error) : error;
  }
}

function begin(paths: readonly string[], options: WatchFsOptions): Watcher {
  const { recursive = true, ignore = [] } = options;
  const ignored = list(ignore).map((path) => absolute(libc(), path));
  const isIgnored = (path: string) =>
    ignored.some((one) => path === one || path.startsWith(`${one}/`));
  const watcher = watch(paths.filter((path) => !isIgnored(absolute(libc(), path))), {
    recursive,
    blocking: true,
    events: ["create", "modify", "closeWrite", "attrib", "remove", "rename"],
    ignore: ignored.length > 0 ? isIgnored : [],
  });
  for (const path of paths) {
    if (leadsSomewhere(libc(), absolute(libc(), path))) continue;
    void watcher.close();
    throw new InotifyError(`watch ${JSON.stringify(path)}`, "there is no such file or directory", {
      errno: ENOENT,
      syscall: "statx",
      path,
    });
  }
  return watcher;
}

/** The runtime's own error, where it has one, with what the given one says. */
function native(error: InotifyError): Error {
  const name = NATIVE.get(error.errno);
  const { errors } = libc();
  if (name === undefined || errors === undefined) return error;
  const { code, errno, syscall, path } = error;
  return Object.assign(new errors[name](error.message), {
    code,
    errno,
    syscall,
    path,
    cause: error,
  });
}

/** The names of the runtime's errors. EACCES is that of a permission that the runtime does not give. */
const NATIVE: ReadonlyMap<number, "NotFound" | "NotCapable"> = new Map([
  [ENOENT, "NotFound"],
  [EACCES, "NotCapable"],
]);

function list(one: string | readonly string[]): readonly string[] {
  return typeof one === "string" ? [one] : one;
}

/** Translates the events of a watcher. */
class TranslatingWatcher extends Iteration<FsEvent, unknown> implements FsWatcher {
  readonly #watcher: Watcher;
  readonly #events: AsyncIterator<WatchEvent, undefined>;
  #translated: FsEvent[] = [];
  /** The last `next()`. Each waits for the one before, since a rename is translated to three events. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(watcher: Watcher) {
    super();
    this.#watcher = watcher;
    this.#events = watcher[Symbol.asyncIterator]();
  }

  next(): Promise<IteratorResult<FsEvent>> {
    const next = this.#last.then(() => this.#next());
    this.#last = next.catch(() => {});
    return next;
  }

  async return(value?: unknown): Promise<IteratorReturnResult<unknown>> {
    this.#translated = [];
    await this.#watcher.close();
    return { done: true, value };
  }

  close(): void {
    this.#translated = [];
    void this.#watcher.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #next(): Promise<IteratorResult<FsEvent>> {
    while (this.#translated.length === 0) {
      const { done, value } = await this.#events.next();
      if (done) return { done, value };
      this.#translated = translate(value);
    }
    return { done: false, value: this.#translated.shift()! };
  }
}

function translate(event: WatchEvent): FsEvent[] {
  switch (event.kind) {
    case "rename": {
      const { from, path } = event;
      return [
        { kind: "remove", paths: [from] },
        { kind: "rename", paths: [path] },
        { kind: "rename", paths: [from, path] },
      ];
    }
    case "create":
    case "modify":
    case "remove":
      return [{ kind: event.kind, paths: [event.path] }];
    case "attrib":
      return [{ kind: "modify", paths: [event.path] }];
    case "closeWrite":
      return isByRename(event) ? [] : [{ kind: "access", paths: [event.path] }];
    case "overflow":
      return [{ kind: "other", paths: [], flag: "rescan" }];
    case "ready": // not asked for
      return [];
    default:
      return [{ kind: "other", paths: [event.path] }];
  }
}
