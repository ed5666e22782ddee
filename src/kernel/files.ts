/**
 * What is at a path: its type, where a symbolic link points, its mount.
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
import { ELOOP, ENOENT, ENOTDIR } from "../../ffi/errno.ts";
import { call } from "./call.ts";
import { cString, fromBytes } from "./byte_string.ts";

/** The longest path that a system call takes, with its NUL byte (limits.h). */
const PATH_MAX = 4096;

// The file type in a mode (inode(7)).
/** The mask of the type's bits. */
export const S_IFMT = 0o170000;
/** A symbolic link. */
export const S_IFLNK = 0o120000;
/** A directory. */
export const S_IFDIR = 0o040000;
/** A regular file. */
export const S_IFREG = 0o100000;

const linkBuffer = new Uint8Array(PATH_MAX);
const statxBuffer = new Uint8Array(256);
const statx = new DataView(statxBuffer.buffer);

/** @returns a symbolic link's target, as lossless text; or an errno: EINVAL if the path is not a link */
export function readLink(libc: Libc, path: string): string | number {
  const pathname = cString(path);
  const length = call(libc, () => libc.readlink(pathname, linkBuffer, PATH_MAX));
  return length < 0 ? -length : fromBytes(linkBuffer.subarray(0, length));
}

/** The path to which a path leads through symbolic links, as lossless text; `undefined` if it leads nowhere. */
export function realPath(libc: Libc, path: string): string | undefined {
  const pathname = cString(path);
  const fd = call(libc, () => libc.open(pathname, O_PATH | O_CLOEXEC));
  if (fd < 0) return undefined;
  const real = readLink(libc, `/proc/self/fd/${fd}`);
  libc.close(fd);
  return typeof real === "string" ? real : undefined;
}

/**
 * The file type at a path, as the bits of a mode; or a negative errno.
 *
 * @param follow whether to follow a symbolic link at the end of the path
 */
export function typeOf(libc: Libc, path: string, follow: boolean): number {
  const error = status(libc, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_TYPE);
  if (error === 0) return statx.getUint16(28, true) & S_IFMT;
  if (leadsNowhere(-error)) return error;
  // Linux before 4.11 has no statx(2), and seccomp(2) may forbid it.
  const noFollow = follow ? 0 : libc.O_NOFOLLOW;
  if (tryOpen(libc, path, noFollow | libc.O_DIRECTORY) === 0) return S_IFDIR;
  if (!follow && typeof readLink(libc, path) === "string") return S_IFLNK;
  return tryOpen(libc, path, noFollow) || S_IFREG;
}

/** Whether an errno means that nothing exists at the path. */
export function leadsNowhere(errno: number): boolean {
  return errno === ENOENT || errno === ENOTDIR || errno === ELOOP;
}

/**
 * Whether a path leads to a directory, through symbolic links if need be. A link that cannot be followed
 * counts as one, so that a scan reports the error.
 *
 * @param isLink whether the path is a symbolic link, if known
 */
export function leadsToDirectory(libc: Libc, path: string, isLink?: boolean): boolean {
  const type = typeOf(libc, path, true);
  if (type >= 0 || leadsNowhere(-type)) return type === S_IFDIR;
  return isLink ?? typeof readLink(libc, path) === "string";
}

/** Whether something exists at a path; symbolic links are followed. */
export function leadsSomewhere(libc: Libc, path: string): boolean {
  return typeOf(libc, path, true) > 0;
}

/** The ID of a path's mount in proc_pid_mountinfo(5); `undefined` before Linux 5.8. */
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

/** Opens a path with these flags, and closes it. @returns 0, or a negative errno */
function tryOpen(libc: Libc, path: string, flags: number): number {
  const pathname = cString(path);
  const fd = call(libc, () => libc.open(pathname, O_PATH | O_CLOEXEC | flags));
  if (fd < 0) return fd;
  libc.close(fd);
  return 0;
}
