/**
 * A drop-in for @parcel/watcher, on every runtime and without a native add-on. To switch, change the import.
 *
 * ```ts
 * import { subscribe } from "@inotify/inotify/parcel";
 *
 * const directory = await Deno.makeTempDir();
 * const told = Promise.withResolvers<void>();
 * const subscription = await subscribe(directory, (error, events) => {
 *   if (error) console.error(error);
 *   for (const { type, path } of events) console.log(type, path); // create …/a
 *   told.resolve();
 * });
 * await Deno.writeTextFile(`${directory}/a`, "hello");
 * await told.promise;
 * await subscription.unsubscribe();
 * ```
 *
 * The events are those of @parcel/watcher on Linux, except that:
 *
 * - No event is lost: neither in a new directory before it is watched, nor when the kernel drops some. A directory that
 *   is renamed or moves in is a `create` with everything below it.
 * - A file that is replaced by another one is an `update`, and not a `create`.
 * - Where a directory was removed, and something is at its path again, the callback is called twice: with the `delete`,
 *   and with the `create`.
 * - The first change after half a second of quiet is reported after 5 milliseconds, and not at once: a save is one
 *   event. Later ones wait for 50 milliseconds of quiet, and for half a second at most, as there.
 * - A directory that is removed, and comes back, is still watched.
 * - What cannot be watched is an error for the callback, and the rest is watched.
 *
 * @module
 */

import { readFile, writeFile } from "node:fs/promises";
import { libc } from "../../ffi/libc.ts";
import { entryEvent, losslessPath, type WatchEvent } from "../engine/event.ts";
import type { Picture } from "../engine/picture.ts";
import { ancestors } from "../engine/root_map.ts";
import { decode } from "../engine/snapshot.ts";
import { absolute } from "../kernel/absolute.ts";
import { toText } from "../kernel/byte_string.ts";
import { check } from "../watch/options.ts";
import { readerOf } from "../watch/watcher.ts";
import { coalesce, type Event, type EventType, type SubscribeCallback } from "./parcel_events.ts";
import { toIgnore } from "./parcel_ignore.ts";
import { begun, find, open, type Place, Watching } from "./parcel_watching.ts";

export type { Event, EventType, SubscribeCallback };

/**
 * The backends of @parcel/watcher. Here it is always inotify.
 *
 * @example
 * ```ts
 * import { type BackendType, subscribe } from "@inotify/inotify/parcel";
 *
 * const backend: BackendType = "inotify";
 * const { unsubscribe } = await subscribe(".", () => {}, { backend });
 * await unsubscribe();
 * ```
 */
export type BackendType = "fs-events" | "watchman" | "inotify" | "windows" | "brute-force";

/**
 * Options of each function.
 *
 * @example
 * ```ts
 * import { type Options, subscribe } from "@inotify/inotify/parcel";
 *
 * const options: Options = { ignore: ["dist", "**\/*.tmp", /(^|\/)\.git(\/|$)/] };
 * const { unsubscribe } = await subscribe(".", () => {}, options);
 * await unsubscribe();
 * ```
 */
export interface Options {
  /**
   * Entries that are not watched, with everything below them: paths, relative to the directory or absolute; globs,
   * matched against the whole path that is relative to the directory; and RegExps without flags, tested against it.
   */
  readonly ignore?: readonly (string | RegExp)[];
  /** Has no effect. Where @parcel/watcher does not have a backend, it uses another one, too. */
  readonly backend?: BackendType;
}

/**
 * What {@link subscribe} resolves with.
 *
 * @example
 * ```ts
 * import { type AsyncSubscription, subscribe } from "@inotify/inotify/parcel";
 *
 * const subscription: AsyncSubscription = await subscribe(".", () => {});
 * await subscription.unsubscribe();
 * ```
 */
export interface AsyncSubscription {
  /** Ends the subscription: the callback is not called any more. @returns resolves when nothing is watched */
  unsubscribe(): Promise<void>;
}

/**
 * Calls back with what changes in a directory and everything below it, in batches. A callback that is subscribed twice
 * is called once.
 *
 * The process is kept alive until {@link unsubscribe}.
 *
 * @param dir an existing directory; a relative one is resolved against the current working directory
 * @returns resolves when everything is watched: later changes are reported
 * @throws {InotifyError} ENOENT if there is no such directory, ENOTDIR if it is something else; EACCES if the runtime
 * does not permit reading it (Deno's `--allow-read`, Node's `--allow-fs-read`); ENOSPC and EMFILE at inotify's limits
 * @throws {TypeError} if an option is invalid
 * @throws {Error} if the system is not Linux, or the runtime has no usable FFI
 *
 * @example
 * ```ts
 * import { subscribe } from "@inotify/inotify/parcel";
 *
 * const subscription = await subscribe(".", (error, events) => console.log(error ?? events), {
 *   ignore: ["node_modules", ".git"],
 * });
 * await subscription.unsubscribe(); // ends this example; leave it out to keep watching
 * ```
 */
export async function subscribe(
  dir: string,
  fn: SubscribeCallback,
  opts: Options = {},
): Promise<AsyncSubscription> {
  check("fn", fn, typeof fn === "function", "a function");
  const place = resolve(dir, opts);
  return { unsubscribe: await (find(place.key) ?? new Watching(place)).subscribe(fn) };
}

/**
 * Ends a subscription, which is found by the directory, the callback and the option `ignore`.
 *
 * @returns resolves when nothing is watched for it any more
 *
 * @example
 * ```ts
 * import { subscribe, type SubscribeCallback, unsubscribe } from "@inotify/inotify/parcel";
 *
 * const log: SubscribeCallback = (error, events) => console.log(error ?? events);
 * await subscribe(".", log);
 * await unsubscribe(".", log);
 * ```
 */
export async function unsubscribe(
  dir: string,
  fn: SubscribeCallback,
  opts: Options = {},
): Promise<void> {
  await find(resolve(dir, opts).key)?.unsubscribe(fn);
}

/**
 * Writes what is in a directory, and everything below it, to a file for {@link getEventsSince}.
 *
 * If the directory is watched with the same `ignore`, that is what the callbacks have been told: what they have not is
 * an event since the snapshot.
 *
 * @param snapshot the file
 * @returns resolves with the absolute path of the file
 * @throws {Error} as {@link subscribe}; or if the file cannot be written
 *
 * @example
 * ```ts
 * import { getEventsSince, writeSnapshot } from "@inotify/inotify/parcel";
 *
 * const directory = await Deno.makeTempDir();
 * const snapshot = `${directory}.snapshot`;
 * await writeSnapshot(directory, snapshot);
 * await Deno.writeTextFile(`${directory}/a`, "hello");
 * console.log(await getEventsSince(directory, snapshot)); // [{ type: "create", path: "…/a" }]
 * ```
 */
export async function writeSnapshot(
  dir: string,
  snapshot: string,
  opts: Options = {},
): Promise<string> {
  const place = resolve(dir, opts);
  const path = toText(absolute(libc(), snapshot));
  const known = find(place.key)?.watcher;
  const watcher = known ?? open(place);
  try {
    await begun(watcher, place);
    await writeFile(path, await watcher.snapshot());
  } finally {
    if (known === undefined) await watcher.close();
  }
  return path;
}

/**
 * What has changed in a directory, and everything below it, since a snapshot.
 *
 * @param snapshot the file that {@link writeSnapshot} has written; if that was for another directory, all that is there
 * is new
 * @throws {Error} as {@link subscribe}; or if the file cannot be read
 * @throws {TypeError} if the file is no snapshot, as one of @parcel/watcher
 *
 * @example
 * ```ts
 * import { getEventsSince, writeSnapshot } from "@inotify/inotify/parcel";
 *
 * const directory = await Deno.makeTempDir();
 * const snapshot = `${directory}.snapshot`;
 * for (const { type, path } of await getEventsSince(directory, snapshot).catch(() => [])) {
 *   console.log(type, path); // what has changed since the last run
 * }
 * await writeSnapshot(directory, snapshot);
 * ```
 */
export async function getEventsSince(
  dir: string,
  snapshot: string,
  opts: Options = {},
): Promise<Event[]> {
  const place = resolve(dir, opts);
  const since = await readFile(toText(absolute(libc(), snapshot)));
  const before = decode(since);
  const watcher = open(place, { since, initial: before.find(place.root) === undefined });
  try {
    const reader = readerOf(watcher);
    await begun(watcher, place);
    const events = reader.take();
    return coalesce([...removedWithin(events, before), ...events], place.root).flat();
  } finally {
    await watcher.close();
  }
}

/**
 * The functions by name, as `import watcher from "@parcel/watcher"` has them.
 *
 * @example
 * ```ts
 * import watcher from "@inotify/inotify/parcel";
 *
 * const subscription = await watcher.subscribe(".", (error, events) => console.log(error ?? events));
 * await subscription.unsubscribe();
 * ```
 */
const watcher: {
  readonly subscribe: typeof subscribe;
  readonly unsubscribe: typeof unsubscribe;
  readonly writeSnapshot: typeof writeSnapshot;
  readonly getEventsSince: typeof getEventsSince;
} = { subscribe, unsubscribe, writeSnapshot, getEventsSince };
export default watcher;

function resolve(dir: string, options: Options): Place {
  const { ignore = [] } = options;
  check("ignore", ignore, Array.isArray(ignore), "an array");
  const root = absolute(libc(), dir);
  const key = JSON.stringify([root, ...ignore.map((one) => [typeof one, String(one)])]);
  return { root, ignore: toIgnore(toText(root), ignore), key };
}

/** The removals of what was in removed directories. */
function* removedWithin(events: readonly WatchEvent[], before: Picture): Generator<WatchEvent> {
  const removed = new Set<string>();
  for (const event of events) {
    if (event.kind === "remove" && event.isDirectory) removed.add(losslessPath(event));
  }
  if (removed.size === 0) return;
  for (const [path, isDirectory] of before.paths()) {
    const isWithin = ancestors(path).some((above) => removed.has(above));
    if (isWithin) yield entryEvent("remove", path, isDirectory);
  }
}
