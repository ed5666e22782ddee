/**
 * Whether an entry may have changed while events were lost, by its change time (ctime of inode(7)).
 *
 * @module
 */

import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type Libc,
  STATX_CTIME,
  STATX_MTIME,
  STATX_TYPE,
} from "../../ffi/contract.ts";
import { call } from "../kernel/call.ts";
import { S_IFLNK, S_IFMT } from "../kernel/files.ts";
import { cString } from "../kernel/byte_string.ts";

// linux/magic.h; the last one is OpenZFS's own.
const BTRFS_SUPER_MAGIC = 0x9123683e;
const EXT4_SUPER_MAGIC = 0xef53; // and that of ext2 and ext3
const F2FS_SUPER_MAGIC = 0xf2f52010;
const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
const RAMFS_MAGIC = 0x858458f6;
const TMPFS_MAGIC = 0x01021994;
const XFS_SUPER_MAGIC = 0x58465342;
const ZFS_SUPER_MAGIC = 0x2fc12fc1;

/**
 * The file systems whose change times come from this kernel's clock. On others they come from a server or a program
 * (NFS, SMB, 9p, FUSE), or are modification times, which anybody can set (FAT, exFAT).
 */
const RELIABLE: ReadonlySet<number> = new Set([
  BTRFS_SUPER_MAGIC,
  EXT4_SUPER_MAGIC,
  F2FS_SUPER_MAGIC,
  OVERLAYFS_SUPER_MAGIC,
  RAMFS_MAGIC,
  TMPFS_MAGIC,
  XFS_SUPER_MAGIC,
  ZFS_SUPER_MAGIC,
]);

const statxBuffer = new Uint8Array(256);
const statx = new DataView(statxBuffer.buffer);
const statfsBuffer = new Uint8Array(256);
const statfs = new DataView(statfsBuffer.buffer);

/**
 * Asks whether entries may have changed since a moment. They may, unless it is certain that they have not.
 *
 * @param since milliseconds since 1970
 * @returns a function of the path of an entry, as lossless text, and whether to follow a symbolic link there
 */
export function changedSince(
  libc: Libc,
  since: number,
): (path: string, follow?: boolean) => boolean {
  const clock = new Clock(libc);
  return (path, follow = false) => {
    const times = clock.timesOf(path, follow);
    return times === undefined || times.changed >= since || !times.isReliable;
  };
}

/**
 * Asks whether directories may have been away since a moment: moved elsewhere and back, so that whoever read a
 * file in one meanwhile found nothing, or another one. rename(2) sets the change time of what it moves, and the
 * modification time of both parents.
 *
 * @param since milliseconds since 1970
 * @param parent the directory that they are in; `undefined` if that is not watched
 * @returns a function of the path of a directory, as lossless text
 */
export function awaySince(
  libc: Libc,
  since: number,
  parent: string | undefined,
): (path: string) => boolean {
  const clock = new Clock(libc);
  const above = parent === undefined ? undefined : clock.timesOf(parent, true);
  const mayHaveMoved = above !== undefined && above.modified >= since;
  return (path) => {
    const times = clock.timesOf(path, false);
    if (times === undefined || !times.isReliable) return true;
    return times.changed >= since && (mayHaveMoved || times.modified < times.changed);
  };
}

/** The times of an entry, in milliseconds since 1970: the latest that they may stand for. */
interface Times {
  readonly changed: number;
  readonly modified: number;
  /** Whether its file system keeps them by this kernel's clock. */
  readonly isReliable: boolean;
}

/** Reads times, for one comparison. */
class Clock {
  readonly #libc: Libc;
  /** By device; not kept for longer, since the number of an unmounted device is used again. */
  readonly #reliable = new Map<bigint, boolean>();

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** @returns `undefined` if they are not known: an event will report another path, or seccomp(2) denies it */
  timesOf(path: string, follow: boolean): Times | undefined {
    const libc = this.#libc;
    const pathname = cString(path);
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const mask = STATX_TYPE | STATX_CTIME | STATX_MTIME;
    const result = call(libc, () => libc.statx(AT_FDCWD, pathname, flags, mask, statxBuffer));
    if (result !== 0 || (statx.getUint32(0, true) & STATX_CTIME) === 0) return undefined;
    const [changed, modified] = [96, 112].map(timeAt);
    const device = statx.getBigUint64(136, true);
    let isReliable = this.#reliable.get(device);
    if (isReliable === undefined) {
      const isLink = (statx.getUint16(28, true) & S_IFMT) === S_IFLNK;
      isReliable = keepsTime(libc, isLink ? path.slice(0, path.lastIndexOf("/")) || "/" : path);
      this.#reliable.set(device, isReliable);
    }
    return { changed, modified, isReliable };
  }
}

/** A time of `struct statx`. ext3, and ext4 with inodes of 128 bytes, keep whole seconds and cut off the rest. */
function timeAt(offset: number): number {
  const seconds = statx.getBigInt64(offset, true);
  const nanoseconds = statx.getUint32(offset + 8, true);
  return Number(seconds) * 1000 + (nanoseconds === 0 ? 1000 : nanoseconds / 1e6);
}

function keepsTime(libc: Libc, path: string): boolean {
  const pathname = cString(path);
  const result = call(libc, () => libc.statfs(pathname, statfsBuffer));
  return result === 0 && RELIABLE.has(statfs.getUint32(0, true));
}
