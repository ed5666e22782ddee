/**
 * Watches one directory and lists it, both for sure the same one.
 *
 * A path may come to mean another directory between two calls. So the directory is opened once, and
 * watched and listed by its descriptor.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY, SEEK_SET } from "../../ffi/contract.ts";
import { EACCES, ELOOP, ENOENT, ESTALE } from "../../ffi/errno.ts";
import { call } from "../kernel/call.ts";
import { leadsNowhere, readLink, S_IFDIR, S_IFREG, typeOf } from "../kernel/files.ts";
import { Listing } from "./listing.ts";
import { sharedCString, toText } from "../kernel/byte_string.ts";
import { IN_MASK_ADD, IN_ONLYDIR } from "../kernel/mask.ts";

/** What a scan found. */
export interface Scan {
  /** The watch descriptor of the directory. */
  readonly wd: number;
  /** What is in it; while there is a {@link rest}, not all of it. */
  readonly listing: Listing;
  /** Reads on, a piece at each step, and closes the directory; of a directory that takes long. */
  readonly rest: Rest | undefined;
  /** Why it could not be read, if that is known already. It is watched all the same. */
  readonly failure: ScanFailure | undefined;
}

/** What is still to be read of a directory. It returns why that failed, if it did. */
export type Rest = Generator<void, ScanFailure | undefined>;

/** A scan that failed. */
export interface ScanFailure {
  /** The function's C name. */
  readonly syscall: string;
  /** A positive number. */
  readonly errno: number;
}

/**
 * Whether a scan failed because its path leads to no directory (any more), or because that was removed
 * meanwhile: FUSE and NFS ask their server before they watch, or read, what is open.
 */
export function isGone({ syscall, errno }: ScanFailure): boolean {
  return errno === ENOENT || errno === ESTALE || syscall === "open" && leadsNowhere(errno);
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
    const self = sharedCString(`/proc/self/fd/${fd}`);
    const bits = (mask | IN_ONLYDIR | IN_MASK_ADD) >>> 0;
    const wd = call(libc, () => libc.inotify_add_watch(inotify, self, bits));
    if (wd < 0) return { syscall: "inotify_add_watch", errno: -wd };
    const listing = new Listing();
    const rest = read(libc, fd, listing);
    isReading = true;
    const { done, value } = rest.next();
    return done
      ? { wd, listing, rest: undefined, failure: value }
      : { wd, listing, rest, failure: undefined };
  } finally {
    if (!isReading) libc.close(fd);
  }
}

/** Does the {@link Scan.rest} of a scan at a stretch. @returns the scan, or why that failed */
export function whole(found: Scan | ScanFailure): Scan | ScanFailure {
  if (!("wd" in found)) return found;
  for (;;) {
    const { done, value } = found.rest?.next() ?? { done: true, value: found.failure };
    if (done) return value ?? found;
  }
}

/** Reads the entries of a directory and closes it; it stops now and then in what takes long. */
function* read(libc: Libc, fd: number, listing: Listing): Rest {
  try {
    // The descriptor is older than the watch, and not every file system lists what there is when it is
    // asked: btrfs (from Linux 6.5 on) and tmpfs (6.11 to 6.13) list what there was at open(2), or at this.
    const position = call(libc, () => libc.lseek(fd, 0, SEEK_SET));
    if (position < 0) return { syscall: "lseek", errno: -position };
    for (;;) {
      const length = call(libc, () => libc.getdents64(fd, buffer, buffer.length));
      // A short answer is not the last one on every file system; an empty one is.
      if (length === 0) return undefined;
      if (length < 0) return { syscall: "getdents64", errno: -length };
      if (!listing.push(buffer, length)) return { syscall: "getdents64", errno: ELOOP };
      yield* listing.complete((name) => typeIn(libc, fd, name));
      if (listing.isLarge) yield;
    }
  } finally {
    libc.close(fd);
  }
}

/** The type of an entry, as it is in a mode. What cannot be known may be a directory: a scan says why. */
function typeIn(libc: Libc, fd: number, name: string): number {
  const type = typeOf(libc, `/proc/self/fd/${fd}/${name}`, false);
  if (type >= 0) return type;
  return leadsNowhere(-type) ? S_IFREG : S_IFDIR; // of what is gone again an event tells
}
