/**
 * Roots below other roots of the same watcher: each path is reported once.
 *
 * A tree that finds the path of a root takes the root in; a tree that loses it lets it be followed again. A
 * root that is a symbolic link is followed by itself: it is reported as what it leads to. This holds in a tree that
 * follows links, too, which enters each directory once. Where such a root is not to be followed, it is as a file.
 * Where levels are counted, each from its root, a directory is followed by itself as well, and is a mere entry of the
 * tree above.
 *
 * @module
 */

import { Directory } from "./directory.ts";
import type { Entries } from "./entries.ts";
import type { EntryKind } from "./event.ts";
import type { Place, Root, RootMap } from "./root_map.ts";
import type { Levels } from "./levels.ts";
import type { Roots } from "./roots.ts";
import { type Scope, watchesBelow } from "./scope.ts";
import type { Scanner } from "./scanner.ts";

/** What trees and roots have in common. */
export class Overlap {
  readonly #scope: Scope;
  readonly #map: RootMap;
  readonly #roots: Roots;
  readonly #entries: Entries;
  readonly #scanner: Scanner;
  readonly #levels: Levels;

  constructor(
    scope: Scope,
    map: RootMap,
    roots: Roots,
    entries: Entries,
    scanner: Scanner,
    levels: Levels,
  ) {
    this.#scope = scope;
    this.#map = map;
    this.#roots = roots;
    this.#entries = entries;
    this.#scanner = scanner;
    this.#levels = levels;
  }

  /** Whether a root itself reports what happens to an entry that a tree has in it. */
  isFollowed(directory: Directory, name: string): boolean {
    return this.#map.isNested && this.#map.get(directory.pathOf(name))?.watch !== undefined;
  }

  /** Whether followed roots are at an entry, or below. */
  hasFollowed(directory: Directory, name?: string): boolean {
    if (!this.#map.isNested) return false;
    const path = name === undefined ? directory.path : directory.pathOf(name);
    return this.#map.within(path).some(({ watch }) => watch !== undefined);
  }

  /**
   * A tree has found an entry.
   *
   * @param kind how it is reported, if it is
   * @returns whether it is a root's, and reported, and known
   */
  found(
    parent: Directory,
    name: string,
    path: string,
    isDirectory: boolean,
    kind: EntryKind | "",
  ): boolean {
    const root = this.#map.nested(path);
    if (root === undefined) return false;
    if (isDirectory ? this.#scope.depth === Infinity : !this.#map.isFollowedLink(path)) {
      return root.watch !== undefined && this.#takeIn(root, parent, name, isDirectory);
    }
    root.isNew = false;
    if (root.watch === undefined) this.#roots.follow(root);
    this.#entries.moveIn(parent, name, isDirectory);
    if (!root.isReported) this.#roots.look(root, kind !== "create");
    if (!root.isReported) this.#roots.appeared(root, kind, isDirectory);
    return true;
  }

  /** An entry is no longer in its tree. */
  removed(path: string, isDirectory: boolean): void {
    const root = this.#map.nested(path);
    if (root?.watch === undefined) return this.#roots.removed(path, isDirectory);
    if (root.isReported) this.#roots.removed(path, isDirectory || root.directory !== undefined);
  }

  /** What a tree has at a path is another entry, or none, and its removal was not reported. */
  changed(path: string): void {
    for (const root of this.#map.within(path)) this.#roots.resume(root);
  }

  /** Removes a root, and follows those that were part of its tree. */
  remove(root: Root): void {
    const { path, directory } = root;
    const place = this.#entering(path);
    if (directory !== undefined && place !== undefined) this.#enter(place, root, directory);
    else if (directory !== undefined) this.#takeOutAll(this.#inner(path), directory);
    this.#roots.remove(root);
    // It is a directory that could not be watched.
    const isLeft = directory === undefined && place?.entry === true;
    if (isLeft) this.#levels.enter(place.parent, place.name, false);
  }

  /** Where a tree has a path that it will enter once that is no root: a directory, or a link that is followed. */
  #entering(path: string): Place | undefined {
    const { depth, followSymlinks } = this.#scope;
    if (depth === Infinity && !followSymlinks) return undefined;
    const place = this.#map.place(path);
    if (place === undefined || place.entry instanceof Directory) return undefined;
    return (place.entry || followSymlinks) && watchesBelow(this.#scope, place.parent)
      ? place
      : undefined;
  }

  /** A tree enters one that was followed by itself. */
  #enter({ parent, name, entry }: Place, root: Root, directory: Directory): void {
    this.#entries.moveIn(parent, name, directory);
    directory.moveTo(parent, name, entry === false);
    root.directory = undefined;
    const { depth, followSymlinks } = this.#scope;
    if (depth !== Infinity) {
      const isOut = (one: Root) => (this.#map.place(one.path)?.parent.level ?? 0) > depth;
      this.#takeOutAll(this.#inner(root.path).filter(isOut), directory.root);
      this.#levels.changed(directory, false);
    }
    if (!followSymlinks) return;
    // It may be entered by another path, and so may what is below.
    this.#scanner.invalidateTree(directory);
    this.#scanner.schedule(directory);
  }

  /** The roots at a path and below, from the top down: an upper one keeps a lower one in its tree. */
  #inner(path: string): Root[] {
    return this.#map.within(path).sort((a, b) => a.path.length - b.path.length);
  }

  #takeOutAll(roots: readonly Root[], tree: Directory): void {
    for (const root of roots) this.#takeOut(root, tree);
  }

  /** A tree has come to a root. @returns whether what is there is known */
  #takeIn(root: Root, parent: Directory, name: string, isDirectory: boolean): boolean {
    this.#roots.look(root); // what has come to its path since then, no event of its own will tell
    if (!this.#map.has(root)) return false; // it was removed in a report
    const { path, watch, isReported, target, directory } = root;
    watch?.close();
    root.watch = root.target = root.directory = undefined;
    if (!isReported) return false;
    if (target !== undefined && isDirectory === (directory !== undefined)) {
      this.#entries.moveIn(parent, name, directory ?? false);
      directory?.moveTo(parent, name);
      return true;
    }
    if (directory !== undefined) this.#scanner.discard(directory);
    this.#roots.removed(path, directory !== undefined, root);
    return false;
  }

  /** A tree that may have a root in it is about to end. */
  #takeOut(root: Root, tree: Directory): void {
    if (!this.#map.has(root)) return; // it was removed in a report
    const place = this.#map.place(root.path);
    if (root.watch !== undefined || place !== undefined && place.parent.root !== tree) return;
    this.#roots.follow(root);
    if (place === undefined) return this.#roots.look(root, root.isNew);
    place.parent.entries.delete(place.name);
    this.#roots.takeOver(root, place);
  }
}
