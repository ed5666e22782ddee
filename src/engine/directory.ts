/**
 * What is known of a watched tree: its directories, and the names in them.
 *
 * A path is computed from the tree whenever it is needed, so a directory that moves takes everything
 * below it along, and no watch remembers a path of its own.
 *
 * @module
 */

import { type DirectoryState, KNOWN } from "./directory_state.ts";
import type { Owner, Receiver } from "./instance.ts";
import type { Listing } from "./listing.ts";

/** An entry: a directory that is watched too, or whether it is a directory that is not. */
export type Entry = Directory | boolean;

/** An entry that has come to a name by a rename. */
export interface Arrival {
  /** The name. */
  readonly name: string;
  /** Whether nothing can have been there: it has changed places with nothing. */
  readonly wasFree: boolean;
  /** Where it comes from, if that is known. */
  readonly source: Directory | undefined;
  /** What it was called there. */
  readonly from: string;
}

/** Counts the moves of directories, each of which may make any path that was computed wrong. */
let moves = 0;

/** A directory that is watched. */
export class Directory implements Owner {
  readonly receiver: Receiver;
  /** Its watch, or -1 while it has none. */
  wd = -1;
  #state: DirectoryState = KNOWN;
  /** How often it has changed state: work that belongs to a state is worth nothing in another one. */
  #generation = 0;
  /** Whether what is found in it was there when the watching began. */
  initial = false;
  /** Since when files in it may have changed unseen, if they may: milliseconds since 1970. */
  lostSince: number | undefined;
  /** Whether it has become another directory, so that what is known in it has changed. */
  isOther = false;
  /** The last change of an entry, if it was an arrival. */
  arrival: Arrival | undefined;
  /** Whether the entry is a symbolic link to it. */
  readonly link: boolean;
  /** Whether it is no longer in the tree. */
  gone = false;
  #name: string;
  #parent: Directory | undefined;
  #path = "";
  #pathMoves = -1;
  /** Made when it is asked for: most directories have files only, which stay in the listing. */
  #entries: Map<string, Entry> | undefined;
  /** A listing that is still to be added to the entries. */
  #listing: Listing | undefined;

  /**
   * @param name in the parent; for a root, which has none, the path
   * @param above the parent; for a root, who receives the events of the tree
   * @param link whether the entry is a symbolic link to it
   */
  constructor(name: string, above: Directory | Receiver, link: boolean = false) {
    this.#parent = above instanceof Directory ? above : undefined;
    this.receiver = above instanceof Directory ? above.receiver : above;
    this.#name = name;
    this.link = link;
  }

  /** What is in it, by lossless name. */
  get entries(): Map<string, Entry> {
    if (this.#listing !== undefined) {
      const directories = this.#entries ?? [];
      this.#entries = new Map();
      this.#listing.addTo(this.#entries as Map<string, boolean>);
      this.#listing = undefined;
      for (const [name, directory] of directories) this.#entries.set(name, directory);
    }
    return this.#entries ??= new Map();
  }

  /** Whether nothing is in it, or nothing is known yet. */
  get isEmpty(): boolean {
    return this.#listing === undefined && !this.#entries?.size;
  }

  /** Takes a listing that is not large for what is in it, but for the directories that are set already. */
  adopt(listing: Listing): void {
    this.#listing = listing;
  }

  /** How far its entries can be trusted. */
  get state(): DirectoryState {
    return this.#state;
  }

  /** How often it has changed state. */
  get generation(): number {
    return this.#generation;
  }

  /** Changes its state. */
  enter(state: DirectoryState): void {
    this.#state = state;
    this.#generation++;
  }

  /** The directory that it is in, or `undefined` for a root. */
  get parent(): Directory | undefined {
    return this.#parent;
  }

  /** Its name in the parent; for a root, its path. */
  get name(): string {
    return this.#name;
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

  /** Takes its place elsewhere, or becomes a root; the maps of entries are the caller's. */
  moveTo(parent: Directory | undefined, name: string): void {
    this.#parent = parent;
    this.#name = name;
    moves++;
  }

  /** The directory that it is in last of all: itself, if it is a root. */
  get root(): Directory {
    return this.#parent?.root ?? this;
  }

  /** Whether it is a directory, or below it. */
  isWithin(directory: Directory): boolean {
    return this === directory || (this.#parent?.isWithin(directory) ?? false);
  }

  /** The directories in it that are watched, by name. */
  *directories(): Generator<[name: string, directory: Directory]> {
    for (const [name, entry] of this.#entries ?? []) {
      if (entry instanceof Directory) yield [name, entry];
    }
  }

  /** It and all directories below it. */
  *subtree(): Generator<Directory> {
    const rest: Directory[] = [this];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      yield next;
      for (const [, directory] of next.directories()) rest.push(directory);
    }
  }
}
