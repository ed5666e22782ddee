/**
 * Scans a directory: opens it, and watches and lists it by its descriptor, since its path may lead to another one
 * between two calls.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY, SEEK_SET } from "../../ffi/contract.ts";
import { EACCES, ELOOP, ENOENT, ESTALE } from "../../ffi/errno.ts";
import { call } from "../kernel/call.ts";
import { leadsNowhere, readLink, S_IFDIR, S_IFREG, typeOf } from "../kernel/files.ts";
import { Listing } from "./listing.ts";
import { cString, sharedCString, toText } from "../kernel/byte_string.ts";
import { IN_MASK_ADD, IN_ONLYDIR } from "../kernel/mask.ts";

/** What a scan found. */
export interface Scan {
  /** The watch descriptor of the directory. */
  readonly wd: number;
  /** Its entries; not all of them, if there is a {@link rest}. */
  readonly listing: Listing;
  /** Reads the rest of a large directory, a piece at each step, and closes it. */
  readonly rest: Rest | undefined;
  /** Why it could not be read, if that failed. It is watched all the same. */
  readonly failure: ScanFailure | undefined;
}

/** Reads on; returns the failure, if it failed. */
export type Rest = Generator<void, ScanFailure | undefined>;

/** A scan that failed. */
export interface ScanFailure {
  /** The function's C name. */
  readonly syscall: string;
  /** A positive number. */
  readonly errno: number;
}

/**
 * Whether a scan failed because its path leads to no directory, or because that was removed meanwhile: FUSE and NFS
 * ask their server before they watch, or read, an open directory.
 */
export function isGone({ syscall, errno }: ScanFailure): boolean {
  return errno === ENOENT || errno === ESTALE || syscall === "open" && leadsNowhere(errno);
}

const buffer = new Uint8Array(64 * 1024);

/**
 * Adds a directory to an inotify instance, and then reads its entries.
 *
 * @param path lossless text
 * @param mask of the watch; added to the one that the instance has for this directory
 * @param follow whether the path may be a symbolic link to a directory
 */
export function scan(
  libc: Libc,
  inotify: number,
  path: string,
  mask: number,
  follow: boolean,
): Scan | ScanFailure {
  const flags = O_RDONLY | O_CLOEXEC | libc.O_DIRECTORY | (follow ? 0 : libc.O_NOFOLLOW);
  const pathname = sharedCString(path);
  const fd = call(libc, () => libc.open(pathname, flags));
  if (fd < 0) return { syscall: "open", errno: -fd };
  let isReading = false;
  try {
    if (follow) {
      const real = readLink(libc, `/proc/self/fd/${fd}`);
      if (typeof real === "string" && !libc.mayRead(toText(real))) {
        return { syscall: "open", errno: EACCES };
      }
    }
    const self = pathOf(fd);
    const bits = (mask | IN_ONLYDIR | IN_MASK_ADD) >>> 0;
    const wd = call(libc, () => libc.inotify_add_watch(inotify, self, bits));
    if (wd < 0) return { syscall: "inotify_add_watch", errno: -wd };
    const listing = new Listing();
    const failure = rewind(libc, fd) ?? read(libc, fd, listing);
    if (failure !== "more") return { wd, listing, rest: undefined, failure };
    const rest = readOn(libc, fd, listing);
    isReading = true;
    const { done, value } = rest.next();
    return done
      ? { wd, listing, rest: undefined, failure: value }
      : { wd, listing, rest, failure: undefined };
  } finally {
    if (!isReading) libc.close(fd);
  }
}

/** Reads the {@link Scan.rest} at once. @returns the scan, or why it failed */
export function whole(found: Scan | ScanFailure): Scan | ScanFailure {
  if (!("wd" in found)) return found;
  for (;;) {
    const { done, value } = found.rest?.next() ?? { done: true, value: found.failure };
    if (done) return value ?? found;
  }
}

/** Lists an open directory, a piece at each step. @returns why it could not be read to its end, if so */
export function* list(libc: Libc, fd: number, listing: Listing): Rest {
  for (
    let failure = read(libc, fd, listing);
    failure !== undefined;
    failure = read(libc, fd, listing)
  ) {
    if (failure !== "more") return failure;
    yield;
  }
  return undefined;
}

/**
 * Begins at the first entry. The descriptor is older than the watch, and some file systems list what was there at
 * open(2), or at this lseek(2), and not at getdents64(2): btrfs from Linux 6.5 on, and tmpfs of 6.11 to 6.13.
 */
function rewind(libc: Libc, fd: number): ScanFailure | undefined {
  const position = call(libc, () => libc.lseek(fd, 0, SEEK_SET));
  return position < 0 ? { syscall: "lseek", errno: -position } : undefined;
}

/** Reads entries of a directory. @returns `undefined` at the end, `"more"` before it, or why it failed */
function read(libc: Libc, fd: number, listing: Listing): ScanFailure | "more" | undefined {
  do {
    const length = call(libc, () => libc.getdents64(fd, buffer, buffer.length));
    // Only an empty answer is the last one on every file system.
    if (length === 0) return undefined;
    if (length < 0) return { syscall: "getdents64", errno: -length };
    if (!listing.push(buffer, length)) return { syscall: "getdents64", errno: ELOOP };
  } while (!listing.isLarge && listing.hasTypes);
  return "more";
}

/** Reads the rest of a directory in steps, and closes it. */
function* readOn(libc: Libc, fd: number, listing: Listing): Rest {
  try {
    for (;;) {
      yield* listing.complete((name) => typeIn(libc, fd, name));
      if (listing.isLarge) yield;
      const failure = read(libc, fd, listing);
      if (failure !== "more") return failure;
    }
  } finally {
    libc.close(fd);
  }
}

let last = { fd: -1, path: cString("") };

/** The path of an open descriptor, with C's final NUL byte. Most have the number of the one before. */
function pathOf(fd: number): Uint8Array {
  if (fd !== last.fd) last = { fd, path: cString(`/proc/self/fd/${fd}`) };
  return last.path;
}

/** The type of an entry, as in a mode. One that cannot be known counts as a directory: its scan says why. */
function typeIn(libc: Libc, fd: number, name: string): number {
  const type = typeOf(libc, `/proc/self/fd/${fd}/${name}`, false);
  if (type >= 0) return type;
  return leadsNowhere(-type) ? S_IFREG : S_IFDIR; // an event reports what is gone again
}
