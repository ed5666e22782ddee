/**
 * Follows a path, wherever it leads, from the root directory on.
 *
 * Every directory on the way is watched: for being moved or removed itself and, where the path goes on
 * by a symbolic link, or ends, for the name in it. So whatever makes the path lead elsewhere is noticed:
 * a part of it that comes, goes or is replaced, a link that is pointed elsewhere.
 *
 * A directory that is removed while somebody holds it (as a working directory, or by an open file in it)
 * sends no IN_DELETE_SELF before it is let go. So while a path leads nowhere, which every removal on the way
 * begins with, each directory is watched for the removal of the next one, too.
 *
 * @module
 */

import { EACCES, EINVAL, ELOOP, ENOENT, ENOSPC, ENOTDIR } from "../../ffi/errno.ts";
import { readLink } from "../kernel/files.ts";
import type { Instance, Subscriber } from "./instance.ts";
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
  /** The watch of its inode, which identifies it; or why there is none, as a negative errno. */
  readonly wd: number;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
}

/** What a {@link PathWatch} tells. */
export interface Traveller {
  /** The path may lead elsewhere: {@link PathWatch.look} again. */
  moved(): void;
  /** Something happened to what the path leads to, if that is no directory: bits of the mask. */
  touched(mask: number): void;
}

/** The way has changed while it was walked. */
const AGAIN = Symbol();

const SELF = IN_MOVE_SELF | IN_DELETE_SELF;
const ENTRY = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

/** Symbolic links that a path may have in it (path_resolution(7)). */
const MAXSYMLINKS = 40;
/** How often a way is walked that changes meanwhile. Whatever renames directories pauses between two of so many. */
const WALKS = 1000;

/** A path that is followed. */
export class PathWatch implements Subscriber {
  readonly #instance: Instance;
  readonly #path: string;
  readonly #content: number;
  readonly #traveller: Traveller;
  readonly #held = new Set<number>();
  /** The names that matter, by the watch of the directory they are in. */
  #names = new Map<number, Set<string>>();
  /** Whether the path leads nowhere. */
  #isWaiting = false;
  /** The watch of what the path leads to. */
  #target = -1;
  #isDirectory = false;
  /** What the last event of the name said, if the one of the inode is still to come. */
  #said = 0;
  /** Set until all is handled that was queued when the target was watched. */
  #isNew: object | undefined;

  /**
   * @param path absolute, as lossless text
   * @param content the bits that are wanted of what the path leads to, if that is no directory
   */
  constructor(instance: Instance, path: string, content: number, traveller: Traveller) {
    this.#instance = instance;
    this.#path = path;
    this.#content = content;
    this.#traveller = traveller;
  }

  /** Watches the way, and then sees where it leads. @returns `undefined` if nowhere */
  look(): Target | undefined {
    for (let walks = 1;; walks++) {
      const isLast = walks === WALKS;
      const before = this.#names;
      const wasWaiting = this.#isWaiting;
      const target = this.#walk(isLast);
      if (target === AGAIN) continue;
      this.#isWaiting = target === undefined;
      // What changed before a directory on the way was watched went unseen; so all are watched first.
      const isWatched = sameKeys(before, this.#names) && wasWaiting === this.#isWaiting;
      if (isWatched || isLast) return target;
    }
  }

  /** Gives up all its watches. */
  close(): void {
    for (const wd of this.#held) this.#release(wd);
  }

  event(event: InotifyEvent): void {
    const { wd, mask } = event;
    const said = this.#said; // the inode's event comes right after that of the name, if it comes
    this.#said = 0;
    if (event.name !== "") {
      if (!this.#names.get(wd)?.has(nameOf(event))) return;
      if (mask & ENTRY) this.#traveller.moved();
      if (!this.#isDirectory && mask & this.#content) this.#touched(mask);
    } else if (mask & (SELF | IN_IGNORED)) {
      this.#traveller.moved();
    } else if (wd === this.#target && !this.#isDirectory) {
      // By another name of the inode; or by this one, which its directory has said already.
      if (said !== mask) this.#traveller.touched(mask);
    }
  }

  move({ from, to }: Move): void {
    if (from !== undefined) this.event(from);
    if (to !== undefined) this.event(to);
  }

  #touched(mask: number): void {
    if (!this.#isNew) this.#said = mask;
    this.#traveller.touched(mask);
  }

  /** @param isLast whether it takes what it is told, although that is contradictory */
  #walk(isLast: boolean): Target | undefined | typeof AGAIN {
    const { libc } = this.#instance;
    const names = new Map<number, Set<string>>();
    const parts = this.#path.split("/").filter(Boolean);
    let directory = "";
    for (let links = 0; parts.length > 0;) {
      const removal = this.#isWaiting ? IN_DELETE : 0;
      const wd = this.#watch(directory || "/", SELF | removal | IN_ONLYDIR | IN_DONT_FOLLOW);
      if (wd === -ENOENT) {
        // What was a directory a moment ago is gone: nothing would tell of its return.
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
      // What is not there yet may be there, and changed, before its own watch is.
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

  /** Notices when something else comes to a path on the way. */
  #notice(names: ReadonlyMap<number, Set<string>>, path: string): void {
    const end = path.lastIndexOf("/");
    const wd = this.#watch(path.slice(0, end) || "/", ENTRY | IN_ONLYDIR);
    names.get(wd)?.add(path.slice(end + 1));
  }

  /** What is at the end of the way, which is no symbolic link. */
  #find(names: Map<number, Set<string>>, directory: string, path: string): Target | undefined {
    if (!this.#instance.libc.mayRead(toText(path))) {
      return this.#arrive(names, { wd: -EACCES, isDirectory: false });
    }
    let wd = this.#watch(path, SELF | IN_ONLYDIR);
    const isDirectory = wd !== -ENOTDIR;
    if (!isDirectory) {
      const watched = this.#watch(directory || "/", ENTRY | this.#content | IN_ONLYDIR);
      wd = watched === -EACCES ? watched : this.#watch(path, SELF | this.#content);
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

  /** Events of the name that are queued already have none of the inode behind them. */
  #watchedAnew(): void {
    const token = this.#isNew = {};
    this.#instance.fence(() => {
      if (this.#isNew === token) this.#isNew = undefined;
    });
  }

  #watch(path: string, mask: number): number {
    const wd = this.#instance.watch(cString(path), mask, this);
    if (wd >= 0) this.#held.add(wd);
    return wd;
  }

  #release(wd: number): void {
    this.#held.delete(wd);
    this.#instance.release(wd, this);
  }
}

/** Whether readlink(2) has looked into the directory: it was one then. */
function isAnswer(link: string | number): boolean {
  return typeof link === "string" || link === ENOENT || link === EINVAL;
}

function sameKeys(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
