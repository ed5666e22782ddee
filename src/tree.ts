/**
 * What is known of a watched tree: its directories, and the names in them.
 *
 * A path is computed from the tree whenever it is needed, so a directory that moves takes everything
 * below it along, and no watch remembers a path of its own.
 *
 * @module
 */

import type { InotifyEvent } from "./parse.ts";

/** An entry: a directory that is watched too, or whether it is a directory that is not. */
export type Entry = Directory | boolean;

/** A scan that is not to be believed yet, and what happened since; see the tracker. */
export interface Pending {
  /** {@link Directory.moved} at the time of the scan. */
  readonly moved: number;
  /** What was found; `undefined` while the scan is still to come, or has failed. */
  readonly entries: ReadonlyMap<string, boolean> | undefined;
  /** Why the scan has failed, if it has. */
  readonly errno?: number;
  /** What came in meanwhile, in order. */
  readonly held: InotifyEvent[];
}

/** Counts the moves of directories, each of which may make any path that was computed wrong. */
let moves = 0;

/** A directory that is watched. */
export class Directory {
  /** Its watch, or -1 while it has none. */
  wd = -1;
  /** What is in it, by lossless name. */
  readonly entries: Map<string, Entry> = new Map();
  /** Set while its entries are not known for sure. */
  pending: Pending | undefined;
  /** Whether what is found in it was there when the watching began. */
  initial = false;
  /** Whether events of it are lost, so that files in it may have changed unseen. */
  lost = false;
  /** Whether the entry is a symbolic link to it. */
  readonly link: boolean;
  /** Whether it is no longer in the tree. */
  gone = false;
  #name: string;
  #parent: Directory | undefined;
  #path = "";
  #pathMoves = -1;
  #moved = 0;

  /**
   * @param name in the parent; for a root, which has none, the path
   * @param link whether it is found by a symbolic link of that name
   */
  constructor(name: string, parent?: Directory, link: boolean = false) {
    this.#name = name;
    this.#parent = parent;
    this.link = link;
  }

  /** The directory that it is in, or `undefined` for a root. */
  get parent(): Directory | undefined {
    return this.#parent;
  }

  /** Its name in the parent; for a root, its path. */
  get name(): string {
    return this.#name;
  }

  /** When it, or a directory above it, took its place; what is equal later has not moved since. */
  get moved(): number {
    return Math.max(this.#moved, this.#parent?.moved ?? 0);
  }

  /** Its path, as lossless text. */
  get path(): string {
    if (this.#parent === undefined) return this.#name;
    if (this.#pathMoves !== moves) {
      this.#path = this.#parent.pathOf(this.#name);
      this.#pathMoves = moves;
    }
    return this.#path;
  }

  /** The path of an entry, as lossless text. */
  pathOf(name: string): string {
    const { path } = this;
    return path === "/" ? `/${name}` : `${path}/${name}`;
  }

  /** Takes its place elsewhere in the tree; the maps of entries are the caller's. */
  moveTo(parent: Directory, name: string): void {
    this.#parent = parent;
    this.#name = name;
    this.#moved = ++moves;
  }

  /** The directory that it is in last of all: itself, if it is a root. */
  get root(): Directory {
    return this.#parent?.root ?? this;
  }

  /** It and all directories below it. */
  *subtree(): Generator<Directory> {
    yield this;
    for (const entry of this.entries.values()) {
      if (entry instanceof Directory) yield* entry.subtree();
    }
  }
}
