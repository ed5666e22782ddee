/**
 * The path level: watches whole trees, and single files, by path.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { absolute } from "../kernel/absolute.ts";
import { batches, type BatchOptions } from "./batches.ts";
import { EventQueue, type Lost } from "./event_queue.ts";
import { InotifyError } from "../kernel/error.ts";
import { CONTENT_KINDS, type WatchEvent, type WatchKind } from "../engine/event.ts";
import { toText } from "../kernel/byte_string.ts";
import { resolveOptions, type WatchOptions } from "./options.ts";
import type { Path } from "../kernel/path.ts";
import { Engine } from "../engine/engine.ts";
import type { Ignores } from "../engine/tree.ts";

/**
 * Watches paths: directories with all that is in them, and files.
 *
 * A path need not exist: it is waited for, and what vanishes is waited for again. Nothing is lost
 * silently: take the paths that were there, add what `create` and `exists` say, take away what
 * `remove` says with all below it, and move what `rename` says with all below it: once
 * {@link Watcher.sync} resolves, that is what is on the disk, after whatever storm.
 *
 * @param paths what to watch; relative ones are relative to the working directory now
 * @throws {TypeError} if a path or an option is of another type
 * @throws {RangeError} if `maxQueue` is less than 2, or no integer
 * @throws {InotifyError} EACCES if the runtime does not let the program read a path (Deno's `--allow-read`,
 * and `--allow-fs-read` with Node's `--permission`), ENOENT if one is relative, and the working directory
 * was removed
 * @throws {Error} if this is no Linux, or no runtime with a usable FFI
 *
 * @example Changes, as they happen
 * ```ts
 * import { watch } from "@inotify/inotify";
 *
 * const directory = await Deno.makeTempDir();
 * await using watcher = watch(directory);
 * await watcher.ready;
 * await Deno.mkdir(`${directory}/a/b`, { recursive: true });
 * await Deno.writeTextFile(`${directory}/a/b/c`, "hello");
 * for await (const event of watcher) {
 *   if (event.kind === "create") console.log(event.path);
 *   if (event.kind === "create" && event.path.endsWith("c")) break; // closes the watcher
 * }
 * ```
 */
export function watch(paths: Path | readonly Path[], options: WatchOptions = {}): Watcher {
  return new Watcher(paths, options);
}

/**
 * Asks the functions in a watcher's `ignore` about every entry again, for the commands, whose rules are in
 * files. What is no longer ignored counts as there in the beginning; of what is now, nothing more is reported.
 *
 * @returns resolves when it is so
 */
export function reconsider(watcher: Watcher): Promise<void> {
  engineOf(watcher)?.reconsider();
  return watcher.sync();
}

let engineOf: (watcher: Watcher) => Engine | undefined;

/**
 * What {@link watch} returns: an asynchronous iterable of events.
 *
 * @example Several loops, and paths that come and go
 * ```ts
 * import { watch } from "@inotify/inotify";
 *
 * const [one, two] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * await using watcher = watch(one);
 * await watcher.add(two);
 * const count = (async () => {
 *   let events = 0;
 *   for await (const _ of watcher) events++;
 *   return events;
 * })();
 * await Deno.writeTextFile(`${two}/file`, "hello");
 * await watcher.sync(); // it is in the queue of each loop
 * console.log(watcher.watched().length); // 2
 * watcher.remove(one);
 * setTimeout(() => watcher.close());
 * console.log(await count, "events");
 * ```
 */
export class Watcher implements AsyncIterable<WatchEvent>, AsyncDisposable, Disposable {
  readonly #kinds: ReadonlySet<WatchKind>;
  readonly #initial: boolean;
  readonly #ignores: Ignores | undefined;
  readonly #onProgress: ((directories: number) => void) | undefined;
  readonly #queue: EventQueue<WatchEvent>;
  readonly #engine: Engine | undefined;
  /** The paths that were given. */
  readonly #paths = new Set<string>();
  readonly #signal: AbortSignal | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #settingUp = true;
  /** Whether the watcher keeps the process alive also while nobody waits for it. */
  #isRef = true;
  /** How many wait for something to be done. */
  #waiting = 0;
  #closed: Promise<void> | undefined;

  static {
    engineOf = (watcher) => watcher.#engine;
  }

  /** See {@link watch}. */
  constructor(paths: Path | readonly Path[], options: WatchOptions = {}) {
    const { signal, ...resolved } = resolveOptions(options);
    this.#kinds = resolved.kinds;
    this.#initial = resolved.initial;
    this.#ignores = resolved.ignores;
    this.#onProgress = resolved.onProgress;
    this.#signal = signal;
    this.#ready.promise.catch(() => {}); // whoever iterates is told too
    const given = (Array.isArray(paths) ? paths : [paths as Path]).map(permitted);
    this.#queue = new EventQueue(
      resolved.maxQueue,
      () => this.#lose(),
      () => this.close(),
    );
    if (signal?.aborted) {
      this.#end({});
      return;
    }
    try {
      this.#engine = new Engine({
        report: (events) => this.#report(events),
        ignores: this.#ignores && Object.assign(
          (...entry: Parameters<Ignores>) => this.#ignored(...entry),
          { byName: this.#ignores.byName },
        ),
        fail: (error) => this.#end({ error }),
        progress: (count) => this.#progress(count),
      }, {
        recursive: resolved.recursive,
        followSymlinks: resolved.followSymlinks,
        initial: this.#initial,
        blocking: resolved.blocking,
        renames: this.#kinds.has("rename"),
        creations: this.#kinds.has("create"),
        content: [...CONTENT_KINDS].reduce(
          (mask, [bit, kind]) => this.#kinds.has(kind) ? mask | bit : mask,
          0,
        ),
      });
    } catch (error) {
      this.#end({ error });
      return;
    }
    signal?.addEventListener("abort", this.#onAbort);
    if (!resolved.persistent) this.unref();
    // Those above first: they may have the others in their trees.
    for (const path of given.sort((a, b) => a.length - b.length)) this.#add(path);
    this.#engine.settled().then(() => {
      this.#settingUp = false;
      this.#ready.resolve();
    });
  }

  /**
   * Resolves when everything is watched: what happens from then on is told. Whoever asks for it keeps the
   * process alive until then.
   *
   * Rejects with an {@link InotifyError}, and the watcher is closed, when the limit of watches (ENOSPC),
   * instances or open files (EMFILE) is reached before, or a path that was given cannot be
   * watched (EACCES, ENOTDIR, ELOOP).
   */
  get ready(): Promise<void> {
    const { promise } = this.#ready;
    if (this.#settingUp) this.#waitFor(promise).catch(() => {});
    return promise;
  }

  /**
   * Watches another path. What is there already is no news, unless `initial` is set.
   *
   * @returns resolves when everything in it is watched
   * @throws {TypeError} if it is no path
   * @throws {InotifyError} EACCES if the runtime does not let the program read it, as with {@link watch},
   * ENOENT if it is relative, and the working directory was removed, EBADF if the watcher is closed
   */
  add(path: Path): Promise<void> {
    const text = permitted(path);
    if (this.#closed !== undefined) {
      const shown = toText(text);
      throw new InotifyError(`watch ${JSON.stringify(shown)}`, "this watcher is closed", {
        errno: EBADF,
        syscall: "inotify_add_watch",
        path: shown,
      });
    }
    this.#add(text);
    return this.sync();
  }

  /**
   * Watches a path no longer, without a word about what is in it. What another watched path covers is
   * watched on.
   *
   * @returns whether it was watched
   * @throws {TypeError} if it is no path
   * @throws {InotifyError} ENOENT if it is relative, and the working directory was removed
   */
  remove(path: Path): boolean {
    const text = absolute(path);
    if (this.#closed === undefined) this.#engine?.remove(text);
    return this.#paths.delete(text);
  }

  /** The directories and single files that have a watch now, absolute. */
  watched(): string[] {
    return this.#engine === undefined ? [] : [...this.#engine.watched()].map(toText);
  }

  /**
   * Resolves when everything that happened before the call is in the queue of every loop; in that of one
   * that has lost events, behind its `overflow`. Until then it keeps the process alive. To know this, nothing is
   * written into what is watched.
   */
  async sync(): Promise<void> {
    if (this.#engine !== undefined) await this.#waitFor(this.#engine.settled());
  }

  /**
   * The events. Each loop gets all from its begin on, the first one those before, too. When the last one
   * is left the watcher is closed, which the loop waits for.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WatchEvent, undefined> & AsyncDisposable {
    return this.#queue.read();
  }

  /**
   * The events in batches. Each batch reports the difference in the end, with the paths in the end: what was
   * created and changed is only created, what came and went is not reported. Applied to a set of paths it
   * gives the same set as the events one by one.
   *
   * A file that was replaced is one `modify`, in whatever way it was replaced, or the `rename` of the file
   * that has come there. If the old file was renamed to make room, it is a `create` under its new name; a
   * file is a `rename` only if nothing is left at its old path. So `create`, `modify` and `remove` may come
   * even if they were not asked for. Directories that have changed places have the renames by which they
   * did it.
   *
   * @throws {TypeError} if `settle` or `maxWait` is no number
   * @throws {RangeError} if one is negative
   *
   * @example
   * ```ts
   * import { watch } from "@inotify/inotify";
   *
   * const directory = await Deno.makeTempDir();
   * await using watcher = watch(directory);
   * await watcher.ready;
   * await Deno.writeTextFile(`${directory}/a`, "hello");
   * for await (const events of watcher.batches({ settle: 20 })) {
   *   console.log(events.length, "changes: build again");
   *   break;
   * }
   * ```
   */
  batches(
    options: BatchOptions = {},
  ): AsyncIterableIterator<WatchEvent[], undefined> & AsyncDisposable {
    return batches(this.#queue, options);
  }

  /** The watcher keeps the process alive. So it does from the start, unless not `persistent`. */
  ref(): void {
    this.#isRef = true;
    this.#updateRef();
  }

  /**
   * The watcher no longer keeps the process alive, but for those who wait for {@link ready}, {@link sync} or
   * {@link add}. A top-level `for await` does so all the same.
   *
   * @throws {Error} on a Deno that has no way to do so
   */
  unref(): void {
    this.#isRef = false;
    this.#updateRef();
  }

  /**
   * Ends all loops, and every watch that nobody else needs. What waits in a queue is dropped.
   *
   * @returns resolves when it is done
   */
  close(): Promise<void> {
    return this.#end({});
  }

  /** {@link close}, at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** {@link close} at the end of a `using` scope, which does not wait for it: prefer `await using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Keeps the process alive while somebody waits for what it takes the watcher to bring about. */
  async #waitFor(promise: Promise<void>): Promise<void> {
    this.#waiting++;
    this.#updateRef();
    try {
      await promise;
    } finally {
      this.#waiting--;
      this.#updateRef();
    }
  }

  #updateRef(): void {
    if (this.#closed === undefined) this.#engine?.setRef(this.#isRef || this.#waiting > 0);
  }

  readonly #onAbort = (): void => void this.close();

  #end(ending: { readonly error?: unknown }): Promise<void> {
    return this.#closed ??= this.#close(ending);
  }

  async #close(ending: { readonly error?: unknown }): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#queue.end(ending);
    if ("error" in ending) this.#ready.reject(ending.error);
    this.#ready.resolve();
    await this.#engine?.close();
  }

  #add(path: string): void {
    this.#paths.add(path);
    if (this.#closed === undefined) this.#engine?.add(path);
  }

  #ignored(path: string, isDirectory: boolean, root: string): boolean {
    try {
      return this.#ignores?.(path, isDirectory, root) ?? false;
    } catch (error) {
      void this.#end({ error });
      return true;
    }
  }

  #progress(count: number): void {
    if (!this.#settingUp || this.#closed !== undefined) return;
    try {
      this.#onProgress?.(count);
    } catch (error) {
      void this.#end({ error });
    }
  }

  #report(events: readonly WatchEvent[]): void {
    for (const event of events) {
      if (event.kind !== "error" || !this.#settingUp) continue;
      if (this.#isFatal(event.path, event.error)) return void this.#end({ error: event.error });
    }
    this.#queue.put(this.#wanted(events));
  }

  #wanted(events: readonly WatchEvent[]): WatchEvent[] {
    return events.filter(({ kind }) =>
      this.#kinds.has(kind) || ALWAYS.has(kind) || kind === "exists" && this.#initial
    );
  }

  /** A loop has as much to take as may wait for it. */
  #lose(): Lost<WatchEvent> {
    const engine = this.#engine!;
    const loss = engine.lose();
    return {
      mark: { kind: "overflow" },
      miss: (event) => loss.miss(event),
      end: () => this.#wanted(engine.recover(loss)),
      forget: () => engine.forget(loss),
    };
  }

  /** Whether a watcher that begins with this is not worth having. */
  #isFatal(path: string, error: Error): boolean {
    if (!(error instanceof InotifyError)) return true;
    return error.code === "ENOSPC" || error.code === "EMFILE" ||
      [...this.#paths].some((given) => toText(given) === path);
  }
}

// errno(3)
const EBADF = 9;
const EACCES = 13;

const ALWAYS: ReadonlySet<WatchKind> = new Set<WatchKind>(["overflow", "unmount", "error"]);

/** A path that the program may read, absolute, as lossless text. */
function permitted(path: Path): string {
  const text = absolute(path);
  const shown = toText(text);
  const { mayRead, mayNotRead } = libc();
  if (mayRead(shown)) return text;
  throw new InotifyError(`watch ${JSON.stringify(shown)}`, mayNotRead, {
    errno: EACCES,
    syscall: "open",
    path: shown,
  });
}
