/**
 * Linux inotify for Deno, Bun and Node.js, through the FFI of the runtime.
 *
 * {@link watch} is the path level: it watches whole trees and single files, and loses no change silently.
 *
 * ```ts
 * import { watch } from "@inotify/inotify";
 *
 * const signal = AbortSignal.timeout(100); // ends this example; leave it out to keep watching
 * for await (const event of watch(".", { ignore: ["node_modules", ".git"], signal })) {
 *   if (event.kind === "rename") console.log(event.from, "is now", event.path);
 *   else console.log(event);
 * }
 * ```
 *
 * {@link Inotify} is the kernel level: the system calls of inotify(7), and one reader that neither loses nor
 * splits events. It is also exported as `@inotify/inotify/kernel`, which has its examples and gotchas.
 *
 * ## Gotchas
 *
 * - A rename between watched directories is one `rename`. A rename from elsewhere is a `create` of the entry and
 *   of everything below it; a rename to elsewhere is one `remove`, which includes everything below.
 * - After an `overflow` only the differences are reported: entries that were created and removed meanwhile
 *   remain unknown.
 * - Writing a file gives one or more `modify`: the kernel merges equal events that are not read in between
 *   (inotify(7)). To react when writing is over, use `closeWrite` or {@link Watcher.batches}.
 * - A hard link is an entry of its own. Writing through one name is reported for that name only, unless another
 *   name is a given path.
 * - What is mounted inside a watched directory, or over it, is reported by `mount`, and then what it hides as `remove`
 *   and what is there as `create`. A mount that comes and goes at once may not be noticed.
 * - A directory that cannot be watched is reported by `error`. It is tried again when it is created again, after an
 *   `overflow`, and after `remove` and `add` of its root.
 * - With the kinds `open`, `access` and `closeNoWrite`, the watcher's own scans of directories are reported, too.
 *
 * @module
 */

export type { BatchOptions } from "./src/watch/batches.ts";
export type {
  EntryEvent,
  EntryKind,
  ErrorEvent,
  MountEvent,
  OverflowEvent,
  ReadyEvent,
  RenameEvent,
  UnmountEvent,
  WatchEvent,
  WatchKind,
} from "./src/engine/event.ts";
export type { Ignore } from "./src/watch/ignore.ts";
export type { WatchOptions } from "./src/watch/options.ts";
export { watch, Watcher } from "./src/watch/watcher.ts";
export * from "./src/kernel/mod.ts";
