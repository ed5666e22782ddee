/**
 * Watches one directory and lists it, both for sure the same one.
 *
 * A path may come to mean another directory between two calls. So the directory is opened once, and
 * watched and listed by its descriptor.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY } from "../ffi/contract.ts";
import { call } from "./call.ts";
import { readLink } from "./files.ts";
import { cString, fromBytes, toText } from "./lossless.ts";
import { IN_MASK_ADD, IN_ONLYDIR } from "./mask.ts";

/** What a scan found. */
export interface Scan {
  /** The watch descriptor of the directory. */
  readonly wd: number;
  /** Whether each of its entries is a directory, by lossless name. */
  readonly entries: ReadonlyMap<string, boolean>;
}

/** A scan that failed. */
export interface ScanFailure {
  /** The function's C name. */
  readonly syscall: string;
  /** A positive number. */
  readonly errno: number;
}

const buffer = new Uint8Array(64 * 1024);

/**
 * Adds a directory to an inotify instance, and then reads its entries.
 *
 * @param path lossless text
 * @param mask of the watch; added to what the instance has of this directory already
 * @param follow whether a symbolic link to a directory will do
 */
export function scan(
  libc: Libc,
  inotify: number,
  path: string,
  mask: number,
  follow: boolean,
): Scan | ScanFailure {
  const flags = O_RDONLY | O_CLOEXEC | libc.O_DIRECTORY | (follow ? 0 : libc.O_NOFOLLOW);
  const fd = call(libc, () => libc.open(cString(path), flags));
  if (fd < 0) return { syscall: "open", errno: -fd };
  try {
    const descriptor = `/proc/self/fd/${fd}`;
    if (follow) {
      const real = readLink(libc, descriptor);
      if (typeof real === "string" && !libc.mayRead(toText(real))) {
        return { syscall: "open", errno: EACCES };
      }
    }
    const self = cString(descriptor);
    const bits = (mask | IN_ONLYDIR | IN_MASK_ADD) >>> 0;
    const wd = call(libc, () => libc.inotify_add_watch(inotify, self, bits));
    if (wd < 0) return { syscall: "inotify_add_watch", errno: -wd };
    const entries = new Map<string, boolean>();
    for (;;) {
      const length = call(libc, () => libc.getdents64(fd, buffer, buffer.length));
      if (length < 0) return { syscall: "getdents64", errno: -length };
      // A short answer is not the last one on every file system; an empty one is.
      if (length === 0) return { wd, entries };
      parseDirents(buffer.subarray(0, length), entries);
    }
  } finally {
    libc.close(fd);
  }
}

// errno(3)
const EACCES = 13;

const DT_UNKNOWN = 0;
const DT_DIR = 4;
const D_RECLEN = 16;
const D_TYPE = 18;
const D_NAME = 19;
const latin1 = new TextDecoder("latin1");

/** `struct linux_dirent64`: u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[]. */
function parseDirents(bytes: Uint8Array, entries: Map<string, boolean>): void {
  const text = latin1.decode(bytes);
  for (let offset = 0; offset < bytes.length;) {
    const next = offset + bytes[offset + D_RECLEN] + (bytes[offset + D_RECLEN + 1] << 8);
    const type = bytes[offset + D_TYPE];
    const start = offset + D_NAME;
    let end = start;
    let bits = 0;
    for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) bits |= byte;
    const name = bits < 0x80 ? text.slice(start, end) : fromBytes(bytes.subarray(start, end));
    if (name !== "." && name !== "..") entries.set(name, type === DT_DIR || type === DT_UNKNOWN);
    offset = next;
  }
}
