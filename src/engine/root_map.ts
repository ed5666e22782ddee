/**
 * The roots of a watcher by path, and what is above and below each.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { readLink } from "../kernel/files.ts";
import { Directory, type Entry } from "./directory.ts";
import type { Tops } from "./loss.ts";
import type { PathWatch } from "./path_watch.ts";
import type { Target } from "./walk.ts";

/** A path that is watched. */
export interface Root {
  readonly path: string;
  /** Whether it was added, and not looked at yet. */
  isNew: boolean;
  /** Follows the path; `undefined` while it is part of another root's tree. */
  watch: PathWatch | undefined;
  /** Whether the path is reported to be there. Of a link, the tree that it is in reports it, too. */
  isReported: boolean;
  /**
   * How what is reported compares with the queued events of the path, until the next fence: `ahead` after the
   * path was resolved and reported, `behind` after a tree that reported it has ended.
   */
  lead: { readonly is: "ahead" | "behind" } | undefined;
  /** What the path led to when it was last resolved. */
  target: Target | undefined;
  /** The tree, if that is a directory. */
  directory: Directory | undefined;
}

/** Where an entry is in a tree. */
export interface Place {
  readonly parent: Directory;
  readonly name: string;
  readonly entry: Entry;
}

/** Any number of roots. */
export class RootMap {
  readonly #libc: Libc;
  readonly #roots = new Map<string, Root>();
  /** How many roots are below each path; nothing while there has been one root only. */
  #below: Map<string, number> | undefined;
  /** How many pairs of roots there are of which one is below the other. */
  #pairs = 0;
  /** Whether a root is below another one. Mostly none is, and nothing is looked up. */
  isNested = false;
  /** Whether a root is, or was, below another one. */
  wasNested = false;
  /** Whether a root that is a symbolic link is followed. */
  readonly followsLinks: boolean;

  constructor(libc: Libc, followsLinks: boolean) {
    this.#libc = libc;
    this.followsLinks = followsLinks;
  }

  /** All roots; what is added or removed meanwhile may be among them. */
  [Symbol.iterator](): IterableIterator<Root> {
    return this.#roots.values();
  }

  /** The root of a path. */
  get(path: string): Root | undefined {
    return this.#roots.get(path);
  }

  /** Whether a root is still one: a report may remove it. */
  has(root: Root): boolean {
    return this.#roots.get(root.path) === root;
  }

  /** The root of a path, if some root is below another one. */
  nested(path: string): Root | undefined {
    return this.isNested ? this.#roots.get(path) : undefined;
  }

  /** Adds a root. */
  add(path: string): Root {
    const root: Root = {
      path,
      isNew: true,
      watch: undefined,
      isReported: false,
      lead: undefined,
      target: undefined,
      directory: undefined,
    };
    if (this.#below === undefined && this.#roots.size > 0) {
      const below = this.#below = new Map<string, number>();
      for (const one of this.#roots.keys()) this.#count(below, one, 1);
    }
    this.#roots.set(path, root);
    if (this.#below !== undefined) this.#count(this.#below, path, 1);
    return root;
  }

  /** Removes a root. */
  delete(path: string): void {
    if (this.#roots.delete(path) && this.#below) this.#count(this.#below, path, -1);
  }

  /** Removes all roots. */
  clear(): void {
    this.#roots.clear();
    this.#below = undefined;
    this.#pairs = 0;
    this.isNested = false;
  }

  /** The roots above a path, if some root is below another one; from the top down. */
  *above(path: string): Generator<Root> {
    if (!this.isNested) return;
    for (const one of ancestors(path)) {
      const root = this.#roots.get(one);
      if (root !== undefined) yield root;
    }
  }

  /** The roots at a path and below, if some root is below another one. */
  within(path: string): Root[] {
    if (!this.isNested) return [];
    if (!this.#below?.has(path)) {
      const root = this.#roots.get(path);
      return root === undefined ? [] : [root];
    }
    const start = path === "/" ? path : `${path}/`;
    return [...this].filter((root) => root.path === path || root.path.startsWith(start));
  }

  /** The paths of all that has a watch: of directories, and of roots that are files. */
  *watched(): Generator<string> {
    for (const { path, target, directory } of this) {
      if (directory === undefined) {
        if (target !== undefined && target.wd >= 0) yield path;
        continue;
      }
      for (const one of directory.subtree()) if (one.wd !== -1) yield one.path;
    }
  }

  /** Where in the tree of a root above it a path is, if it is in one. */
  place(path: string): Place | undefined {
    for (const { path: above, directory } of this.above(path)) {
      const place = directory && placeAt(directory, above, path);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /**
   * Whether the tree of a root above it reports all that happens at a path, and below. Not that of a symbolic link
   * that a root follows, even if the tree follows links: it enters each directory once.
   */
  isInTree(path: string): boolean {
    const entry = this.place(path)?.entry;
    return entry instanceof Directory ? !entry.link : entry === false && !this.isFollowedLink(path);
  }

  /** How many levels below the nearest root a path is. */
  levelOf(path: string): number {
    const above = [...ancestors(path), path];
    return above.length - 1 - above.findLastIndex((one) => this.#roots.has(one));
  }

  /** Whether a symbolic link is at a path, that a root there follows. */
  isFollowedLink(path: string): boolean {
    return this.followsLinks && typeof readLink(this.#libc, path) === "string";
  }

  /** Counts a root that was added, or deleted. */
  #count(below: Map<string, number>, path: string, change: 1 | -1): void {
    this.#pairs += change * (below.get(path) ?? 0);
    for (const above of ancestors(path)) {
      if (this.#roots.has(above)) this.#pairs += change;
      const count = (below.get(above) ?? 0) + change;
      if (count === 0) below.delete(above);
      else below.set(above, count);
    }
    this.isNested = this.#pairs > 0;
    if (this.isNested) this.wasNested = true;
  }
}

/** The followed ones of some roots, as they are reported. */
export function known(roots: Iterable<Root>): Tops {
  const known: Tops = new Map();
  for (const { path, watch, isReported, directory } of roots) {
    if (watch !== undefined) known.set(path, isReported ? directory ?? false : undefined);
  }
  return known;
}

/** The paths above an absolute path, from the root directory down. */
export function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let end = path.indexOf("/", 1); end !== -1; end = path.indexOf("/", end + 1)) {
    above.push(path.slice(0, end));
  }
  return path === "/" ? [] : ["/", ...above];
}

/** Where a path is, or would be, in one of some trees. */
export function placeIn(tops: Tops, path: string): Omit<Place, "entry"> | undefined {
  for (const above of ancestors(path).reverse()) {
    const top = tops.get(above);
    if (top instanceof Directory) return placeBelow(top, namesBelow(above, path));
  }
  return undefined;
}

function placeBelow(top: Directory, names: readonly string[]): Omit<Place, "entry"> | undefined {
  let parent = top;
  for (const name of names.slice(0, -1)) {
    const entry = parent.entries.get(name);
    if (!(entry instanceof Directory)) return undefined;
    parent = entry;
  }
  return { parent, name: names[names.length - 1] };
}

/** Where in a tree a path is, if it is in it. @param above the path of the top */
export function placeAt(top: Directory, above: string, path: string): Place | undefined {
  return find(top, namesBelow(above, path));
}

function find(top: Directory, names: readonly string[]): Place | undefined {
  const place = placeBelow(top, names);
  const entry = place?.parent.entries.get(place.name);
  return entry === undefined ? undefined : { ...place!, entry };
}

/** The names on the way from a path to one below it. */
function namesBelow(above: string, path: string): string[] {
  return path.slice(above === "/" ? 1 : above.length + 1).split("/");
}
