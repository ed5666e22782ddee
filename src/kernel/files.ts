/**
 * What the watcher asks the file system about an entry.
 *
 * @module
 */

import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type Libc,
  O_CLOEXEC,
  O_PATH,
  STATX_MNT_ID,
  STATX_TYPE,
} from "../../ffi/contract.ts";
import { call } from "./call.ts";
import { cString, fromBytes } from "./byte_string.ts";

/** The longest path that a system call takes, with its NUL byte (limits.h). */
const PATH_MAX = 4096;

// The type in a mode (inode(7)).
/** All bits of it. */
export const S_IFMT = 0o170000;
/** That of a symbolic link. */
export const S_IFLNK = 0o120000;
/** That of a directory. */
export const S_IFDIR = 0o040000;
/** That of a file. */
export const S_IFREG = 0o100000;

// errno(3)
const ENOENT = 2;
const ENOTDIR = 20;
const ELOOP = 40;

const linkBuffer = new Uint8Array(PATH_MAX);
const statxBuffer = new Uint8Array(256);
const statx = new DataView(statxBuffer.buffer);

/** @returns where a symbolic link points, as lossless text; or an errno, EINVAL if it is none */
export function readLink(libc: Libc, path: string): string | number {
  const pathname = cString(path);
  const length = call(libc, () => libc.readlink(pathname, linkBuffer, PATH_MAX));
  return length < 0 ? -length : fromBytes(linkBuffer.subarray(0, length));
}

/**
 * The type of what is at a path, as it is in a mode; or a negative errno.
 *
 * @param follow whether what a symbolic link leads to is meant, and not the link
 */
export function typeOf(libc: Libc, path: string, follow: boolean): number {
  const error = status(libc, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_TYPE);
  if (error === 0) return statx.getUint16(28, true) & S_IFMT;
  if (leadsNowhere(-error)) return error;
  // Linux has statx(2) from 4.11 on, and seccomp(2) may refuse it.
  const noFollow = follow ? 0 : libc.O_NOFOLLOW;
  if (tryOpen(libc, path, noFollow | libc.O_DIRECTORY) === 0) return S_IFDIR;
  if (!follow && typeof readLink(libc, path) === "string") return S_IFLNK;
  return tryOpen(libc, path, noFollow) || S_IFREG;
}

/** Whether a call that failed with this errno says that nothing is at a path. */
export function leadsNowhere(errno: number): boolean {
  return errno === ENOENT || errno === ENOTDIR || errno === ELOOP;
}

/**
 * Whether a path leads to a directory, if need be through symbolic links. Of a link that cannot be
 * looked through this is taken for granted, so that whoever scans it learns why.
 *
 * @param isLink whether it is a symbolic link, if that is known
 */
export function leadsToDirectory(libc: Libc, path: string, isLink?: boolean): boolean {
  const type = typeOf(libc, path, true);
  if (type >= 0 || leadsNowhere(-type)) return type === S_IFDIR;
  return isLink ?? typeof readLink(libc, path) === "string";
}

/** Whether a path leads to anything, if need be through symbolic links. */
export function leadsSomewhere(libc: Libc, path: string): boolean {
  return typeOf(libc, path, true) > 0;
}

/** The number in proc_pid_mountinfo(5) of the mount that a path leads to; from Linux 5.8 on. */
export function mountId(libc: Libc, path: string): number | undefined {
  if (status(libc, path, 0, STATX_MNT_ID) !== 0) return undefined;
  const isKnown = (statx.getUint32(0, true) & STATX_MNT_ID) !== 0;
  return isKnown ? Number(statx.getBigUint64(144, true)) : undefined;
}

/** @returns 0, or a negative errno */
function status(libc: Libc, path: string, flags: number, mask: number): number {
  const pathname = cString(path);
  return call(libc, () => libc.statx(AT_FDCWD, pathname, flags, mask, statxBuffer));
}

/** Whether something is there that these flags of open(2) are for. @returns 0, or a negative errno */
function tryOpen(libc: Libc, path: string, flags: number): number {
  const pathname = cString(path);
  const fd = call(libc, () => libc.open(pathname, O_PATH | O_CLOEXEC | flags));
  if (fd < 0) return fd;
  libc.close(fd);
  return 0;
}
