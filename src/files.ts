/**
 * What the watcher asks the file system about an entry.
 *
 * @module
 */

import { AT_FDCWD, type Libc, STATX_CTIME, STATX_MNT_ID, STATX_TYPE } from "../ffi/contract.ts";
import { call } from "./call.ts";
import { cString, fromBytes } from "./lossless.ts";

/** The longest path that a system call takes, with its NUL byte (limits.h). */
const PATH_MAX = 4096;

const linkBuffer = new Uint8Array(PATH_MAX);
const statxBuffer = new Uint8Array(256);
const statx = new DataView(statxBuffer.buffer);

/** @returns where a symbolic link points, as lossless text; or an errno, EINVAL if it is none */
export function readLink(libc: Libc, path: string): string | number {
  const pathname = cString(path);
  const length = call(libc, () => libc.readlink(pathname, linkBuffer, PATH_MAX));
  return length < 0 ? -length : fromBytes(linkBuffer.subarray(0, length));
}

/** Whether a path leads to a directory, if need be through symbolic links. */
export function leadsToDirectory(libc: Libc, path: string): boolean {
  const S_IFMT = 0o170000;
  const S_IFDIR = 0o040000;
  return status(libc, path, 0, STATX_TYPE) &&
    (statx.getUint16(28, true) & S_IFMT) === S_IFDIR;
}

/** Whether a path leads to anything, if need be through symbolic links. */
export function leadsSomewhere(libc: Libc, path: string): boolean {
  return status(libc, path, 0, STATX_TYPE);
}

/** When an entry was last changed: milliseconds since 1970. @param follow whether a link stands for its target */
export function changeTime(libc: Libc, path: string, follow: boolean = false): number | undefined {
  const AT_SYMLINK_NOFOLLOW = 0x100;
  if (!status(libc, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_CTIME)) return undefined;
  return Number(statx.getBigInt64(96, true)) * 1000 + statx.getUint32(104, true) / 1e6;
}

/** The number in proc_pid_mountinfo(5) of the mount that a path leads to; from Linux 5.8 on. */
export function mountId(libc: Libc, path: string): number | undefined {
  if (!status(libc, path, 0, STATX_MNT_ID)) return undefined;
  const isKnown = (statx.getUint32(0, true) & STATX_MNT_ID) !== 0;
  return isKnown ? Number(statx.getBigUint64(144, true)) : undefined;
}

function status(libc: Libc, path: string, flags: number, mask: number): boolean {
  const pathname = cString(path);
  return call(libc, () => libc.statx(AT_FDCWD, pathname, flags, mask, statxBuffer)) === 0;
}
