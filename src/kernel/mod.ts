/**
 * The kernel level by itself: all that the module has but `watch`, for a program that does without it and
 * starts in half the time.
 *
 * {@link Inotify} has the system calls of inotify(7), with one reader that never loses, tears or misreads
 * an event.
 *
 * ```ts
 * import { IN_CREATE, IN_DELETE, Inotify, maskNames } from "@inotify/inotify/kernel";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch(".", IN_CREATE | IN_DELETE);
 * inotify.unref(); // so that this example ends; leave it out to wait for ever
 * const events = inotify.readSync();
 * for (const { mask, name } of events) console.log(maskNames(mask), name);
 * ```
 *
 * ## Gotchas
 *
 * - A watch is of an inode and not recursive: what is in a subdirectory needs a watch of its own.
 * - Two paths to one inode share a watch, and the second `addWatch` replaces the mask of the first.
 * - Identical neighbours that nobody has read yet are merged by the kernel: never count events.
 * - `rmWatch` is followed by one `IN_IGNORED`; events of that watch may still come before it.
 * - Removing a file that is open, or has another link, gives `IN_ATTRIB` and not `IN_DELETE_SELF`.
 * - A Worker that ends lets go of all that it has open, also by `terminate()`; with musl it does not, until
 *   the process ends. In a worker thread of Node.js only `readSync` reads.
 * - Writes through mmap(2), and changes made by other hosts to a network file system, give nothing.
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
