/**
 * The bits of an inotify mask, with the names and values of inotify(7).
 *
 * ```ts
 * import { IN_CLOSE_WRITE, IN_CREATE, IN_ISDIR, IN_MOVED_TO, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO);
 * await Deno.mkdir(`${directory}/sub`);
 * const [event] = await inotify.read();
 * assertEquals(event.mask, IN_CREATE | IN_ISDIR); // one event bit, and what qualifies it
 * if (event.mask & IN_CREATE) console.log("created", event.name);
 * ```
 *
 * @module
 */

/** Event: a file was read. */
export const IN_ACCESS = 0x00000001;
/** Event: a file was written to or truncated. */
export const IN_MODIFY = 0x00000002;
/** Event: metadata changed: mode, owner, times, extended attributes or link count. */
export const IN_ATTRIB = 0x00000004;
/** Event: a file that was open for writing was closed. */
export const IN_CLOSE_WRITE = 0x00000008;
/** Event: a file or directory that was not open for writing was closed. */
export const IN_CLOSE_NOWRITE = 0x00000010;
/** Event: a file or directory was opened. */
export const IN_OPEN = 0x00000020;
/** Event: an entry was renamed away from the watched directory; see the event's `cookie`. */
export const IN_MOVED_FROM = 0x00000040;
/** Event: an entry was renamed into the watched directory; see the event's `cookie`. */
export const IN_MOVED_TO = 0x00000080;
/** Event: an entry was created in the watched directory. */
export const IN_CREATE = 0x00000100;
/** Event: an entry was deleted from the watched directory. */
export const IN_DELETE = 0x00000200;
/** Event: the watched file or directory was deleted. Has no name and no `IN_ISDIR`. */
export const IN_DELETE_SELF = 0x00000400;
/** Event: the watched file or directory was renamed. Does not give the new path. */
export const IN_MOVE_SELF = 0x00000800;

/** `IN_CLOSE_WRITE | IN_CLOSE_NOWRITE`. An event has one of the two. */
export const IN_CLOSE = 0x00000018;
/** `IN_MOVED_FROM | IN_MOVED_TO`. An event has one of the two. */
export const IN_MOVE = 0x000000c0;
/** All twelve events above. An event has one of them. */
export const IN_ALL_EVENTS = 0x00000fff;

/** Always reported: the file system of the watched file was unmounted. `IN_IGNORED` follows. */
export const IN_UNMOUNT = 0x00002000;
/** Always reported: the queue was full and events were lost. The event's `wd` is -1. */
export const IN_Q_OVERFLOW = 0x00004000;
/** Always reported: the watch has ended. The last event with this `wd`. */
export const IN_IGNORED = 0x00008000;

/** Flag of addWatch: fail with ENOTDIR unless the path is a directory. */
export const IN_ONLYDIR = 0x01000000;
/** Flag of addWatch: watch a symbolic link itself, not its target. */
export const IN_DONT_FOLLOW = 0x02000000;
/** Flag of addWatch: no events for open files that were unlinked from the directory. */
export const IN_EXCL_UNLINK = 0x04000000;
/** Flag of addWatch: fail with EEXIST if the inode is already watched (Linux 4.18). */
export const IN_MASK_CREATE = 0x10000000;
/** Flag of addWatch: add to the mask of an inode that is already watched, instead of replacing it. */
export const IN_MASK_ADD = 0x20000000;
/** In an event: it is about a directory. */
export const IN_ISDIR = 0x40000000;
/** Flag of addWatch: end the watch after one event. */
export const IN_ONESHOT = 0x80000000;

const SINGLE_BITS: Readonly<Record<string, number>> = {
  IN_ACCESS,
  IN_MODIFY,
  IN_ATTRIB,
  IN_CLOSE_WRITE,
  IN_CLOSE_NOWRITE,
  IN_OPEN,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MOVE_SELF,
  IN_UNMOUNT,
  IN_Q_OVERFLOW,
  IN_IGNORED,
  IN_ONLYDIR,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_MASK_CREATE,
  IN_MASK_ADD,
  IN_ISDIR,
  IN_ONESHOT,
};

/**
 * The names of the bits of a mask, from the lowest up.
 *
 * @param mask of an event or of a watch
 * @returns a name for each bit; a bit that inotify(7) does not name appears as a hexadecimal number
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_ISDIR, maskNames } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maskNames(IN_CREATE | IN_ISDIR), ["IN_CREATE", "IN_ISDIR"]);
 * ```
 */
export function maskNames(mask: number): string[] {
  const names: string[] = [];
  let rest = mask;
  for (const [name, bit] of Object.entries(SINGLE_BITS)) {
    if ((mask & bit) === 0) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names;
}
