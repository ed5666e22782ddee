/**
 * The bits of an inotify mask, with the names and values of inotify(7).
 *
 * @module
 */

/**
 * A file was read from (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_ACCESS, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, "hello");
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_ACCESS);
 * await Deno.readTextFile(file);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_ACCESS);
 * ```
 */
export const IN_ACCESS = 0x00000001;
/**
 * A file was written to or truncated (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_MODIFY, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_MODIFY);
 * await Deno.writeTextFile(file, "hello");
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_MODIFY);
 * ```
 */
export const IN_MODIFY = 0x00000002;
/**
 * Metadata changed: permissions, times, owner, extended attributes, and the link count, so that
 * unlinking a file that is open or has another link gives this and not `IN_DELETE_SELF` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_ATTRIB, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_ATTRIB);
 * await Deno.chmod(file, 0o600);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_ATTRIB);
 * ```
 */
export const IN_ATTRIB = 0x00000004;
/**
 * A file that was open for writing was closed (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CLOSE_WRITE, IN_MOVED_TO, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_CLOSE_WRITE | IN_MOVED_TO); // files that are complete
 * await Deno.writeTextFile(`${directory}/file`, "all of it");
 * assertEquals((await inotify.read()).map(({ name }) => name), ["file"]);
 * ```
 */
export const IN_CLOSE_WRITE = 0x00000008;
/**
 * A file or directory that was not open for writing was closed (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CLOSE_NOWRITE, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_CLOSE_NOWRITE);
 * await Deno.readTextFile(file);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_CLOSE_NOWRITE);
 * ```
 */
export const IN_CLOSE_NOWRITE = 0x00000010;
/**
 * A file or directory was opened (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_OPEN, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_OPEN);
 * await Deno.readTextFile(file);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_OPEN);
 * ```
 */
export const IN_OPEN = 0x00000020;
/**
 * An entry was renamed away from the watched directory; see the event's `cookie` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_MOVED_FROM, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/file`, "");
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_MOVED_FROM);
 * await Deno.rename(`${directory}/file`, await Deno.makeTempFile());
 * const [{ name }] = await inotify.read();
 * assertEquals(name, "file"); // where to, only a watch of that directory tells
 * ```
 */
export const IN_MOVED_FROM = 0x00000040;
/**
 * An entry was renamed into the watched directory; see the event's `cookie` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_MOVE, IN_MOVED_FROM, IN_MOVED_TO, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/old`, "");
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_MOVE);
 * await Deno.rename(`${directory}/old`, `${directory}/new`);
 * const [from, to] = await inotify.read();
 * assertEquals([from.mask, from.name], [IN_MOVED_FROM, "old"]);
 * assertEquals([to.mask, to.name], [IN_MOVED_TO, "new"]);
 * assertEquals(from.cookie, to.cookie);
 * ```
 */
export const IN_MOVED_TO = 0x00000080;
/**
 * An entry was created in the watched directory (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_CREATE);
 * await Deno.writeTextFile(`${directory}/file`, "");
 * const [{ mask, name }] = await inotify.read();
 * assertEquals([mask, name], [IN_CREATE, "file"]);
 * ```
 */
export const IN_CREATE = 0x00000100;
/**
 * An entry was deleted from the watched directory (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_DELETE, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/file`, "");
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_DELETE);
 * await Deno.remove(`${directory}/file`);
 * const [{ mask, name }] = await inotify.read();
 * assertEquals([mask, name], [IN_DELETE, "file"]);
 * ```
 */
export const IN_DELETE = 0x00000200;
/**
 * What is watched was deleted; the event has no name, and no `IN_ISDIR` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_DELETE_SELF, IN_IGNORED, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_DELETE_SELF);
 * await Deno.remove(file);
 * const events = await inotify.read();
 * assertEquals(events.map(({ mask }) => mask), [IN_DELETE_SELF, IN_IGNORED]);
 * ```
 */
export const IN_DELETE_SELF = 0x00000400;
/**
 * What is watched was moved; the event does not say where to (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_MOVE_SELF, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_MOVE_SELF);
 * await Deno.rename(file, `${file}.old`);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_MOVE_SELF);
 * ```
 */
export const IN_MOVE_SELF = 0x00000800;

/**
 * `IN_CLOSE_WRITE | IN_CLOSE_NOWRITE` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CLOSE, IN_CLOSE_NOWRITE, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * inotify.addWatch(file, IN_CLOSE);
 * await Deno.readTextFile(file);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_CLOSE_NOWRITE); // an event has one of the two bits
 * ```
 */
export const IN_CLOSE = 0x00000018;
/**
 * `IN_MOVED_FROM | IN_MOVED_TO` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_MOVE, Inotify, maskNames } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${directory}/a`, "");
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_MOVE);
 * await Deno.rename(`${directory}/a`, `${directory}/b`);
 * const events = await inotify.read();
 * assertEquals(events.map(({ mask }) => maskNames(mask)), [["IN_MOVED_FROM"], ["IN_MOVED_TO"]]);
 * ```
 */
export const IN_MOVE = 0x000000c0;
/**
 * All twelve events (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_ALL_EVENTS, Inotify, maskNames } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_ALL_EVENTS);
 * await Deno.mkdir(`${directory}/sub`);
 * const [{ mask }] = await inotify.read();
 * assertEquals(maskNames(mask), ["IN_CREATE", "IN_ISDIR"]);
 * ```
 */
export const IN_ALL_EVENTS = 0x00000fff;

/**
 * Comes unasked: the file system of what is watched was unmounted; `IN_IGNORED` follows (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_IGNORED, IN_UNMOUNT, type InotifyEvent } from "@inotify/inotify";
 *
 * function isGone({ mask }: InotifyEvent): boolean {
 *   return (mask & (IN_UNMOUNT | IN_IGNORED)) !== 0;
 * }
 * console.log(isGone({ wd: 1, mask: IN_UNMOUNT, cookie: 0, name: "" })); // true
 * ```
 */
export const IN_UNMOUNT = 0x00002000;
/**
 * Comes unasked: the queue was full and events are lost; the event's `wd` is -1 (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_Q_OVERFLOW, type InotifyEvent } from "@inotify/inotify";
 *
 * function handle(event: InotifyEvent): void {
 *   if (event.mask & IN_Q_OVERFLOW) console.log("look at everything again");
 * }
 * handle({ wd: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: "" });
 * ```
 */
export const IN_Q_OVERFLOW = 0x00004000;
/**
 * Comes unasked: the watch is gone, and no more events of this `wd` follow (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_IGNORED, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * const wd = inotify.addWatch(".", IN_CREATE);
 * inotify.rmWatch(wd);
 * assertEquals(await inotify.read(), [{ wd, mask: IN_IGNORED, cookie: 0, name: "" }]);
 * ```
 */
export const IN_IGNORED = 0x00008000;

/**
 * With addWatch: fail with ENOTDIR unless the path is a directory (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_ONLYDIR, Inotify } from "@inotify/inotify";
 * import { assertThrows } from "@std/assert";
 *
 * const file = await Deno.makeTempFile();
 * await using inotify = new Inotify();
 * assertThrows(() => inotify.addWatch(file, IN_CREATE | IN_ONLYDIR)); // ENOTDIR
 * ```
 */
export const IN_ONLYDIR = 0x01000000;
/**
 * With addWatch: do not follow a symbolic link at the end of the path (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_DONT_FOLLOW, IN_MOVE_SELF, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.symlink("elsewhere", `${directory}/link`);
 * await using inotify = new Inotify();
 * inotify.addWatch(`${directory}/link`, IN_MOVE_SELF | IN_DONT_FOLLOW); // the link itself
 * await Deno.rename(`${directory}/link`, `${directory}/moved`);
 * const [{ mask }] = await inotify.read();
 * assertEquals(mask, IN_MOVE_SELF);
 * ```
 */
export const IN_DONT_FOLLOW = 0x02000000;
/**
 * With addWatch: no events of entries that are unlinked from the directory (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_EXCL_UNLINK, IN_MODIFY, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const file = await Deno.create(`${directory}/file`);
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_MODIFY | IN_EXCL_UNLINK);
 * await Deno.remove(`${directory}/file`);
 * await file.write(new Uint8Array(1)); // by no name in the directory
 * file.close();
 * assertEquals(inotify.readSync(), []);
 * ```
 */
export const IN_EXCL_UNLINK = 0x04000000;
/**
 * With addWatch: fail with EEXIST if the inode is watched already, instead of replacing its mask
 * (inotify(7), Linux 4.18).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_DELETE, IN_MASK_CREATE, Inotify } from "@inotify/inotify";
 * import { assertThrows } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch(".", IN_CREATE);
 * assertThrows(() => inotify.addWatch(".", IN_DELETE | IN_MASK_CREATE)); // EEXIST
 * ```
 */
export const IN_MASK_CREATE = 0x10000000;
/**
 * With addWatch: add to the mask of a watched inode, instead of replacing it (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_DELETE, IN_MASK_ADD, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * const wd = inotify.addWatch(".", IN_CREATE);
 * assertEquals(inotify.addWatch(".", IN_DELETE | IN_MASK_ADD), wd); // both, from now on
 * ```
 */
export const IN_MASK_ADD = 0x20000000;
/**
 * In an event: its subject is a directory (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_ISDIR, Inotify } from "@inotify/inotify";
 * import { assert } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_CREATE);
 * await Deno.mkdir(`${directory}/sub`);
 * const [event] = await inotify.read();
 * assert(event.mask & IN_ISDIR);
 * ```
 */
export const IN_ISDIR = 0x40000000;
/**
 * With addWatch: remove the watch after one event (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_CREATE, IN_IGNORED, IN_ONESHOT, Inotify } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await using inotify = new Inotify();
 * inotify.addWatch(directory, IN_CREATE | IN_ONESHOT);
 * await Deno.writeTextFile(`${directory}/one`, "");
 * await Deno.writeTextFile(`${directory}/two`, "");
 * const events = await inotify.read();
 * assertEquals(events.map(({ mask }) => mask), [IN_CREATE, IN_IGNORED]);
 * ```
 */
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
