/**
 * `Deno.watchFs` over this module's watcher: a script moves over by changing where `watchFs` comes from.
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
 * The events are those of `Deno.watchFs` on Linux. What differs:
 *
 * - Nothing is lost: neither what is made in a new directory before that is watched, nor what comes while
 *   the loop is slow. When the kernel drops events there is one of kind `other` with the flag `rescan`,
 *   followed by what has changed.
 * - What moves in from elsewhere is a `create`, and so is all that is below it; `Deno.watchFs` says
 *   `rename`, and nothing of what is below.
 * - A path that was given is watched on after another file is renamed over it, and after it has vanished
 *   and come back.
 * - A new symbolic link is a `create`, and no `remove`.
 * - Closing a watcher does not make another one blind.
 * - A name that is not UTF-8 has U+FFFD in it, and does not end the loop.
 * - What cannot be watched is told by an event of kind `other`; where it was given itself, the loop throws.
 * - A path that does not exist is an {@link InotifyError} with the code ENOENT, and no
 *   `Deno.errors.NotFound`.
 * - A watcher keeps the process alive until it is closed, also while nobody waits for an event.
 *
 * @module
 */

import { ENOENT } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { absolute } from "../kernel/absolute.ts";
import { InotifyError } from "../kernel/error.ts";
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
   * Whether what is below subdirectories is watched too.
   *
   * @default {true}
   */
  readonly recursive?: boolean;
  /** Paths that are not watched, with all that is below them. */
  readonly ignore?: string | readonly string[];
}

/**
 * What happened; the same as `Deno.FsEvent`.
 *
 * @example
 * ```ts
 * import type { FsEvent } from "@inotify/inotify/watchfs";
 *
 * function handle({ kind, paths, flag }: FsEvent): void {
 *   if (flag === "rescan") console.log("look at everything again");
 *   else console.log(kind, ...paths);
 * }
 * handle({ kind: "create", paths: ["/tmp/a"] });
 * ```
 */
export interface FsEvent {
  /** `access` is the end of a writing, and `modify` also a change of mode, times or owner. */
  kind: "any" | "access" | "create" | "modify" | "rename" | "remove" | "other";
  /** To what: one absolute path, or of a rename the old one and the new one. */
  paths: string[];
  /** Events were lost: what has changed meanwhile follows. */
  flag?: "rescan";
}

/**
 * The same as `Deno.FsWatcher`: it can be iterated once, and ends with the loop.
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
  /** Stops watching, and ends the loop. */
  close(): void;
  /** Stops watching, and ends the loop. */
  return(value?: unknown): Promise<IteratorResult<FsEvent>>;
  /** The events. */
  [Symbol.asyncIterator](): AsyncIterableIterator<FsEvent>;
}

/**
 * Watches paths, from the call on.
 *
 * @param paths files and directories that exist; relative ones are relative to the working directory now
 * @throws {InotifyError} ENOENT if there is no such path, EACCES if the runtime does not let the program
 * read it (Deno's `--allow-read`, and `--allow-fs-read` with Node's `--permission`)
 * @throws {TypeError} if a path is none
 * @throws {Error} if this is no Linux, or no runtime with a usable FFI
 *
 * @example
 * ```ts
 * import { watchFs } from "@inotify/inotify/watchfs";
 *
 * const watcher = watchFs(".", { ignore: [".git", "node_modules"] });
 * setTimeout(() => watcher.close(), 100); // so that this example ends; leave it out to watch for ever
 * for await (const event of watcher) console.log(event.kind, event.paths);
 * ```
 */
export function watchFs(
  paths: string | readonly string[],
  options: WatchFsOptions = {},
): FsWatcher {
  const { recursive = true, ignore = [] } = options;
  const given = list(paths);
  const ignored = list(ignore).map((path) => absolute(libc(), path));
  const isIgnored = (path: string) =>
    ignored.some((one) => path === one || path.startsWith(`${one}/`));
  const watcher = watch(given.filter((path) => !isIgnored(absolute(libc(), path))), {
    recursive,
    blocking: true,
    events: ["create", "modify", "closeWrite", "attrib", "remove", "rename"],
    ignore: ignored.length > 0 ? isIgnored : [],
  });
  for (const path of given) {
    if (leadsSomewhere(libc(), absolute(libc(), path))) continue;
    void watcher.close();
    throw new InotifyError(`watch ${JSON.stringify(path)}`, "there is no such file or directory", {
      errno: ENOENT,
      syscall: "statx",
      path,
    });
  }
  return new Translation(watcher);
}

function list(one: string | readonly string[]): readonly string[] {
  return typeof one === "string" ? [one] : one;
}

/** The events of a watcher, as Deno has them. */
class Translation extends Iteration<FsEvent, unknown> implements FsWatcher {
  readonly #watcher: Watcher;
  readonly #events: AsyncIterator<WatchEvent, undefined>;
  #translated: FsEvent[] = [];
  /** The last `next()`: each waits for the one before, since a rename is three events. */
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
    if (this.#translated.length === 0) {
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
      return [{ kind: "access", paths: [event.path] }];
    case "overflow":
      return [{ kind: "other", paths: [], flag: "rescan" }];
    default:
      return [{ kind: "other", paths: [event.path] }];
  }
}
