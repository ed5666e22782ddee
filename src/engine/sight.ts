/**
 * `Sight`: what one look at the disk has seen: the entries of each known directory, and the status of each.
 *
 * @module
 */

import { AT_FDCWD, type Libc, O_CLOEXEC, O_RDONLY } from "../../ffi/contract.ts";
import { cString, sharedCString } from "../kernel/byte_string.ts";
import { call } from "../kernel/call.ts";
import { S_IFDIR, S_IFLNK } from "../kernel/files.ts";
import { Directory } from "./directory.ts";
import { Listing } from "./listing.ts";
import type { Tops } from "./loss.ts";
import { Content } from "./picture.ts";
import { type Status, Statuses } from "./statuses.ts";
import { list } from "./scan.ts";

/** After how many entries the event loop may have a turn. */
const FEW = 32;

/** What was seen. */
export class Sight {
  readonly statuses: Statuses = new Statuses();
  /** What is in each directory that could be read. */
  readonly contents: Map<Directory, Content> = new Map();
  /** The directories in which something differs from the look before, or from what is known. */
  readonly changed: Set<Directory> = new Set();
  /** The directories of which the difference from an earlier look is known. */
  readonly compared: Set<Directory> = new Set();
  readonly #libc: Libc;
  readonly #followsRoots: boolean;
  readonly #isLinked: (directory: Directory, name: string) => boolean;
  /** The status of each root that is no directory. */
  readonly #files = new Map<string, Status>();

  /**
   * @param followsRoots whether a root that is a symbolic link is what that leads to
   * @param isLinked whether an entry is a followed link to a file
   */
  constructor(
    libc: Libc,
    followsRoots: boolean,
    isLinked: (directory: Directory, name: string) => boolean,
  ) {
    this.#libc = libc;
    this.#followsRoots = followsRoots;
    this.#isLinked = isLinked;
  }

  /** Looks at all directories of some trees, in steps. @param before the look before */
  *see(tops: Tops, before: Sight): Generator<void> {
    const rest: Directory[] = [];
    for (const [path, entry] of tops) {
      if (entry instanceof Directory) rest.push(entry);
      else if (entry !== undefined) this.add(undefined, path);
    }
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (next.gone || next.wd === -1) continue;
      yield* this.#list(next);
      if (yield* this.#hasChanged(next, before)) this.changed.add(next);
      for (const [, child] of next.directories()) rest.push(child);
    }
  }

  /** Looks at one entry. @param directory `undefined` for a root */
  add(directory: Directory | undefined, name: string): void {
    const path = directory === undefined ? name : directory.pathOf(name);
    const entry = directory?.entries.get(name);
    const isLinked = directory !== undefined && this.#isLinked(directory, name);
    const follow = directory === undefined && this.#followsRoots;
    const status = this.#read(AT_FDCWD, path, entry, follow, isLinked);
    if (directory === undefined) {
      if (status !== undefined) this.#files.set(name, status);
      return;
    }
    let content = this.contents.get(directory);
    if (content === undefined) this.contents.set(directory, content = new Content());
    if (status === undefined) content.entries.delete(name);
    else content.entries.set(name, status);
  }

  /** The roots that are no directory and differ from what was seen before. */
  *changedRoots(before: Sight): Generator<string> {
    for (const [path, status] of this.#files) {
      const old = before.#files.get(path);
      if (old === undefined) continue;
      if (before.statuses.mayDiffer(old, this.statuses, status, false)) yield path;
    }
  }

  /** Whether a directory was seen by a name. */
  hasDirectory(directory: Directory, name: string): boolean {
    const status = this.contents.get(directory)?.entries.get(name);
    return status !== undefined && this.statuses.isDirectory(status);
  }

  /** Whether an entry differs from what another look has of it. @param directory `undefined` for a root */
  differs(directory: Directory | undefined, name: string, other: Sight): boolean {
    const mine = this.#entries(directory)?.get(name);
    const theirs = other.#entries(directory)?.get(name);
    if (mine === undefined || theirs === undefined) return mine !== theirs;
    return other.statuses.mayDiffer(theirs, this.statuses, mine, false);
  }

  /** Takes what another look has of one entry. @param directory `undefined` for a root */
  takeOver(directory: Directory | undefined, name: string, from: Sight): void {
    const status = from.#entries(directory)?.get(name);
    if (status === undefined) this.#entries(directory)?.delete(name);
    else this.#entries(directory)?.set(name, this.statuses.copy(from.statuses, status));
  }

  /** Takes what another look has of a directory. */
  takeOverAll(directory: Directory, from: Sight): void {
    const known = from.contents.get(directory);
    if (known === undefined) return void this.contents.delete(directory);
    this.contents.set(directory, new Content());
    for (const name of known.entries.keys()) this.takeOver(directory, name, from);
  }

  #entries(directory: Directory | undefined): Map<string, Status> | undefined {
    return directory === undefined ? this.#files : this.contents.get(directory)?.entries;
  }

  *#list(directory: Directory): Generator<void> {
    const libc = this.#libc;
    const pathname = cString(directory.path);
    const isFollowed = directory.parent === undefined ? this.#followsRoots : directory.link;
    const flags = O_RDONLY | O_CLOEXEC | libc.O_DIRECTORY | (isFollowed ? 0 : libc.O_NOFOLLOW);
    const fd = call(libc, () => libc.open(pathname, flags));
    if (fd < 0) return; // what is listed above it says why
    try {
      const listing = new Listing();
      if (yield* list(libc, fd, listing)) return;
      const names = new Map<string, boolean>();
      for (const part of listing.parts) part.addTo(names);
      const known = directory.names();
      // A listing by several calls may leave out an entry. Any other is right, and statx(2) may be late: FUSE keeps
      // what it has found for a second.
      if (listing.isLarge) { for (const name of known.keys()) names.set(name, true); }
      const content = new Content();
      let count = 0;
      for (const name of names.keys()) {
        if (++count % FEW === 0) yield;
        const isLinked = this.#isLinked(directory, name);
        const status = this.#read(fd, name, known.get(name), false, isLinked);
        if (status !== undefined) content.entries.set(name, status);
      }
      this.contents.set(directory, content);
    } finally {
      libc.close(fd);
    }
    yield;
  }

  *#hasChanged(directory: Directory, before: Sight): Generator<void, boolean> {
    const old = before.contents.get(directory)?.entries;
    const now = this.contents.get(directory)?.entries;
    const known = directory.names();
    if (old === undefined || now?.size !== old.size || known.size !== old.size) return true;
    let count = 0;
    for (const [name, status] of now) {
      if (++count % FEW === 0) yield;
      const one = old.get(name);
      if (one === undefined || !known.has(name)) return true;
      const isSame = this.statuses.isDirectory(status)
        ? before.statuses.isDirectory(one) && before.statuses.isSame(one, this.statuses, status)
        : !before.statuses.mayDiffer(one, this.statuses, status, false);
      if (!isSame) return true;
    }
    return false;
  }

  /** @param entry what is known to be there: a link that is followed counts as a directory */
  #read(
    dirfd: number,
    path: string,
    entry: Directory | boolean | undefined,
    follow: boolean,
    isLinked: boolean,
  ): Status | undefined {
    const { statuses } = this;
    const status = statuses.add(false);
    const pathname = sharedCString(path);
    const isRead = isLinked
      ? statuses.readLinked(this.#libc, status, dirfd, pathname)
      : statuses.read(this.#libc, status, dirfd, pathname, follow);
    if (!isRead) return undefined;
    const type = statuses.lastType;
    const isEntered = type === S_IFLNK && entry instanceof Directory && entry.link;
    statuses.setDirectory(status, type === S_IFDIR || isEntered);
    return status;
  }
}
