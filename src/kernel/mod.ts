/**
 * The kernel level: the module without `watch`, for programs that do not need it and start in half the time.
 *
 * {@link Inotify} makes the system calls of inotify(7), and has one reader that never loses, tears or misreads
 * an event.
 *
 * ```ts
 * import { IN_CREATE, IN_DELETE, Inotify, maskNames } from "@inotify/inotify/kernel";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch(".", IN_CREATE | IN_DELETE);
 * inotify.unref(); // lets this example end; leave it out to wait
 * const events = inotify.readSync();
 * for (const { mask, name } of events) console.log(maskNames(mask), name);
 * ```
 *
 * ## Gotchas
 *
 * - A watch belongs to an inode and is not recursive: each subdirectory needs a watch of its own.
 * - Two paths to one inode share a watch, and the second `addWatch` replaces the mask of the first.
 * - The kernel merges an event with an identical one just before it in the queue: never count events.
 * - After `rmWatch`, queued events of the watch are still delivered, and then one `IN_IGNORED`.
 * - Removing a file that is open, or has another link, gives `IN_ATTRIB` and not `IN_DELETE_SELF`.
 * - A Worker that ends, also by `terminate()`, closes its instances; with musl they stay open until the process
 *   ends.
 * - Writes through mmap(2), and changes by other hosts to a network file system, give no events.
 *
 * @module
 */

export { InotifyError } from "./error.ts";
export { Inotify, type InotifyOptions } from "./inotify.ts";
export { type Limits, limits, type ProcessUsage, type Usage, usage } from "./limits.ts";
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
} from "./mask.ts";
export { type InotifyEvent, parseEvents } from "./parse.ts";
export type { Path } from "./path.ts";
