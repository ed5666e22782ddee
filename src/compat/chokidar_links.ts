/**
 * `Links`: the symbolic links that are followed for a watcher of chokidar. `watch()` enters a directory once, and
 * chokidar by each link that leads to it; so each link is watched as a path of its own.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { libc } from "../../ffi/libc.ts";
import type { EntryEvent } from "../engine/event.ts";
import { S_IFDIR, S_IFLNK, typeOf } from "../kernel/files.ts";
import { isWithin, nearest, Paths } from "./chokidar_paths.ts";

/** What an entry is, for the listeners. */
export type EntryType = "file" | "directory";

/** What is done for a link. */
export interface LinkActions {
  /** Watches the path of a link. Resolves when the events of what is there are handled. */
  add(path: string): Promise<void>;
  /** It is watched from now on: what it leads to may have come just before. */
  added(path: string, isNew: boolean): void;
  /** Stops watching it. */
  remove(path: string): void;
  /** Whether a directory is watched by its own path. */
  isWatched(path: string): boolean;
}

/** Any number of links. */
export class Links {
  readonly #actions: LinkActions;
  /** The paths of the followed ones; of each, where it led to. */
  readonly #followed = new Map<string, string | undefined>();
  readonly #byDirectory = new Paths();
  /** Those of them that are new, and whose events are not handled yet. */
  readonly #new = new Set<string>();

  constructor(actions: LinkActions) {
    this.#actions = actions;
  }

  /**
   * What the entry of an event is, which is no directory itself. A link is followed from now on.
   *
   * @param isNew whether the entry was not there from the start
   * @param isGiven whether the path is watched anyway
   * @returns `undefined` for nothing, or a directory whose own event is to come
   */
  typeOf(
    { path, isSymbolicLink }: EntryEvent,
    isNew: boolean,
    isGiven: boolean,
  ): EntryType | undefined {
    const isFollowed = isGiven || this.#followed.has(path);
    if (!isFollowed && !(isSymbolicLink ?? isLink(path))) return "file";
    const isEntered = isFollowed || this.#follow(path, isNew);
    const type = typeOf(libc(), path, true);
    if (type < 0) return undefined;
    if (type !== S_IFDIR) return "file";
    return isEntered ? undefined : "directory";
  }

  /** Whether a path is that of a new link, or below one. */
  isNew(path: string): boolean {
    return this.#new.size > 0 && nearest(this.#new, path) !== undefined;
  }

  /** Something is gone: a link there, and those in it, are followed only if they are back. */
  removed(path: string): void {
    for (const link of [path, ...this.#byDirectory.in(path)]) {
      if (!this.#followed.has(link) || isLink(link)) continue;
      this.#unfollow(link);
      if (isLink(link)) this.#follow(link, true); // it has come back before it was not watched any more
    }
  }

  /** Stops following the links at a path, and below. */
  unfollow(path: string): void {
    for (const link of this.#followed.keys()) if (isWithin(link, path)) this.#unfollow(link);
  }

  /** @returns whether it is followed: a link to a directory above it is not, and one in a link only if need be */
  #follow(path: string, isNew: boolean): boolean {
    const real = realPath(path);
    if (real !== undefined) {
      const parent = realPath(dirname(path));
      if (parent !== undefined && isWithin(parent, real)) return false;
      const isInLink = nearest(this.#followed, dirname(path)) !== undefined;
      if (isInLink && this.#isWatched(real)) return false;
    }
    this.#followed.set(path, real);
    this.#byDirectory.add(path);
    if (isNew) this.#new.add(path);
    void this.#actions.add(path).then(() => {
      this.#new.delete(path);
      if (this.#followed.has(path)) this.#actions.added(path, isNew);
    });
    return true;
  }

  #unfollow(link: string): void {
    this.#actions.remove(link);
    this.#followed.delete(link);
    this.#byDirectory.delete(link);
    this.#new.delete(link);
  }

  #isWatched(real: string): boolean {
    return this.#actions.isWatched(real) || this.#followed.values().some((one) => one === real);
  }
}

function isLink(path: string): boolean {
  return typeOf(libc(), path, false) === S_IFLNK;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // it leads nowhere
  }
}
