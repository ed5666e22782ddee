/**
 * `Directory`: a watched directory and the entries that are known in it.
 *
 * A path is computed from the tree when it is needed: a directory that moves takes everything below it along, and
 * no watch has a path of its own.
 *
 * @module
 */

import { type DirectoryState, KNOWN } from "./directory_state.ts";
import type { Owner, Receiver } from "./instance.ts";
import type { Listing } from "./listing.ts";

/** An entry: a watched directory; or, of another entry, whether it is a directory. */
export type Entry = Directory | boolean;

/** An entry that came to a name by a rename. */
export interface Arrival {
  /** The name. */
  readonly name: string;
  /** Whether nothing can have been there, so that it did not change places with anything. */
  readonly wasFree: boolean;
  /** The directory that it came from, if that is watched. */
  readonly source: Directory | undefined;
  /** Its name there. */
  readonly from: string;
}

/** How many directories have moved: each move may make any computed path wrong. */
let moves = 0;

/** A directory that is watched. */
export class Directory implements Owner {
  readonly receiver: Receiver;
  /** Its watch, or -1 while it has none. */
  wd = -1;
  #state: DirectoryState = KNOWN;
  /** How often it changed state. Work that was begun in one state is worthless in another one. */
  #generation = 0;
  /** Whether what a scan finds in it was there when the watching began. */
  initial = false;
  /** Since when events of it may be lost, if they may: milliseconds since 1970. */
  lostSince: number | undefined;
  /** Whether another directory may have taken its place, so that every entry may be another one. */
  isOther = false;
  /** The last change of an entry, if that was an arrival. */
  arrival: Arrival | undefined;
  /** Whether the entry is a symbolic link to it. */
  readonly link: boolean;
  /** Whether it is no longer in the tree. */
  gone = false;
  #name: string;
  #parent: Directory | undefined;
  #path = "";
  #pathMoves = -1;
  /** Made on demand: most directories have only files, which stay in the listing. */
  #entries: Map<string, Entry> | undefined;
  /** A listing whose names are not added to the entries yet. */
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

  /** Whether no entry is known. */
  get isEmpty(): boolean {
    return this.#listing === undefined && !this.#entries?.size;
  }

  /** Takes a listing, which is not large, for the entries. The directories in it must be set already. */
  adopt(listing: Listing): void {
    this.#listing = listing;
  }

  /** How far its entries can be trusted. */
  get state(): DirectoryState {
    return this.#state;
  }

  /** How often it changed state. */
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

  /** Moves, or becomes a root. The caller updates the entries of both parents. */
  moveTo(parent: Directory | undefined, name: string): void {
    this.#parent = parent;
    this.#name = name;
    moves++;
  }

  /** Whether its path goes through a symbolic link below the root. */
  get isBehindLink(): boolean {
    return this.link || (this.#parent?.isBehindLink ?? false);
  }

  /** The root of its tree: itself, if it has no parent. */
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

  /** It may be another directory by now, and so may all below it; see {@link isOther}. */
  markOther(): void {
    for (const one of this.subtree()) one.isOther = true;
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
