/**
 * `Walk`: resolves a path from `/` on (path_resolution(7)), and watches every directory on the way: for its own move
 * or removal and, where the path goes on by a symbolic link or ends, for the name in it. So it is noticed when a part
 * of the path comes, goes or is replaced, and when a link is pointed elsewhere.
 *
 * A directory that is removed while it is still open, or is a working directory, sends no IN_DELETE_SELF until it is
 * closed. So while a path leads nowhere, as after each removal on the way, each directory is also watched for its
 * entries: not for their removals alone, which a scan of the directory would apply without what came after them. While
 * the path leads to what may not be watched, each is also watched for a change of attributes, its own one and that of
 * the next one.
 *
 * @module
 */

import { EACCES, EINVAL, ELOOP, ENOENT, ENOSPC, ENOTDIR } from "../../ffi/errno.ts";
import { cString, toText } from "../kernel/byte_string.ts";
import { readLink } from "../kernel/files.ts";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_ONLYDIR,
} from "../kernel/mask.ts";
import { isWithin } from "../kernel/mountinfo.ts";
import type { Instance } from "./instance.ts";
import type { Owner } from "./member.ts";

/** What a path leads to. */
export interface Target {
  /** The watch of its inode, which identifies it; or a negative errno, if it cannot be watched. */
  readonly wd: number;
  /** Whether it is a directory. */
  readonly isDirectory: boolean;
}

/** The names on the way, by the watch of the directory that they are in. */
type Names = Map<number, Set<string>>;

/** What happens to a watched inode itself. */
export const SELF: number = IN_MOVE_SELF | IN_DELETE_SELF;
/** An entry of a directory comes or goes. */
export const ENTRY: number = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

/** The path changed while it was resolved. */
const AGAIN = Symbol();

/** Symbolic links that a path may have in it (path_resolution(7)). */
const MAXSYMLINKS = 40;
/** How often a path is resolved again that changes meanwhile. */
const WALKS = 1000;

/** The way to a path. */
export class Walk {
  readonly #instance: Instance;
  readonly #owner: Owner;
  readonly #path: string;
  readonly #content: number;
  readonly #isRead: boolean;
  readonly #follow: boolean;
  readonly #held = new Set<number>();
  /** Where the path goes on by a symbolic link, and where it ends: paths without symbolic links. */
  #stations: readonly string[] = ["/"];
  #names: Names = new Map();
  /** Whether something on the way was not watched before by anybody. */
  #isNewlyWatched = false;
  /** Whether the path leads nowhere. */
  #isWaiting = false;
  #isRefused = false;

  /**
   * @param owner of the watches: {@link has} says which of the events with a name are of the way
   * @param path absolute, as lossless text
   * @param content the events that are wanted of what the path leads to, if that is no directory; `undefined` if it is
   * only the way to others, and not to be read itself
   * @param follow whether a symbolic link at the end of the path is followed
   * @param target a watch of the owner that is the walk's from now on, if it has one
   */
  constructor(
    instance: Instance,
    owner: Owner,
    path: string,
    content: number | undefined,
    follow: boolean,
    target: number = -1,
  ) {
    this.#instance = instance;
    this.#owner = owner;
    this.#path = path;
    this.#content = content ?? 0;
    this.#isRead = content !== undefined;
    this.#follow = follow;
    if (target >= 0) this.#held.add(target);
  }

  /** Resolves the path, and watches every directory on the way. @returns `undefined` if it leads nowhere */
  look(): Target | undefined {
    for (let walks = 1;; walks++) {
      const isLast = walks === WALKS;
      const before = this.#names;
      const [wasWaiting, wasRefused] = [this.#isWaiting, this.#isRefused];
      this.#isNewlyWatched = false;
      const target = this.#walk(isLast);
      if (target === AGAIN) continue;
      this.#isWaiting = target === undefined;
      this.#isRefused = target?.wd === -EACCES;
      // A change before a directory was watched went unseen, so the way is resolved with all of them watched.
      const isWatched = !this.#isNewlyWatched || sameKeys(before, this.#names);
      const isSame = wasWaiting === this.#isWaiting && wasRefused === this.#isRefused;
      if (isWatched && isSame || isLast) return target;
    }
  }

  /** Watches what the path leads to, which is a directory, for more. @returns the watch, or a negative errno */
  enter(mask: number): number {
    return this.#watch(this.#path, mask | IN_ONLYDIR);
  }

  /** Whether the path leads to what may not be watched. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Whether a directory was on the way when the path was last resolved. @param wd its watch */
  passes(wd: number): boolean {
    return this.#names.has(wd);
  }

  /** Where the path leads to, or ends, without symbolic links. */
  get end(): string {
    return this.#stations[this.#stations.length - 1];
  }

  /** Whether the way leads to another path, or below it. */
  passesBelow(path: string): boolean {
    return this.#stations.some((one) => isWithin(one, path));
  }

  /** Whether a name was on the way then. @param wd the watch of the directory that it is in */
  has(wd: number, name: string): boolean {
    return this.#names.get(wd)?.has(name) ?? false;
  }

  /** What the path leads to was opened for reading, and closed, of which no event is to be reported. */
  opened(): void {
    for (const [wd, names] of this.#names) {
      for (const name of names) this.#instance.opened(wd, name);
    }
  }

  /** Releases all its watches. @param target but for this one, which is the owner's from now on */
  close(target: number = -1): void {
    this.#held.delete(target);
    this.#arrived(new Map(), -1);
  }

  /** @param isLast whether to accept a contradictory answer */
  #walk(isLast: boolean): Target | undefined | typeof AGAIN {
    const { libc } = this.#instance;
    const names: Names = new Map();
    const parts = this.#path.split("/").filter(Boolean);
    const stations = ["/"];
    this.#stations = stations;
    let directory = "";
    for (let links = 0; parts.length > 0;) {
      const next = (this.#isWaiting ? ENTRY : 0) | (this.#isRefused ? IN_ATTRIB : 0);
      const wd = this.#watch(directory || "/", SELF | next | IN_ONLYDIR | IN_DONT_FOLLOW);
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
      if (next !== 0) names.get(wd)?.add(name);
      const path = `${directory}/${name}`;
      stations[stations.length - 1] = path;
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
      const isEnd = parts.length === 0 && !this.#follow && typeof link === "string";
      if (link === EINVAL || isEnd) return this.#find(names, directory, path);
      if (typeof link === "number") {
        return this.#arrive(names, link === ENOENT ? undefined : { wd: -link, isDirectory: false });
      }
      if (++links > MAXSYMLINKS) return this.#arrive(names, { wd: -ELOOP, isDirectory: false });
      stations.push(directory || "/");
      if (link.startsWith("/")) directory = "";
      parts.unshift(...link.split("/").filter(Boolean));
    }
    stations[stations.length - 1] = directory || "/";
    return this.#find(names, directory, directory || "/");
  }

  /** Watches for something else to come to a path on the way. */
  #notice(names: Names, path: string): void {
    const end = path.lastIndexOf("/");
    const wd = this.#watch(path.slice(0, end) || "/", ENTRY | IN_ONLYDIR);
    names.get(wd)?.add(path.slice(end + 1));
  }

  /** Watches what is at the end of the way, which is no symbolic link to be followed. */
  #find(names: Names, directory: string, path: string): Target | undefined {
    if (this.#isRead && !this.#instance.libc.mayRead(toText(path))) {
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

  #arrive(names: Names, target: Target | undefined): Target | undefined {
    this.#arrived(names, target?.wd ?? -1);
    return target;
  }

  #arrived(names: Names, target: number): void {
    for (const [wd, some] of this.#names) {
      for (const name of some) {
        if (!names.get(wd)?.has(name)) this.#instance.owners.unfollow(wd, name, this.#owner);
      }
    }
    for (const [wd, some] of names) {
      for (const name of some) this.#instance.owners.follow(wd, name, this.#owner);
    }
    this.#names = names;
    for (const wd of this.#held) if (!names.has(wd) && wd !== target) this.#release(wd);
  }

  /** Watches a directory on the way. */
  #watch(path: string, mask: number): number {
    const { owners } = this.#instance;
    const { additions } = owners;
    const wd = this.#hold(path, mask, true);
    if (additions !== owners.additions) this.#isNewlyWatched = true;
    return wd;
  }

  /** Watches what the path leads to. What became of it before, the directory that it is in tells. */
  #watchEnd(path: string, mask: number): number {
    return this.#hold(path, mask | (this.#follow ? 0 : IN_DONT_FOLLOW), false);
  }

  #hold(path: string, mask: number, isByName: boolean): number {
    const wd = this.#instance.watch(cString(path), mask, this.#owner, isByName);
    if (wd >= 0) this.#held.add(wd);
    return wd;
  }

  #release(wd: number): void {
    this.#held.delete(wd);
    this.#instance.release(wd, this.#owner);
  }
}

/** Whether readlink(2) searched the directory, so that it was one then. */
function isAnswer(link: string | number): boolean {
  return typeof link === "string" || link === ENOENT || link === EINVAL;
}

function sameKeys(a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
