/**
 * `Statuses`: what statx(2) says of entries, packed.
 *
 * @module
 */

import {
  AT_SYMLINK_NOFOLLOW,
  type Libc,
  STATX_BTIME,
  STATX_CTIME,
  STATX_INO,
  STATX_MTIME,
  STATX_SIZE,
  STATX_TYPE,
} from "../../ffi/contract.ts";
import { call } from "../kernel/call.ts";
import { S_IFDIR, S_IFMT } from "../kernel/files.ts";

/** The number of a status in {@link Statuses}. */
export type Status = number;

// A status is so many numbers of 32 bits: flags, and five numbers of 64 bits, each with its low half first.
/** How many numbers a status has. */
export const LENGTH = 11;
/** Where the inode's number is. */
export const INODE = 1;
/** Where the size is, in bytes; modulo 256 TiB. */
export const SIZE = 3;
/** Where the time of birth is: seconds since 1970, 34 bits, and nanoseconds, 30 bits. */
export const BIRTH = 5;
/** Where the change time is, likewise. */
export const CHANGE = 7;
/** Where the modification time is, likewise. */
export const MODIFICATION = 9;

// Flags.
/** It is a directory, or a link that is followed to one. */
export const DIRECTORY = 1;
/** What is in a file may be other than its status says: it may have changed since. */
export const UNCERTAIN = 2;
/** Nothing but the type is known. */
export const UNKNOWN = 4;
/** Whoever has the picture knows another entry by this name, which is no longer there. */
export const GONE = 8;
/** The file system has a time of birth. */
const BORN = 16;
/** It is that of the file that a link leads to, which other entries may have, too: no identity. Not in a snapshot. */
const LINKED = 256;

const MASK = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_BTIME | STATX_CTIME | STATX_MTIME;

// `struct statx` (statx(2)), by numbers of 32 bits.
const statxBuffer = new Uint8Array(256);
const statx = new Uint32Array(statxBuffer.buffer);
const [STX_MASK, STX_MODE, STX_INO, STX_SIZE, STX_BTIME, STX_CTIME, STX_MTIME] = [
  0,
  7,
  8,
  10,
  20,
  24,
  28,
];

/** Nanoseconds take 30 bits; the two above have the seconds' bits 32 and 33. */
const NANOSECONDS = 0x3fffffff;

/** Any number of statuses, packed. */
export class Statuses {
  #words = new Uint32Array(LENGTH * 64);
  #length = 0;

  /** Adds a status of which only the type is known. */
  add(isDirectory: boolean): Status {
    const status = this.#length++;
    const start = status * LENGTH;
    if (start === this.#words.length) {
      const words = new Uint32Array(2 * start);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[start] = UNKNOWN | (isDirectory ? DIRECTORY : 0);
    return status;
  }

  /**
   * Reads the status of an entry by statx(2).
   *
   * @param pathname relative to the directory `dirfd`, with a final NUL byte
   * @returns whether that succeeded
   */
  read(libc: Libc, status: Status, dirfd: number, pathname: Uint8Array, follow: boolean): boolean {
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (call(libc, () => libc.statx(dirfd, pathname, flags, MASK, statxBuffer)) !== 0) return false;
    const words = this.#words;
    const start = status * LENGTH;
    const isBorn = (statx[STX_MASK] & STATX_BTIME) !== 0;
    words[start] = words[start] & DIRECTORY | (isBorn ? BORN : 0);
    words[start + INODE] = statx[STX_INO];
    words[start + INODE + 1] = statx[STX_INO + 1];
    words[start + SIZE] = statx[STX_SIZE];
    words[start + SIZE + 1] = statx[STX_SIZE + 1] & 0xffff; // 256 TiB
    this.#setTime(start + BIRTH, isBorn ? STX_BTIME : undefined);
    this.#setTime(start + CHANGE, STX_CTIME);
    this.#setTime(start + MODIFICATION, STX_MTIME);
    return true;
  }

  /**
   * Reads the status of the file that a link leads to; if it leads to none, that of the link.
   *
   * @returns whether that succeeded
   */
  readLinked(libc: Libc, status: Status, dirfd: number, pathname: Uint8Array): boolean {
    const isFile = this.read(libc, status, dirfd, pathname, true) && this.lastType !== S_IFDIR;
    if (!isFile) return this.read(libc, status, dirfd, pathname, false);
    const words = this.#words;
    words[status * LENGTH] = words[status * LENGTH] & ~BORN | LINKED;
    return true;
  }

  /** Whether the entry of the last {@link read} is a symbolic link, a directory, or something else. */
  get lastType(): number {
    return statx[STX_MODE] & S_IFMT;
  }

  /** Changes what {@link isDirectory} says. */
  setDirectory(status: Status, isDirectory: boolean): void {
    const words = this.#words;
    const start = status * LENGTH;
    words[start] = words[start] & ~DIRECTORY | (isDirectory ? DIRECTORY : 0);
  }

  /** Adds a status of others. */
  copy(others: Statuses, other: Status): Status {
    const status = this.add(false);
    const start = other * LENGTH;
    this.#words.set(others.#words.subarray(start, start + LENGTH), status * LENGTH);
    return status;
  }

  isDirectory(status: Status): boolean {
    return (this.#words[status * LENGTH] & DIRECTORY) !== 0;
  }

  /** Whether another entry was there, which is removed. */
  isGone(status: Status): boolean {
    return (this.#words[status * LENGTH] & GONE) !== 0;
  }

  /** The entry may have changed since, in any way but its name and type. */
  setUncertain(status: Status): void {
    this.#words[status * LENGTH] |= UNCERTAIN;
  }

  /** See {@link isGone}. */
  setGone(status: Status): void {
    this.#words[status * LENGTH] |= UNKNOWN | GONE;
  }

  /** When the entry changed last, in milliseconds since 1970: the latest that its change time may stand for. */
  changed(status: Status): number {
    return this.#latest(status * LENGTH + CHANGE);
  }

  /** When the entry was modified last; see {@link changed}. */
  modified(status: Status): number {
    return this.#latest(status * LENGTH + MODIFICATION);
  }

  /** The inode and its time of birth, which no other inode has; `undefined` if one is not known. */
  identity(status: Status): string | undefined {
    const words = this.#words;
    const start = status * LENGTH;
    if (words[start] & (UNKNOWN | GONE) || !(words[start] & BORN)) return undefined;
    return words.subarray(start + INODE, start + SIZE).join() + "," +
      words.subarray(start + BIRTH, start + CHANGE).join();
  }

  /**
   * The inode, with the size and the modification time of a file: for file systems without times of birth, where an
   * inode's number may soon be that of another one. `undefined` if it is not known.
   */
  likeness(status: Status): string | undefined {
    const words = this.#words;
    const start = status * LENGTH;
    if (words[start] & (UNKNOWN | GONE | LINKED)) return undefined;
    const inode = words.subarray(start + INODE, start + SIZE).join();
    if (words[start] & DIRECTORY) return inode;
    return `${inode},${words.subarray(start + SIZE, start + BIRTH)},${
      words.subarray(start + MODIFICATION, start + LENGTH)
    }`;
  }

  /** Whether an entry is the same as one of other statuses, as far as that is known. */
  isSame(status: Status, others: Statuses, other: Status): boolean {
    const [a, b] = [status * LENGTH, other * LENGTH];
    const flags = this.#words[a] | others.#words[b];
    if (flags & GONE) return false;
    return (flags & UNKNOWN) !== 0 ||
      this.#equals(a, others, b, INODE, SIZE) && this.#equals(a, others, b, BIRTH, CHANGE);
  }

  /**
   * Whether what is in a file may have changed.
   *
   * @param isMoved whether it was renamed, which sets the change time
   */
  mayDiffer(status: Status, others: Statuses, other: Status, isMoved: boolean): boolean {
    const [a, b] = [status * LENGTH, other * LENGTH];
    if ((this.#words[a] | others.#words[b]) & (UNKNOWN | UNCERTAIN | GONE)) return true;
    if (
      !this.#equals(a, others, b, INODE, BIRTH) || !this.#equals(a, others, b, MODIFICATION, LENGTH)
    ) {
      return true;
    }
    return !isMoved && !this.#equals(a, others, b, CHANGE, MODIFICATION);
  }

  /** The numbers of all statuses, {@link LENGTH} of each, until one is added. */
  get words(): Uint32Array {
    return this.#words;
  }

  #equals(a: number, others: Statuses, b: number, from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      if (this.#words[a + i] !== others.#words[b + i]) return false;
    }
    return true;
  }

  /** @param from of the time in {@link statx} */
  #setTime(at: number, from: number | undefined): void {
    const words = this.#words;
    words[at] = from === undefined ? 0 : statx[from];
    words[at + 1] = from === undefined ? 0 : statx[from + 2] | (statx[from + 1] & 3) << 30;
  }

  /** File systems that keep whole seconds, or even ones, cut off the rest. */
  #latest(at: number): number {
    const words = this.#words;
    const nanoseconds = words[at + 1] & NANOSECONDS;
    const seconds = words[at] + (words[at + 1] >>> 30) * 2 ** 32;
    return seconds * 1000 + (nanoseconds === 0 ? 2000 : nanoseconds / 1e6);
  }
}
