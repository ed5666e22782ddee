/**
 * `watch()`: a drop-in for chokidar 5 and 6, on every runtime. To switch, change the import.
 *
 * ```ts
 * import { watch } from "@inotify/inotify/chokidar";
 *
 * const directory = await Deno.makeTempDir();
 * const watcher = watch(directory, { ignored: "node_modules", ignoreInitial: true });
 * watcher.on("all", (event, path) => console.log(event, path)); // add …/a
 * watcher.on("ready", () => Deno.writeTextFileSync(`${directory}/a`, "hello"));
 * await new Promise((resolve) => watcher.once("add", resolve));
 * await watcher.close();
 * ```
 *
 * The events are those of chokidar, except that:
 *
 * - No event is lost: neither in a new directory, nor in a storm.
 * - Without `awaitWriteFinish`, `add` and `change` come when the file is closed, or after 50 milliseconds. So a save is
 *   one event, and the file is complete.
 * - A directory that a link leads to and that is reached by another link, too, is entered by one of them.
 * - `stats` are given for what is new or changes; for what exists already only with `alwaysStat`.
 * - A matcher with `*`, `?`, `[…]` or `{…}` is also a glob.
 *
 * @module
 */

import { EventEmitter } from "node:events";
import type { Stats } from "node:fs";
import { type ResolvedOptions, resolveOptions, type WatchOptions } from "./chokidar_options.ts";
import { Watching } from "./chokidar_watching.ts";

export type { Matcher } from "./chokidar_matcher.ts";
export type { AwaitWriteFinish, ResolvedOptions, WatchOptions } from "./chokidar_options.ts";

/**
 * What happens to an entry.
 *
 * @example
 * ```ts
 * import { type EventName, watch } from "@inotify/inotify/chokidar";
 *
 * const counts = new Map<EventName, number>();
 * const watcher = watch("src").on("all", (event) => counts.set(event, (counts.get(event) ?? 0) + 1));
 * await watcher.close();
 * ```
 */
export type EventName = "add" | "addDir" | "change" | "unlink" | "unlinkDir";

/**
 * The events of a watcher, with the arguments of their listeners.
 *
 * @example
 * ```ts
 * import type { FSWatcherEvents } from "@inotify/inotify/chokidar";
 *
 * const onAdd = (...[path, stats]: FSWatcherEvents["add"]) => console.log(path, stats?.size);
 * onAdd("a");
 * ```
 */
export interface FSWatcherEvents {
  /** A file is there. */
  add: [path: string, stats?: Stats];
  /** A directory is there. */
  addDir: [path: string, stats?: Stats];
  /** The content of a file, or its status, has changed. */
  change: [path: string, stats?: Stats];
  /** A file is gone. */
  unlink: [path: string];
  /** A directory is gone. An event for each entry below it comes before. */
  unlinkDir: [path: string];
  /** Each of the events above. */
  all: [event: EventName, path: string, stats?: Stats];
  /** What exists already is watched. */
  ready: [];
  /** What cannot be watched. */
  error: [error: unknown];
  /** An event of the kernel, as node:fs has it. */
  raw: [event: "rename" | "change", name: string, details: { readonly watchedPath: string }];
}

/**
 * Watches files, and directories with everything below them.
 *
 * @param paths a path, or any number of them in lists; they need not exist
 * @throws {TypeError} if a path or an option is invalid
 * @throws {Error} if the system is not Linux, or the runtime has no usable FFI
 *
 * @example
 * ```ts
 * import { watch } from "@inotify/inotify/chokidar";
 *
 * const watcher = watch("src", { ignored: (path, stats) => stats?.isFile() === true && !path.endsWith(".ts") });
 * watcher.on("add", (path) => console.log("added", path));
 * watcher.on("error", (error) => console.error(error));
 * await watcher.close(); // ends this example; leave it out to keep watching
 * ```
 */
export function watch(paths: Paths, options: WatchOptions = {}): FSWatcher {
  return new FSWatcher(options).add(paths);
}

/**
 * Paths, in lists of any depth.
 *
 * @example
 * ```ts
 * import { type Paths, watch } from "@inotify/inotify/chokidar";
 *
 * const paths: Paths = ["src", ["README.md"]];
 * await watch(paths).close();
 * ```
 */
export type Paths = string | readonly Paths[];

/**
 * A watcher, as {@link watch} returns it.
 *
 * @example
 * ```ts
 * import { FSWatcher } from "@inotify/inotify/chokidar";
 *
 * const watcher = new FSWatcher({ ignoreInitial: true });
 * watcher.add(["src", "README.md"]);
 * watcher.unwatch("src/generated");
 * await new Promise<void>((resolve) => watcher.once("ready", resolve));
 * console.log(Object.keys(watcher.getWatched()));
 * await watcher.close(); // ends this example; leave it out to keep watching
 * ```
 */
export class FSWatcher extends EventEmitter<FSWatcherEvents> {
  /** The options, with their defaults. */
  readonly options: ResolvedOptions;
  readonly #watching: Watching;
  #closing: Promise<void> | undefined;

  /**
   * Watches nothing yet.
   *
   * @throws {TypeError} if an option is invalid
   */
  constructor(options: WatchOptions = {}) {
    super();
    this.options = Object.freeze(resolveOptions(options));
    this.#watching = new Watching(this.options, (event, ...details) => {
      (this.emit as (event: string, ...details: readonly unknown[]) => boolean)(event, ...details);
    });
  }

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Watches more paths.
   *
   * @returns this watcher
   * @throws {TypeError} if a path is no text
   * @throws {Error} if the watcher is closed
   */
  add(paths: Paths): this {
    if (this.closed) throw new Error("This watcher is closed: make a new one");
    this.#watching.add(list(paths));
    return this;
  }

  /**
   * Stops watching paths with everything below them, until they are added again.
   *
   * @returns this watcher
   * @throws {TypeError} if a path is no text
   */
  unwatch(paths: Paths): this {
    if (!this.closed) this.#watching.unwatch(list(paths));
    return this;
  }

  /** What is watched: the names in each directory. Directories are absolute, or relative to `cwd`. */
  getWatched(): Record<string, string[]> {
    return this.#watching.watched();
  }

  /**
   * Ends watching, and removes all listeners.
   *
   * @returns resolves when nothing is watched any more; every call returns the same promise
   */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.removeAllListeners();
      this.#closing = this.#watching.close();
    }
    return this.#closing;
  }
}

function list(paths: Paths): string[] {
  const all = ([paths] as readonly unknown[]).flat(Infinity);
  for (const path of all) {
    if (typeof path !== "string") throw new TypeError(`Non-string provided as watch path: ${path}`);
  }
  return all as string[];
}

/**
 * The functions as a default export, as chokidar has one.
 *
 * @example
 * ```ts
 * import chokidar from "@inotify/inotify/chokidar";
 *
 * await chokidar.watch(".", { depth: 0 }).close();
 * ```
 */
const module: { readonly watch: typeof watch; readonly FSWatcher: typeof FSWatcher } = {
  watch,
  FSWatcher,
};
export default module;
