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
 * tears or misreads an event.
 *
 * ```ts
 * import { IN_CREATE, IN_DELETE, Inotify, maskNames } from "@inotify/inotify";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch(".", IN_CREATE | IN_DELETE);
 * inotify.unref(); // so that this example ends; leave it out to wait for ever
 * const events = inotify.readSync();
 * for (const { mask, name } of events) console.log(maskNames(mask), name);
 * ```
 *
 * ## Gotchas of the path level
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
 * ## Gotchas of the kernel level
 *
 * - A watch is of an inode and not recursive: what is in a subdirectory needs a watch of its own.
 * - Two paths to one inode share a watch, and the second `addWatch` replaces the mask of the first.
 * - Identical neighbours that nobody has read yet are merged by the kernel: never count events.
 * - `rmWatch` is followed by one `IN_IGNORED`; events of that watch may still come before it.
 * - Removing a file that is open, or has another link, gives `IN_ATTRIB` and not `IN_DELETE_SELF`.
 * - A Worker that ends leaves its instances open until the process ends: close them first. In a worker
 *   thread of Node.js only `readSync` reads.
 * - Writes through mmap(2), and changes made by other hosts to a network file system, give nothing.
 *
 * @module
 */

export { InotifyError } from "./src/error.ts";
export type {
  EntryEvent,
  EntryKind,
  ErrorEvent,
  OverflowEvent,
  RenameEvent,
  UnmountEvent,
  WatchEvent,
  WatchKind,
} from "./src/event.ts";
export type { Ignore } from "./src/ignore.ts";
export { Inotify, type InotifyOptions } from "./src/inotify.ts";
export { type Limits, limits, type ProcessUsage, type Usage, usage } from "./src/limits.ts";
export {
  IN_ACCESS,
  IN_ALL_EVENTS,
  IN_ATTRIB,
  IN_CLOSE,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_IGNORED,
  IN_ISDIR,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_MODIFY,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONESHOT,
  IN_ONLYDIR,
  IN_OPEN,
  IN_Q_OVERFLOW,
  IN_UNMOUNT,
  maskNames,
} from "./src/mask.ts";
export { type InotifyEvent, parseEvents } from "./src/parse.ts";
export type { Path } from "./src/path.ts";
export { type BatchOptions, watch, Watcher, type WatchOptions } from "./src/watcher.ts";
