/**
 * Linux inotify for Deno, Bun and Node.js, by the runtime's own FFI.
 *
 * {@link watch} is the path level: it watches whole trees, and single files, and never loses anything
 * silently.
 *
 * ```ts
 * import { watch } from "@inotify/inotify";
 *
 * const signal = AbortSignal.timeout(100); // so that this example ends; leave it out to watch for ever
 * for await (const event of watch(".", { ignore: ["node_modules", ".git"], signal })) {
 *   if (event.kind === "rename") console.log(event.from, "is now", event.path);
 *   else console.log(event);
 * }
 * ```
 *
 * {@link Inotify} is the kernel level: the system calls of inotify(7) with one reader that never loses,
 * tears or misreads an event. It is to be had by itself as `@inotify/inotify/kernel`, where its examples
 * and gotchas are.
 *
 * ## Gotchas
 *
 * - A rename within what is watched is one `rename`; from elsewhere it is a `create`, with all below,
 *   and to elsewhere a `remove`. Each says all that is to know of what is below.
 * - After `overflow` come the differences only; what came and went meanwhile nobody knows.
 * - A file that is written gives one `modify` or several: the kernel merges what is not read in between.
 *   To wait for the end of the writing, ask for `closeWrite`, or take {@link Watcher.batches}.
 * - A hard link is an entry of its own: what is written by one name is told of that name, unless the
 *   other one is itself a path that was given.
 * - What is mounted over a watched directory is not seen before the next `overflow`.
 * - A directory that cannot be watched is told of by `error`; it is tried again when it is created anew,
 *   after an `overflow`, and by `remove` and `add` of its root.
 * - With the kinds `open`, `access` and `closeNoWrite` the watcher's own looks into directories are told.
 *
 * @module
 */

export type { BatchOptions } from "./src/watch/batches.ts";
export type {
  EntryEvent,
  EntryKind,
  ErrorEvent,
  OverflowEvent,
  RenameEvent,
  UnmountEvent,
  WatchEvent,
  WatchKind,
} from "./src/engine/event.ts";
export type { Ignore } from "./src/watch/ignore.ts";
export type { WatchOptions } from "./src/watch/options.ts";
export { watch, Watcher } from "./src/watch/watcher.ts";
export * from "./src/kernel/mod.ts";
