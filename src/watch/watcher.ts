/**
 * `watch()` and `Watcher`: the public interface of the path level. They check arguments, distribute events to
 * loops, and manage the lifetime of the watcher; the engine watches.
 *
 * The file is longer than 300 lines since it documents every public member: a third of it is comments.
 *
 * @module
 */

import { EACCES, EBADF } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { absolute } from "../kernel/absolute.ts";
import { batches, type BatchOptions } from "./batches.ts";
import type { Blindness } from "./blindness.ts";
import { type Ending, EventQueue, type EventReader, type ReaderLoss } from "./event_queue.ts";
import { InotifyError } from "../kernel/error.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  losslessPath,
  type WatchEvent,
  type WatchKind,
} from "../engine/event.ts";
import { toText } from "../kernel/byte_string.ts";
import { type ResolvedOptions, resolveOptions, type WatchOptions } from "./options.ts";
import { markPast } from "./past.ts";
import type { Path } from "../kernel/path.ts";
import { Engine } from "../engine/engine.ts";
import type { Picture } from "../engine/picture.ts";
import type { Ignores } from "../engine/tree.ts";

/**
 * Watches paths: directories with everything below them, and single files.
 *
 * A path need not exist: the watcher waits for it, and waits again when it is removed.
 *
 * No change is lost silently. Keep a set of the paths on disk, empty at first with `initial`: for `create` and
 * `exists`, add the path; for `remove`, delete the path and all below it; for `rename`, move the path and all
 * below it. When {@link Watcher.sync} has resolved and the loop has taken all events, the set is what is on
 * disk, unless something has changed since.
 *
 * @param paths the paths to watch; relative ones are resolved against the current working directory
 * @throws {TypeError} if a path or an option has the wrong type
 * @throws {RangeError} if `maxQueue` is not an integer of 2 or more
 * @throws {InotifyError} EACCES if the runtime does not permit reading a path (Deno's `--allow-read`, Node's
 * `--allow-fs-read`); ENOENT if a path is relative and the working directory has been removed
 * @throws {Error} if the system is not Linux, or the runtime has no usable FFI
 *
 * @example Report changes as they happen
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
 * Applies a watcher's `ignore` to every entry again, for commands that read their rules from files. Entries that
 * are no longer ignored count as initial ones; entries that are ignored now have no more events.
 *
 * @returns resolves when the new rules are in effect
 */
export function reconsider(watcher: Watcher): Promise<void> {
  engineOf(watcher)?.reconsider();
  return watcher.sync();
}

/** Adds a loop to a watcher, for drop-ins that make batches of their own. */
export function readerOf(watcher: Watcher): EventReader<WatchEvent> {
  return queueOf(watcher).reader();
}

let engineOf: (watcher: Watcher) => Engine | undefined;
let queueOf: (watcher: Watcher) => EventQueue<WatchEvent>;

/**
 * The error that has closed a watcher, if one has: with `blocking`, known as soon as `watch()` returns. For drop-ins
 * that throw it.
 */
export let failureOf: (watcher: Watcher) => unknown;

/**
 * A watcher of paths, as {@link watch} returns it: an asynchronous iterable of events.
 *
 * @example Add and remove paths
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
 * await watcher.sync(); // the event is queued for each loop
 * console.log(watcher.watched().length); // 2
 * watcher.remove(one);
 * setTimeout(() => watcher.close());
 * console.log(await count, "events");
 * ```
 */
export class Watcher implements AsyncIterable<WatchEvent>, AsyncDisposable, Disposable {
  /** The kinds that are asked for. */
  readonly #kinds: ReadonlySet<WatchKind>;
  readonly #ignores: Ignores | undefined;
  readonly #blindness: Blindness;
  readonly #onProgress: ((directories: number) => void) | undefined;
  readonly #queue: EventQueue<WatchEvent>;
  readonly #engine: Engine | undefined;
  /** The watched paths, absolute, as lossless text. */
  readonly #paths = new Set<string>();
  readonly #signal: AbortSignal | undefined;
  readonly #ready = Promise.withResolvers<void>();
  #settingUp = true;
  /** Whether what is reported is part of the difference that follows. */
  #comparing: boolean;
  readonly #finishes: boolean;
  readonly #partial: boolean;
  /** Whether the watcher keeps the process alive even when {@link #waiting} is 0. */
  #isRef = true;
  /** The number of pending promises that keep the process alive. */
  #waiting = 0;
  #closed: Promise<void> | undefined;
  #failure: unknown;

  static {
    engineOf = (watcher) => watcher.#engine;
    queueOf = (watcher) => watcher.#queue;
    failureOf = (watcher) => watcher.#failure;
  }

  /** See {@link watch}. */
  constructor(paths: Path | readonly Path[], options: WatchOptions = {}) {
    const { signal, ...resolved } = resolveOptions(options);
    const { kinds, initial, before } = resolved;
    this.#kinds = kinds;
    this.#ignores = resolved.ignores;
    this.#blindness = resolved.blindness;
    this.#onProgress = resolved.onProgress;
    this.#signal = signal;
    this.#comparing = before !== undefined;
    this.#finishes = resolved.finishes;
    this.#partial = resolved.partial;
    this.#ready.promise.catch(() => {}); // a loop rejects, too
    const given = (Array.isArray(paths) ? paths : [paths as Path]).map(readable);
    this.#queue = new EventQueue(
      resolved.maxQueue,
      () => this.#beginLoss(),
      () => this.close(),
    );
    if (signal?.aborted) {
      this.#end({});
      return;
    }
    try {
      this.#engine = new Engine({
        report: (events) => {
          if (this.#settingUp && this.#hasFailed(events)) return;
          this.#queue.put(this.#comparing ? events.filter(isNoChange) : this.#wanted(events));
        },
        ignores: this.#ignores && Object.assign(
          (...entry: Parameters<Ignores>) => this.#ignored(...entry),
          { dependsOn: this.#ignores.dependsOn },
        ),
        fail: (error) => this.#end({ error }),
        progress: (count) => this.#progress(count),
      }, {
        depth: resolved.depth,
        followSymlinks: resolved.followSymlinks === true,
        followsRoots: resolved.followSymlinks !== "never",
        initial: initial && before === undefined,
        blocking: resolved.blocking,
        polls: resolved.poll !== undefined,
        renames: kinds.has("rename"),
        creations: kinds.has("create"),
        content: [...CONTENT_KINDS].reduce(
          (mask, [bit, kind]) => kinds.has(kind) ? mask | bit : mask,
          0,
        ),
      });
    } catch (error) {
      this.#end({ error });
      return;
    }
    signal?.addEventListener("abort", this.#onAbort);
    if (!resolved.persistent) this.unref();
    // Shorter paths first: their trees may contain the others.
    for (const path of given.sort((a, b) => a.length - b.length)) this.#add(path);
    this.#setUp(this.#engine, resolved).catch((error) => this.#end({ error }));
  }

  async #setUp(
    engine: Engine,
    { before, initial, poll }: Pick<ResolvedOptions, "before" | "initial" | "poll">,
  ): Promise<void> {
    if (poll !== undefined) await engine.poll!.begin(poll, () => this.#isRef || this.#waiting > 0);
    if (before !== undefined) await this.#compare(engine, before, initial);
    else await engine.settled();
    this.#settingUp = false;
    this.#queue.put(this.#blindness.end(), false);
    if (this.#kinds.has("ready")) this.#queue.put([{ kind: "ready" }], false);
    this.#ready.resolve();
  }

  /**
   * Resolves when everything is watched: later changes are reported. Reading the property keeps the process
   * alive until then.
   *
   * If setting up fails, the promise rejects with an {@link InotifyError} and the watcher is closed: ENOSPC at
   * the limit of watches, EMFILE at that of instances or open files (inotify(7)), EACCES, ENOTDIR or ELOOP if a
   * given path cannot be watched. With `partial`, these are `error` events, unless nothing can be watched at all.
   */
  get ready(): Promise<void> {
    const { promise } = this.#ready;
    if (this.#settingUp) this.#waitFor(promise).catch(() => {});
    return promise;
  }

  /**
   * Watches another path. Entries that exist already are reported only with `initial`.
   *
   * @returns resolves when everything below the path is watched
   * @throws {TypeError} if the argument is not a path
   * @throws {InotifyError} EACCES and ENOENT as with {@link watch}, EBADF if the watcher is closed
   */
  add(path: Path): Promise<void> {
    const text = readable(path);
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
   * Stops watching a path; no event is reported for that. What is below another watched path stays watched.
   *
   * @returns whether the path was watched
   * @throws {TypeError} if the argument is not a path
   * @throws {InotifyError} ENOENT if the path is relative and the working directory has been removed
   */
  remove(path: Path): boolean {
    const text = absolute(libc(), path);
    if (this.#closed === undefined) this.#engine?.remove(text);
    this.#blindness.delete(text);
    return this.#paths.delete(text);
  }

  /** The absolute paths of the directories and single files that have a watch now. */
  watched(): string[] {
    return this.#engine === undefined ? [] : [...this.#engine.watched()].map(toText);
  }

  /**
   * Resolves when the events of all changes before the call are queued for every loop; for a loop that is losing
   * events, they follow its `overflow`. The process is kept alive until then. Nothing is written to the watched
   * file systems for this.
   */
  async sync(): Promise<void> {
    if (this.#comparing) await this.ready;
    if (this.#engine?.poll !== undefined) await this.#waitFor(this.#engine.poll.look());
    if (this.#engine !== undefined) await this.#waitFor(this.#engine.settled());
    if (!this.#settingUp) this.#queue.put(this.#blindness.end());
  }

  /**
   * What is watched, as bytes for the option `since` of a later {@link watch}, which then reports what has changed in
   * between. The same entries give the same bytes on each runtime.
   *
   * It has all that the loops have taken by the time at which it resolves, and nothing more: events that are queued for
   * a loop, or kept by one of {@link batches}, are reported again by the later watcher. What nobody iterates counts as
   * taken. A file that changes while the snapshot is taken, or in the clock tick before it where a file system's times
   * are coarse, is reported as changed again.
   *
   * After the watcher is closed, it has what the loops had taken then. If the option `since` was not given, files that
   * changed just before the end are reported as changed again.
   *
   * @throws {Error} if the watcher was closed before it was ready
   *
   * @example
   * ```ts
   * import { watch } from "@inotify/inotify";
   *
   * const directory = await Deno.makeTempDir();
   * const earlier = watch(directory, { since: undefined });
   * const since = await earlier.snapshot();
   * await earlier.close();
   * await Deno.writeTextFile(`${directory}/a`, "hello");
   * for await (const event of watch(directory, { since })) {
   *   console.log(event.kind); // create
   *   break;
   * }
   * ```
   */
  async snapshot(): Promise<Uint8Array> {
    await this.ready;
    if (this.#engine === undefined || this.#settingUp) {
      throw new Error("A snapshot needs a watcher that has been ready: this one was closed before");
    }
    return await this.#waitFor(this.#engine.pictures.snapshot(() => this.#queue.untaken()));
  }

  /**
   * Iterates the events. Each loop gets the events from its start on; the first loop also gets the earlier ones.
   * Leaving the last loop closes the watcher, and waits until it is closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WatchEvent, undefined> & AsyncDisposable {
    return this.#queue.reader();
  }

  /**
   * Iterates the events in batches. A batch is the difference that its events make, with final paths: a file that
   * is created and changed is only created, and one that is created and removed is left out. Applied to a set of
   * paths, the batch gives the same set as the events do.
   *
   * A replaced file is one `modify`, however it was replaced, or one `rename` if the new file had another path
   * before. If the old file is kept under a new name, that name is a `create`: a file is a `rename` only if
   * nothing is left at its old path. A file that is renamed and renamed back is a `modify`. So `create`, `modify` and
   * `remove` may come even when they are not among the requested `events`. Directories that have exchanged places, or
   * are renamed back, have each rename by which they did it.
   *
   * A requested `ready` stands where it came, and so does an `overflow`: what is before it is coalesced by itself.
   *
   * @throws {TypeError} if `settle` or `maxWait` is not a number
   * @throws {RangeError} if `settle` or `maxWait` is negative or NaN
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
    return batches(libc(), this.#queue, options, () => this.#engine?.wasNested ?? false);
  }

  /** Makes the watcher keep the process alive, which is the default with `persistent`. */
  ref(): void {
    this.#isRef = true;
    this.#updateRef();
  }

  /**
   * Lets the process end while the watcher is open. Pending promises of {@link ready}, {@link sync} and
   * {@link add} still keep it alive, and so does a top-level `for await`.
   *
   * @throws {Error} if this version of Deno cannot unref an FFI call
   */
  unref(): void {
    this.#isRef = false;
    this.#updateRef();
  }

  /**
   * Closes the watcher: ends all loops, discards queued events, and releases the watches that no other watcher
   * shares.
   *
   * @returns resolves when the watches are released; every call returns the same promise
   */
  close(): Promise<void> {
    return this.#end({});
  }

  /** Calls {@link close} at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Calls {@link close} at the end of a `using` scope, without waiting for it: prefer `await using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Keeps the process alive while the promise is pending. */
  async #waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#updateRef();
    try {
      return await promise;
    } finally {
      this.#waiting--;
      this.#updateRef();
    }
  }

  #updateRef(): void {
    if (this.#closed === undefined) this.#engine?.setRef(this.#isRef || this.#waiting > 0);
  }

  readonly #onAbort = (): void => void this.close();

  #end(ending: Ending): Promise<void> {
    return this.#closed ??= this.#close(ending);
  }

  async #close(ending: Ending): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#queue.end(ending);
    if ("error" in ending) this.#ready.reject(this.#failure = ending.error);
    this.#ready.resolve();
    if (this.#finishes && !this.#settingUp && !("error" in ending)) {
      await this.#engine?.pictures.finish();
    }
    await this.#engine?.close();
  }

  /** Reports what differs from an earlier picture; and, if asked, what is there. */
  #compare(engine: Engine, before: Picture, initial: boolean): Promise<void> {
    return engine.pictures.compare(before, (events, now) => {
      this.#comparing = false;
      markPast(events);
      this.#queue.put(this.#wanted(events), false);
      if (!initial) return;
      const all = [...now.paths()].map(([path, isDirectory]) =>
        entryEvent("exists", path, isDirectory)
      );
      this.#queue.put(all, false);
    });
  }

  #add(path: string): void {
    this.#paths.add(path);
    this.#blindness.begin(path);
    if (this.#closed === undefined) this.#engine?.add(path);
  }

  #ignored(path: string, isDirectory: boolean, root: string): boolean {
    try {
      const isIgnored = this.#ignores?.(path, isDirectory, root) ?? false;
      this.#blindness.found(path, isDirectory, root, isIgnored);
      return isIgnored;
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

  /** Whether one of the events closes the watcher, instead of being reported. */
  #hasFailed(events: readonly WatchEvent[]): boolean {
    for (const event of events) {
      if (event.kind !== "error" || !this.#isFatal(losslessPath(event), event.error)) continue;
      void this.#end({ error: event.error });
      return true;
    }
    return false;
  }

  #wanted(events: readonly WatchEvent[]): readonly WatchEvent[] {
    const isWanted = ({ kind }: WatchEvent) => this.#kinds.has(kind) || UNASKED.has(kind);
    return events.every(isWanted) ? events : events.filter(isWanted);
  }

  #beginLoss(): ReaderLoss<WatchEvent> {
    const engine = this.#engine!;
    const loss = engine.lose();
    let ready: readonly WatchEvent[] = [];
    const missed = () => [...this.#wanted(engine.missed(loss)), ...ready];
    return {
      marker: { kind: "overflow" },
      discard: (event) => {
        if (event.kind === "ready") ready = [event];
        else loss.miss(event);
      },
      missed,
      end: () => {
        engine.forget(loss);
        return missed();
      },
      release: () => engine.forget(loss),
    };
  }

  /** Whether an error during set-up closes the watcher, instead of being reported. @param path as lossless text */
  #isFatal(path: string, error: Error): boolean {
    if (!(error instanceof InotifyError)) return true;
    if (this.#partial) return false;
    return error.code === "ENOSPC" || error.code === "EMFILE" || this.#paths.has(path);
  }
}

/** Whether an event is no change of an entry, and so no part of a difference. */
function isNoChange({ kind }: WatchEvent): boolean {
  return kind === "error" || kind === "mount" || kind === "unmount";
}

/** The kinds that are reported unasked, wherever they come. */
const UNASKED: ReadonlySet<WatchKind> = new Set([
  "exists",
  "overflow",
  "mount",
  "unmount",
  "error",
]);

/**
 * The absolute path, as lossless text.
 *
 * @throws {InotifyError} EACCES if the runtime does not permit reading it
 */
function readable(path: Path): string {
  const text = absolute(libc(), path);
  const shown = toText(text);
  const { mayRead, mayNotRead } = libc();
  if (mayRead(shown)) return text;
  throw new InotifyError(`watch ${JSON.stringify(shown)}`, mayNotRead, {
    errno: EACCES,
    syscall: "open",
    path: shown,
  });
}
