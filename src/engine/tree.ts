/**
 * What events and listings do alike to the trees: an entry is found, removed or left out.
 *
 * @module
 */

import { leadsToDirectory, readLink, typeOf } from "../kernel/files.ts";
import type { Libc } from "../../ffi/contract.ts";
import { Directory, type Entry } from "./directory.ts";
import type { Entries } from "./entries.ts";
import type { EntryKind } from "./event.ts";
import type { LinkedFiles } from "./linked_files.ts";
import type { Overlap } from "./overlap.ts";
import type { RootMap } from "./root_map.ts";
import { type Scope, watchesBelow } from "./scope.ts";
import type { Scanner } from "./scanner.ts";

/** Whether an entry is ignored. */
export interface Ignores {
  /**
   * @param path absolute, as lossless text
   * @param root the watched path above it, as lossless text
   */
  (path: string, isDirectory: boolean, root: string): boolean;
  /** What it depends on, beside whether the entry is a directory. */
  readonly dependsOn: Dependence;
}

/** The name of an entry, its absolute path, or its path in the watched path above it. */
export type Dependence = "name" | "path" | "root";

/** The trees of a watcher. */
export class Tree {
  readonly #libc: Libc;
  readonly #scope: Scope;
  readonly #ignores: Ignores | undefined;
  readonly #map: RootMap;
  readonly #links: LinkedFiles;
  readonly #overlap: Overlap;
  readonly #entries: Entries;
  readonly #scanner: Scanner;

  constructor(
    libc: Libc,
    scope: Scope,
    ignores: Ignores | undefined,
    map: RootMap,
    links: LinkedFiles,
    overlap: Overlap,
    entries: Entries,
    scanner: Scanner,
  ) {
    this.#libc = libc;
    this.#scope = scope;
    this.#ignores = ignores;
    this.#map = map;
    this.#links = links;
    this.#overlap = overlap;
    this.#entries = entries;
    this.#scanner = scanner;
  }

  /** What is ignored has changed: all is scanned again, as if it were the beginning. */
  reconsider(): void {
    for (const { directory } of this.#map) {
      if (directory === undefined) continue;
      for (const one of directory.subtree()) {
        one.initial = true;
        this.#scanner.invalidate(one);
      }
      this.#scanner.schedule(directory);
    }
  }

  /** An entry is there that was not known. @param isLink whether it is a symbolic link, if that is known */
  found(
    directory: Directory,
    name: string,
    isDirectory: boolean,
    kind: EntryKind | "",
    isLink?: boolean,
  ): void {
    if (directory.gone) return; // it was removed in a report of what was there before
    const path = directory.pathOf(name);
    const link = !isDirectory && isLink !== false && this.followsLinks(directory) &&
      leadsToDirectory(this.#libc, path, isLink);
    if (this.ignores(path, isDirectory || link, directory)) {
      if (!isDirectory && !link) this.leftOut(directory, name, isLink);
      return;
    }
    if (this.#overlap.found(directory, name, path, isDirectory, kind)) {
      const entry = directory.entries.get(name);
      // It was a root of its own until now, and may have ignored what the tree does not.
      if (entry instanceof Directory && !entry.gone && this.ignoresByRoot) {
        this.#scanner.invalidateTree(entry);
        this.#scanner.schedule(entry);
      }
      return;
    }
    if (directory.gone) return; // it was removed in a report of the root at this path
    if (!(isDirectory || link) || !watchesBelow(this.#scope, directory)) {
      this.#entries.add(directory, name, isDirectory || link, kind, isLink);
      return this.#links.found(directory, name, isDirectory || link ? false : isLink);
    }
    const child = new Directory(name, directory, link);
    child.initial = directory.initial && kind !== "create";
    this.#entries.add(directory, name, child, kind, isLink);
    this.#scanner.rescan(child);
  }

  /** What is no directory is left out. @param isLink whether it is a symbolic link, if that is known */
  leftOut(directory: Directory, name: string, isLink?: boolean): void {
    if (isLink === false || !this.followsLinks(directory)) return;
    if (!this.ignores(directory.pathOf(name), true, directory)) {
      this.#links.wait(directory, name, isLink);
    }
  }

  /** An entry is gone. */
  removed(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    const path = directory.pathOf(name);
    this.#entries.delete(directory, name);
    this.#links.delete(directory, name);
    if (entry instanceof Directory) this.#scanner.discard(entry);
    this.#overlap.removed(path, entry !== false);
  }

  /** Another file is in the place of one; or a link, by which a root at that path is to be followed. */
  replaced(directory: Directory, name: string): void {
    if (!this.#overlap.isFollowed(directory, name)) this.#entries.replaced(directory, name);
    this.#links.found(directory, name);
    this.#overlap.changed(directory.pathOf(name));
  }

  /** A file was renamed, or so it seems: what is there may be a link. */
  renamed(source: Directory, from: string, target: Directory, to: string): void {
    this.#links.delete(source, from);
    this.#links.found(target, to);
  }

  /** A link that led to no directory leads to one. */
  entered(directory: Directory, name: string): void {
    this.removed(directory, name);
    this.found(directory, name, false, "create", true);
  }

  /** Another directory may be in the place of one; or the same, in which nothing was found while it was away. */
  invalidateAsOther(directory: Directory): void {
    directory.markOther();
    this.#scanner.invalidateTree(directory);
  }

  /** Whether an entry is a symbolic link that is followed, which leads elsewhere if it moves. */
  isFollowedLink(entry: Entry, path: string): boolean {
    if (!this.#scope.followSymlinks || entry === true) return false;
    if (entry instanceof Directory) return entry.link;
    return typeof readLink(this.#libc, path) === "string";
  }

  /** Whether something is at a name by now. */
  isThere(directory: Directory, name: string): boolean {
    return typeOf(this.#libc, directory.pathOf(name), false) >= 0;
  }

  /** Whether a symbolic link leads to a directory. */
  leadsToDirectory(directory: Directory, name: string): boolean {
    return leadsToDirectory(this.#libc, directory.pathOf(name), true);
  }

  /** Whether an entry is ignored by each root above it, or a directory on the way to it is. */
  ignores(path: string, isDirectory: boolean, directory: Directory): boolean {
    const ignores = this.#ignores;
    if (ignores === undefined) return false;
    // A root above that of the tree does not have the tree in it: there is a link, or levels are counted.
    const top = directory.root.path;
    const roots = [...this.#map.above(path)].filter((root) => root.path.length >= top.length);
    if (roots.length < 2) return ignores(path, isDirectory, top);
    return roots.every(({ path: root }) => {
      for (
        let end = path.indexOf("/", root.length + 1);
        end !== -1;
        end = path.indexOf("/", end + 1)
      ) {
        if (ignores(path.slice(0, end), true, root)) return true;
      }
      return ignores(path, isDirectory, root);
    });
  }

  /** Whether an entry that is not known would be ignored by each root above it. */
  ignoresGone(path: string, isDirectory: boolean): boolean {
    const ignores = this.#ignores;
    if (ignores === undefined) return false;
    const roots = [...this.#map].filter((root) =>
      path.startsWith(root.path === "/" ? "/" : `${root.path}/`)
    );
    return roots.length > 0 && roots.every((root) => ignores(path, isDirectory, root.path));
  }

  /** Whether entries are ignored at all. */
  get hasIgnores(): boolean {
    return this.#ignores !== undefined;
  }

  /** Whether an entry may be ignored at one path, and not at another. */
  get ignoresByPath(): boolean {
    return this.#ignores !== undefined && this.#ignores.dependsOn !== "name";
  }

  /** Whether an entry may be ignored below one root, and not below another. */
  get ignoresByRoot(): boolean {
    return this.#ignores?.dependsOn === "root";
  }

  /** Whether it depends on the nearest root: a tree is not to report what a root leaves out that is added later. */
  get ignoresByNearest(): boolean {
    const { depth } = this.#scope;
    return depth > 0 && depth !== Infinity && this.ignoresByPath;
  }

  /** Whether what is watched of a directory depends on its path. */
  get dependsOnPath(): boolean {
    const { followSymlinks, depth } = this.#scope;
    return followSymlinks && depth > 0 || this.ignoresByPath;
  }

  /** Whether directories are entered by symbolic links in a directory. */
  followsLinks(directory: Directory): boolean {
    return this.#scope.followSymlinks && watchesBelow(this.#scope, directory);
  }

  /** Whether as much is watched of what is in one directory as of what is in another. */
  seesAlike(one: Directory, other: Directory): boolean {
    return this.#scope.depth === Infinity || one.level === other.level;
  }
}

/** Whether an entry is what a listing or an event says, for which a link is no directory. */
export function isOfType(entry: Entry, isDirectory: boolean): boolean {
  return isDirectory === (entry instanceof Directory ? !entry.link : entry);
}
