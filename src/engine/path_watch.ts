/**
 * `PathWatch`: resolves a path from `/` on (path_resolution(7)), and notices when it leads elsewhere.
 *
 * Every directory on the way is watched: for its own move or removal and, where the path goes on by a symbolic link
 * or ends, for the name in it. So it is noticed when a part of the path comes, goes or is replaced, and when a link
 * is pointed elsewhere.
 *
 * A directory that is removed while it is still open, or is a working directory, sends no IN_DELETE_SELF until it is
 * closed. So while a path leads nowhere, as after each removal on the way, each directory is also watched for the
 * removal of the next one.
 *
 * @module
 */

import { EACCES, EINVAL, ELOOP, ENOENT, ENOSPC, ENOTDIR } from "../../ffi/errno.ts";
import { readLink } from "../kernel/files.ts";
import type { Instance } from "./instance.ts";
import type { Owner, Receiver } from "./member.ts";
import { cString, nameOf, toText } from "../kernel/byte_string.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_IGNORED,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_ONLYDIR,
} from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Move } from "./renames.ts";

/** What a path leads to. */
export interface Target {
  /** The watch of its inode, which identifies it; or a negative errno, if it cannot be watched. */
  readonly wd: number;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
}

/** The path changed while it was resolved. */
const AGAIN = Symbol();

const SELF = IN_MOVE_SELF | IN_DELETE_SELF;
const ENTRY = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

/** Symbolic links that a path may have in it (path_resolution(7)). */
const MAXSYMLINKS = 40;
/** How often a path is resolved again that changes meanwhile. */
const WALKS = 1000;

/** A followed path. */
export class PathWatch implements Owner, Receiver {
  readonly receiver: Receiver = this;
  readonly #instance: Instance;
  readonly #path: string;
  readonly #content: number;
  readonly #moved: (mask: number) => void;
  readonly #touched: (mask: number) => void;
  readonly #held = new Set<number>();
  /** The names on the way, by the watch of the directory that they are in. */
  #names = new Map<number, Set<string>>();
  /** Whether something on the way was not watched before by anybody. */
  #isNewlyWatched = false;
  /** Whether the path leads nowhere. */
  #isWaiting = false;
  /** The watch of what the path leads to. */
  #target = -1;
  #isDirectory = false;
  /** The mask of the name's last event, if the inode's own is still to come. */
  #expected = 0;
  /** Set until everything is handled that was queued before the target was watched. */
  #isNew: object | undefined;

  /**
   * @param path absolute, as lossless text
   * @param content the events that are wanted of what the path leads to, if that is no directory
   * @param moved called with an event's mask when the path may lead elsewhere: {@link PathWatch.look} again
   * @param touched called when something happened to what the path leads to, if that is no directory, with
   * bits of the mask
   */
  constructor(
    instance: Instance,
    path: string,
    content: number,
    moved: (mask: number) => void,
    touched: (mask: number) => void,
  ) {
    this.#instance = instance;
    this.#path = path;
    this.#content = content;
    this.#moved = moved;
    this.#touched = touched;
  }

  /** Resolves the path, and watches every directory on the way. @returns `undefined` if it leads nowhere */
  look(): Target | undefined {
    for (let walks = 1;; walks++) {
      const isLast = walks === WALKS;
      const before = this.#names;
      const wasWaiting = this.#isWaiting;
      this.#isNewlyWatched = false;
      const target = this.#walk(isLast);
      if (target === AGAIN) continue;
      this.#isWaiting = target === undefined;
      // A change before a directory was watched went unseen, so the way is resolved with all of them watched.
      const isWatched = !this.#isNewlyWatched || sameKeys(before, this.#names);
      if (isWatched && wasWaiting === this.#isWaiting || isLast) return target;
    }
  }

  /** Whether a directory was on the way when the path was last resolved. @param wd its watch */
  passes(wd: number): boolean {
    return this.#names.has(wd);
  }

  /** Releases all its watches. */
  close(): void {
    for (const wd of this.#held) this.#release(wd);
  }

  event(event: InotifyEvent): void {
    const { wd, mask } = event;
    const expected = this.#expected; // if the inode has an event, too, it comes right after that of the name
    this.#expected = 0;
    if (event.name !== "") {
      if (!this.#names.get(wd)?.has(nameOf(event))) return;
      if (mask & ENTRY) this.#moved(mask);
      if (!this.#isDirectory && mask & this.#content) this.#touchedByName(mask);
    } else if (mask & (SELF | IN_IGNORED)) {
      this.#moved(mask);
    } else if (wd === this.#target && !this.#isDirectory) {
      // By another name of the inode; or by this one, whose event came before.
      if (expected !== mask) this.#touched(mask);
    }
  }

  move({ from, to }: Move): void {
    if (from !== undefined) this.event(from);
    if (to !== undefined) this.event(to);
  }

  #touchedByName(mask: number): void {
    if (!this.#isNew) this.#expected = mask;
    this.#touched(mask);
  }

  /** @param isLast whether to accept a contradictory answer */
  #walk(isLast: boolean): Target | undefined | typeof AGAIN {
    const { libc } = this.#instance;
    const names = new Map<number, Set<string>>();
    const parts = this.#path.split("/").filter(Boolean);
    let directory = "";
    for (let links = 0; parts.length > 0;) {
      const removal = this.#isWaiting ? IN_DELETE : 0;
      const wd = this.#watch(directory || "/", SELF | removal | IN_ONLYDIR | IN_DONT_FOLLOW);
      if (wd === -ENOENT) {
        // The directory is gone since it was resolved, and nothing would report its return.
        return isLast ? this.#arrive(names, { wd, isDirectory: false }) : AGAIN;
      }
      if (wd >= 0 && !names.has(wd)) names.set(wd, new Set());
      const name = parts.shift()!;
      if (name === ".") continue;
      if (name === "..") {
        directory = directory.slice(0, directory.lastIndexOf("/"));
        continue;
      }
      if (this.#isWaiting) names.get(wd)?.add(name);
      const path = `${directory}/${name}`;
      const link = readLink(libc, path);
      if (wd === -ENOTDIR && isAnswer(link)) { // it was no directory for a moment
        return isLast ? this.#arrive(names, { wd, isDirectory: false }) : AGAIN;
      }
      if (link === EINVAL && parts.length > 0) {
        directory = path;
        continue;
      }
      names.get(wd)?.add(name);
      // What is not there yet may appear, and change, before it has a watch of its own.
      const content = link === ENOENT ? this.#content : 0;
      const watched = this.#watch(directory || "/", ENTRY | content | IN_ONLYDIR);
      if (watched === -ENOSPC || watched === -EACCES && link === ENOENT) {
        return this.#arrive(names, { wd: watched, isDirectory: false });
      }
      if (link === ENOTDIR) this.#notice(names, directory);
      if (!isLast && readLink(libc, path) !== link) return AGAIN;
      if (link === EINVAL) return this.#find(names, directory, path);
      if (typeof link === "number") {
        return this.#arrive(names, link === ENOENT ? undefined : { wd: -link, isDirectory: false });
      }
      if (++links > MAXSYMLINKS) return this.#arrive(names, { wd: -ELOOP, isDirectory: false });
      if (link.startsWith("/")) directory = "";
      parts.unshift(...link.split("/").filter(Boolean));
    }
    return this.#find(names, directory, directory || "/");
  }

  /** Watches for something else to come to a path on the way. */
  #notice(names: ReadonlyMap<number, Set<string>>, path: string): void {
    const end = path.lastIndexOf("/");
    const wd = this.#watch(path.slice(0, end) || "/", ENTRY | IN_ONLYDIR);
    names.get(wd)?.add(path.slice(end + 1));
  }

  /** Watches what is at the end of the way, which is no symbolic link. */
  #find(names: Map<number, Set<string>>, directory: string, path: string): Target | undefined {
    if (!this.#instance.libc.mayRead(toText(path))) {
      return this.#arrive(names, { wd: -EACCES, isDirectory: false });
    }
    let wd = this.#watchEnd(path, SELF | IN_ONLYDIR);
    const isDirectory = wd !== -ENOTDIR;
    if (!isDirectory) {
      const watched = this.#watch(directory || "/", ENTRY | this.#content | IN_ONLYDIR);
      wd = watched === -EACCES ? watched : this.#watchEnd(path, SELF | this.#content);
    }
    return this.#arrive(names, wd === -ENOENT ? undefined : { wd, isDirectory });
  }

  #arrive(names: Map<number, Set<string>>, target: Target | undefined): Target | undefined {
    this.#isDirectory = target?.isDirectory ?? false;
    const wd = target?.wd ?? -1;
    if (wd >= 0 && wd !== this.#target) this.#watchedAnew();
    this.#target = wd;
    this.#names = names;
    for (const wd of this.#held) {
      if (!names.has(wd) && wd !== this.#target) this.#release(wd);
    }
    return target;
  }

  /** Events of the name that are queued already are not followed by one of the inode. */
  #watchedAnew(): void {
    const token = this.#isNew = {};
    this.#instance.fence(() => {
      if (this.#isNew === token) this.#isNew = undefined;
    });
  }

  #watch(path: string, mask: number): number {
    const { additions } = this.#instance;
    const wd = this.#watchEnd(path, mask);
    if (additions !== this.#instance.additions) this.#isNewlyWatched = true;
    return wd;
  }

  /** Watches what the path leads to. What became of it before, the directory that it is in tells. */
  #watchEnd(path: string, mask: number): number {
    const wd = this.#instance.watch(cString(path), mask, this);
    if (wd >= 0) this.#held.add(wd);
    return wd;
  }

  #release(wd: number): void {
    this.#held.delete(wd);
    this.#instance.release(wd, this);
  }
}

/** Whether readlink(2) searched the directory, so that it was one then. */
function isAnswer(link: string | number): boolean {
  return typeof link === "string" || link === ENOENT || link === EINVAL;
}

function sameKeys(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
