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
  /** By device; not kept for longer, since the number of an unmounted device is used again. */
  const reliable = new Map<bigint, boolean>();
  return (path, follow = false) => {
    const pathname = cString(path);
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const mask = STATX_TYPE | STATX_CTIME;
    const result = call(libc, () => libc.statx(AT_FDCWD, pathname, flags, mask, statxBuffer));
    // Denied by seccomp(2); or it has another path by now, which an event will report.
    if (result !== 0 || (statx.getUint32(0, true) & STATX_CTIME) === 0) return true;
    const seconds = statx.getBigInt64(96, true);
    const nanoseconds = statx.getUint32(104, true);
    // ext3, and ext4 with inodes of 128 bytes, keep whole seconds and cut off the rest.
    const latest = Number(seconds) * 1000 + (nanoseconds === 0 ? 1000 : nanoseconds / 1e6);
    if (latest >= since) return true;
    const device = statx.getBigUint64(136, true);
    let isReliable = reliable.get(device);
    if (isReliable === undefined) {
      const isLink = (statx.getUint16(28, true) & S_IFMT) === S_IFLNK;
      isReliable = keepsTime(libc, isLink ? path.slice(0, path.lastIndexOf("/")) || "/" : path);
      reliable.set(device, isReliable);
    }
    return !isReliable;
  };
}

function keepsTime(libc: Libc, path: string): boolean {
  const pathname = cString(path);
  const result = call(libc, () => libc.statfs(pathname, statfsBuffer));
  return result === 0 && RELIABLE.has(statfs.getUint32(0, true));
}
