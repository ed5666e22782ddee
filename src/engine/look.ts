/**
 * `Look`: reads the status of every entry that is known of some trees, in slices that leave the event loop free.
 *
 * What changes meanwhile is touched: {@link Entries} says so. Its status may be of before the change or of after it,
 * and is worth nothing.
 *
 * @module
 */

import { AT_FDCWD, type Libc, O_CLOEXEC, O_PATH } from "../../ffi/contract.ts";
import { call } from "../kernel/call.ts";
import { cString, sharedCString } from "../kernel/byte_string.ts";
import { Directory, type Entry } from "./directory.ts";
import type { Tops } from "./loss.ts";
import { Content, Picture } from "./picture.ts";
import type { Status } from "./statuses.ts";
import type { Poll } from "./poll.ts";
import { Turns } from "./turns.ts";

/** How many entries are read before it is asked whether the event loop is due for a turn. */
const FEW = 64;

const SELF = cString(".");

/** Whether to follow a symbolic link: any one, or one to a file. */
type Follow = boolean | "file";

/** Looks at trees. */
export class Look {
  readonly #libc: Libc;
  readonly #followsRoots: boolean;
  readonly #isFollowed: (directory: Directory, name: string) => boolean;
  readonly #isLinked: (directory: Directory, name: string) => boolean;
  readonly #picture = new Picture();
  readonly #contents = new Map<Directory, Content>();
  readonly #statuses = new Map<Directory, Status>();
  readonly #touched = new Map<Directory, Set<string>>();
  readonly #touchedTops = new Set<string>();
  /** Directories in whose place another one may have been. */
  readonly #others = new Set<Directory>();
  readonly #since: number;
  readonly #poll: Poll | undefined;

  /**
   * @param followsRoots whether a root that is a symbolic link is what that leads to
   * @param isFollowed whether an entry is a root of its own
   * @param isLinked whether an entry is a followed link to a file
   * @param since what has changed since this moment is uncertain: milliseconds since 1970
   * @param poll what differs from what it has seen is uncertain, too
   */
  constructor(
    libc: Libc,
    followsRoots: boolean,
    isFollowed: (directory: Directory, name: string) => boolean,
    isLinked: (directory: Directory, name: string) => boolean,
    since: number,
    poll?: Poll,
  ) {
    this.#libc = libc;
    this.#followsRoots = followsRoots;
    this.#isFollowed = isFollowed;
    this.#isLinked = isLinked;
    this.#since = since;
    this.#poll = poll;
  }

  /** Something happens to an entry. @param directory `undefined` for a root */
  touch(directory: Directory | undefined, name: string): void {
    if (directory === undefined) return void this.#touchedTops.add(name);
    const names = this.#touched.get(directory);
    if (names === undefined) this.#touched.set(directory, new Set([name]));
    else names.add(name);
  }

  /** Looks at all that is there. Call {@link finish} then. */
  async look(tops: Tops): Promise<void> {
    const turns = new Turns(this.#libc);
    for (const _ of this.#lookAt(tops)) if (turns.isDue) await turns.take();
  }

  /**
   * The picture as of now, with what has come or gone meanwhile.
   *
   * @param again whether what was touched is looked at again; if not, its status is unknown
   */
  finish(tops: Tops, again: boolean): Picture {
    const picture = this.#picture;
    const { statuses, roots, missing } = picture;
    for (const path of roots.entries.keys()) if (!tops.has(path)) roots.entries.delete(path);
    for (const [path, entry] of tops) {
      if (entry === undefined) {
        roots.entries.delete(path);
        missing.add(path);
        continue;
      }
      const known = roots.entries.get(path);
      const isDirectory = entry !== false;
      const isKnown = known !== undefined && statuses.isDirectory(known) === isDirectory &&
        !this.#touchedTops.has(path);
      const status = isKnown
        ? known
        : this.#add(isDirectory, AT_FDCWD, path, this.#followsRoots, again);
      roots.entries.set(path, status);
      if (entry instanceof Directory) this.#place(entry, roots, again);
    }
    return picture;
  }

  *#lookAt(tops: Tops): Generator<void> {
    const { roots } = this.#picture;
    const rest: Directory[] = [];
    for (const [path, entry] of tops) {
      if (entry === undefined) continue;
      const status = this.#add(entry !== false, AT_FDCWD, path, this.#followsRoots, true);
      if (this.#picture.statuses.changed(status) >= this.#since) {
        this.#picture.statuses.setUncertain(status);
      }
      roots.entries.set(path, status);
      if (entry instanceof Directory) rest.push(entry);
    }
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (next.gone) continue;
      yield* this.#list(next);
      for (const [, child] of next.directories()) rest.push(child);
    }
  }

  /** Looks at the entries of a directory. */
  *#list(directory: Directory): Generator<void> {
    const content = new Content();
    if (directory.wd === -1) return; // nothing in it is known
    this.#contents.set(directory, content);
    const libc = this.#libc;
    const { statuses } = this.#picture;
    const pathname = cString(directory.path);
    const flags = O_PATH | O_CLOEXEC | libc.O_DIRECTORY;
    const fd = call(libc, () => libc.open(pathname, flags));
    try {
      let count = 0;
      for (const [name, entry] of directory.names()) {
        if (++count % FEW === 0) yield;
        if (this.#isFollowed(directory, name)) continue;
        const follow = this.#isLinked(directory, name) ? "file" : false;
        const status = this.#add(entry !== false, fd, name, follow, fd >= 0);
        const isLater = statuses.changed(status) >= this.#since ||
          this.#poll?.differs(directory, name, statuses, status);
        if (isLater) statuses.setUncertain(status);
        content.entries.set(name, status);
      }
      if (this.#since !== Infinity && (fd < 0 || this.#mayBeOther(directory, fd))) {
        this.#others.add(directory);
        for (const status of content.entries.values()) statuses.setUncertain(status);
      }
    } finally {
      if (fd >= 0) libc.close(fd);
    }
    yield;
  }

  /**
   * Whether another directory may have come to this place since the moment, once its entries are read. rename(2) sets
   * the change time of what it moves, and the modification time of both parents.
   */
  #mayBeOther(directory: Directory, fd: number): boolean {
    const { statuses, roots } = this.#picture;
    const { parent, name, path } = directory;
    const status = this.#read(true, fd, SELF, false);
    this.#statuses.set(directory, status);
    if (parent !== undefined && this.#others.has(parent)) return true;
    const seen = (parent === undefined ? roots : this.#contents.get(parent))?.entries.get(name);
    if (!directory.link && (seen === undefined || !statuses.isSame(status, statuses, seen))) {
      return true;
    }
    if (statuses.changed(status) < this.#since) return false;
    const above = parent === undefined
      ? this.#add(true, AT_FDCWD, path.slice(0, path.lastIndexOf("/")) || "/", true, true)
      : this.#statuses.get(parent);
    return above === undefined || statuses.modified(above) >= this.#since;
  }

  /** Puts what is in a directory into a picture, as it is now. */
  #place(top: Directory, roots: Content, again: boolean): void {
    const rest: [Directory, Content][] = [[top, roots]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [directory, above] = next;
      // In one that cannot be read, everything may still be there.
      if (directory.wd === -1 && again) continue;
      let content = this.#contents.get(directory);
      if (content === undefined) {
        content = new Content();
        for (const [name] of directory.names()) this.touch(directory, name);
      }
      above.directories.set(directory.name, content);
      this.#update(directory, content, again);
      for (const [, child] of directory.directories()) rest.push([child, content]);
    }
  }

  /** Takes in what was touched in a directory. */
  #update(directory: Directory, { entries }: Content, again: boolean): void {
    for (const name of this.#touched.get(directory) ?? []) {
      const entry: Entry | undefined = directory.entries.get(name);
      if (entry === undefined || this.#isFollowed(directory, name)) entries.delete(name);
      else {
        const isDirectory = entry !== false;
        const follow = this.#isLinked(directory, name) ? "file" : false;
        entries.set(name, this.#add(isDirectory, AT_FDCWD, directory.pathOf(name), follow, again));
      }
    }
  }

  /** Adds the status of an entry; not its own one, if that cannot be read. */
  #add(
    isDirectory: boolean,
    dirfd: number,
    path: string,
    follow: Follow,
    isRead: boolean,
  ): Status {
    if (isRead) return this.#read(isDirectory, dirfd, sharedCString(path), follow);
    return this.#picture.statuses.add(isDirectory);
  }

  #read(isDirectory: boolean, dirfd: number, pathname: Uint8Array, follow: Follow): Status {
    const { statuses } = this.#picture;
    const status = statuses.add(isDirectory);
    if (follow === "file") statuses.readLinked(this.#libc, status, dirfd, pathname);
    else statuses.read(this.#libc, status, dirfd, pathname, follow);
    return status;
  }
}
