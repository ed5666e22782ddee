/**
 * `LinkedFiles`: the symbolic links to files in trees that follow links.
 *
 * Such an entry stands for what it leads to: what happens to that is reported of the link's path. Its whole way is
 * watched (path_watch.ts), so it is noticed when another file comes to its end, or a link on it is pointed elsewhere.
 * A link that leads nowhere is waited for; while it does, it is an entry all the same. So is one that leads to a
 * directory, at the last level that is watched. A link that is left out, but would not be if it led to a directory, is
 * no entry, and waited for.
 *
 * @module
 */

import { IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF, IN_MOVED_FROM } from "../kernel/mask.ts";
import { leadsNowhere, readLink, S_IFDIR, S_IFREG, typeOf } from "../kernel/files.ts";
import type { Directory } from "./directory.ts";
import { isExact } from "./directory_state.ts";
import type { Entries } from "./entries.ts";
import { unwatchable } from "./failures.ts";
import type { Instance } from "./instance.ts";
import type { Member } from "./member.ts";
import { PathWatch } from "./path_watch.ts";
import type { RootMap } from "./root_map.ts";
import { type Depth, watchesBelow } from "./scope.ts";
import type { Target } from "./walk.ts";

/** After these events of a name on the way the file was away, though it may be back. */
const NAME_AWAY = IN_DELETE | IN_MOVED_FROM;
/** Likewise, of a directory on the way, or the file; if that is no directory above the link, which took it along. */
const AWAY = NAME_AWAY | IN_MOVE_SELF | IN_DELETE_SELF;

/** What of links is wanted. */
export interface LinkScope extends Depth {
  /** The content events wanted. */
  readonly content: number;
  /** Whether links are followed. */
  readonly followSymlinks: boolean;
}

interface Link {
  readonly directory: Directory;
  readonly name: string;
  /** Its path when it was resolved. */
  readonly path: string;
  readonly watch: PathWatch;
  target: Target | undefined;
  /** The events since then, after which it may lead elsewhere. */
  mask: number;
}

/** Follows links to files, and reports what becomes of these. */
export class LinkedFiles {
  readonly #instance: Instance;
  readonly #member: Member;
  readonly #scope: LinkScope;
  readonly #map: RootMap;
  readonly #entries: Entries;
  readonly #entered: (directory: Directory, name: string) => void;
  readonly #links = new Map<Directory, Map<string, Link>>();
  readonly #pending = new Set<Link>();

  /**
   * @param member whose `work()` is to call {@link work}
   * @param entered called when a link leads to a directory by now
   */
  constructor(
    instance: Instance,
    member: Member,
    scope: LinkScope,
    map: RootMap,
    entries: Entries,
    entered: (directory: Directory, name: string) => void,
  ) {
    this.#instance = instance;
    this.#member = member;
    this.#scope = scope;
    this.#map = map;
    this.#entries = entries;
    this.#entered = entered;
  }

  /** Whether no link is to be resolved again. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** Whether an entry is a link that is followed. */
  has(directory: Directory, name: string): boolean {
    return this.#links.get(directory)?.has(name) ?? false;
  }

  /** What follows an entry, if it is a link. */
  watchOf(directory: Directory, name: string): PathWatch | undefined {
    return this.#links.get(directory)?.get(name)?.watch;
  }

  /**
   * There is an entry that is no directory, or another one by now. It is reported.
   *
   * @param isLink whether it is a link, if that is known
   */
  found(directory: Directory, name: string, isLink?: boolean): void {
    if (!this.#scope.followSymlinks) return;
    this.delete(directory, name);
    if (isLink === false) return;
    if (directory.gone || directory.entries.get(name) !== false) return; // it was removed in a report
    const { libc } = this.#instance;
    const path = directory.pathOf(name);
    if (isLink === undefined && typeof readLink(libc, path) !== "string") return;
    const type = typeOf(libc, path, true);
    if (type >= 0 && type !== S_IFREG && type !== S_IFDIR) return; // everybody writes to /dev/null
    const link = this.#follow(directory, name, path);
    // It has come to do so since it was found.
    if (link.target?.isDirectory && watchesBelow(this.#scope, directory)) this.#moved(link, 0);
  }

  /** Follows a link that is left out, until it leads to a directory. @param isLink whether it is a link, if that is known */
  wait(directory: Directory, name: string, isLink?: boolean): void {
    this.delete(directory, name);
    const path = directory.pathOf(name);
    if (isLink === undefined && typeof readLink(this.#instance.libc, path) !== "string") return;
    const link = this.#follow(directory, name, path);
    if (link.target?.isDirectory) this.#moved(link, 0);
  }

  /** An entry is gone. */
  delete(directory: Directory, name: string): void {
    const names = this.#links.get(directory);
    const link = names?.get(name);
    if (link === undefined) return;
    link.watch.close();
    this.#pending.delete(link);
    names!.delete(name);
    if (names!.size === 0) this.#links.delete(directory);
  }

  /** A directory is no longer in its tree. */
  deleteAll(directory: Directory): void {
    for (const name of this.#links.get(directory)?.keys() ?? []) this.delete(directory, name);
  }

  /**
   * The entries of a directory are compared.
   *
   * @param isLink whether this one is a link
   * @param isLost whether events are lost
   */
  compare(directory: Directory, name: string, isLink: boolean, isLost: boolean): void {
    const link = this.#links.get(directory)?.get(name);
    if (link === undefined) {
      if (!isLink) return;
      // When it was found its directory had another path already, so that nobody knew.
      this.found(directory, name, true);
      if (this.has(directory, name)) this.#entries.replaced(directory, name);
    } else if (isLost || link.mask !== 0 || link.path !== directory.pathOf(name)) {
      this.#resolve(link);
    }
  }

  /** Resolves the links that may lead elsewhere, once the events at hand are applied. */
  work(): void {
    for (const link of [...this.#pending]) {
      // One that is not exact will be compared.
      if (this.#pending.delete(link) && isExact(link.directory.state)) this.#resolve(link);
    }
  }

  /** Releases all watches. */
  close(): void {
    for (const names of this.#links.values()) {
      for (const { watch } of names.values()) watch.close();
    }
    this.#pending.clear();
  }

  #follow(directory: Directory, name: string, path: string): Link {
    const isEntry = directory.entries.has(name);
    const content = isEntry ? this.#scope.content : 0;
    const moved = (mask: number) => this.#moved(link, mask);
    const touched = (mask: number) => this.#touched(link, mask);
    const watch = new PathWatch(this.#instance, path, content, moved, touched);
    const link: Link = { directory, name, path, watch, target: undefined, mask: 0 };
    const names = this.#links.get(directory);
    if (names === undefined) this.#links.set(directory, new Map([[name, link]]));
    else names.set(name, link);
    this.#look(link, undefined);
    if (isEntry) this.#entries.touch(directory, name); // its status is that of the file from now on
    return link;
  }

  #look(link: Link, before: Target | undefined): void {
    const target = link.target = link.watch.look();
    if (!link.directory.entries.has(link.name)) return; // it is left out, and so are its errors
    const errno = -(target?.wd ?? 0);
    if (errno > 0 && !leadsNowhere(errno) && target!.wd !== before?.wd) {
      const failure = { errno, syscall: "inotify_add_watch" };
      this.#entries.report(unwatchable(this.#instance.libc, link.path, failure));
    }
  }

  #moved(link: Link, mask: number): void {
    link.mask |= mask;
    this.#pending.add(link);
    this.#instance.schedule(this.#member);
  }

  #touched({ directory, name }: Link, mask: number): void {
    if (this.#isReported(directory, name)) this.#entries.content(directory, name, mask, false);
  }

  #resolve(old: Link): void {
    const { directory, name, target: before, mask } = old;
    let link = old;
    const path = directory.pathOf(name);
    if (link.path !== path) {
      link = this.#follow(directory, name, path);
      this.#pending.delete(old);
      old.watch.close(); // only now, so that a file that is the same has the same watch
    } else this.#look(link, before);
    link.mask = 0;
    const { target } = link;
    if (!directory.gone && !directory.entries.has(name)) return this.#waited(link);
    if (!this.#isReported(directory, name)) return;
    if (target?.isDirectory && watchesBelow(this.#scope, directory)) {
      return this.#entered(directory, name);
    }
    // Whoever has read it meanwhile has read another file, or none; or one that is there no more, as before.
    const wasAway = (mask & (link === old ? AWAY : NAME_AWAY)) !== 0;
    if (target?.wd !== before?.wd || wasAway) this.#entries.replaced(directory, name);
  }

  /** A link that is waited for is resolved. */
  #waited({ directory, name, path, target }: Link): void {
    const isDirectory = target?.isDirectory === true;
    if (!isDirectory && typeof readLink(this.#instance.libc, path) === "string") return;
    this.delete(directory, name);
    if (isDirectory) this.#entered(directory, name);
  }

  /** Whether an entry is there, and no root that follows the link itself. */
  #isReported(directory: Directory, name: string): boolean {
    if (directory.gone || directory.entries.get(name) !== false) return false;
    return this.#map.nested(directory.pathOf(name))?.watch === undefined;
  }
}
