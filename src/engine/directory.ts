/**
 * What is known of a watched tree: its directories, and the names in them.
 *
 * A path is computed from the tree whenever it is needed, so a directory that moves takes everything
 * below it along, and no watch remembers a path of its own.
 *
 * @module
 */

import type { Listing } from "./listing.ts";
import { nameOf } from "../kernel/byte_string.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { ScanFailure } from "./scan.ts";

/** An entry: a directory that is watched too, or whether it is a directory that is not. */
export type Entry = Directory | boolean;

/** A directory's entries are not known for sure, until a scan is believed; see Scanner. */
export class Pending {
  /** What the scan has found; `undefined` while it is still to come, or has failed. */
  readonly found: Listing | undefined;
  /** Whether events of the directory may be older than the scan, and have to wait till it is believed. */
  readonly holds: boolean;
  /** Events that wait, in order: all of them, or those of the content of entries that are not known yet. */
  readonly later: InotifyEvent[];
  /** Why the scan has failed, if it has. */
  readonly failure: ScanFailure | undefined;
  /** Whether what was found is known, or is getting known; all the same it may be of another directory. */
  isLearnt = false;
  /** The names of which events were passed over, since a scan was to come: what was known is another entry. */
  #stale: Set<string> | undefined;
  #touched: Set<string> | undefined;

  /** @param before what the directory had before, whose stale names stay so */
  constructor(
    found: Listing | undefined,
    holds: boolean,
    later: InotifyEvent[],
    before?: Pending,
    failure?: ScanFailure,
  ) {
    this.found = found;
    this.holds = holds;
    this.later = later;
    if (before !== undefined) this.#stale = before.#stale;
    this.failure = failure;
  }

  /** An event of a name is passed over. */
  invalidate(name: string): void {
    (this.#stale ??= new Set()).add(name);
  }

  /** Passes over the events that wait. */
  discardLater(): void {
    for (const event of this.later.splice(0)) this.invalidate(nameOf(event));
  }

  /** Whether what is known at a name may be another entry than the one that is there. */
  isStale(name: string): boolean {
    return this.#stale?.has(name) ?? false;
  }

  /** An event has told of a name since the scan: it knows better. */
  touch(name: string): void {
    (this.#touched ??= new Set()).add(name);
  }

  /** Whether an event has told of a name since the scan. */
  isTouched(name: string): boolean {
    return this.#touched?.has(name) ?? false;
  }

  /** Whether no event has told of any. */
  get isUntouched(): boolean {
    return this.#touched === undefined;
  }
}

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
export class Directory {
  /** Its watch, or -1 while it has none. */
  wd = -1;
  /** Set while its entries are not known for sure. */
  pending: Pending | undefined;
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
   * @param link whether it is found by a symbolic link of that name
   */
  constructor(name: string, parent?: Directory, link: boolean = false) {
    this.#name = name;
    this.#parent = parent;
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

  /** Whether what is known of it is what was so at the last event of it. */
  get isExact(): boolean {
    const { pending } = this;
    return pending === undefined || pending.found !== undefined && !pending.holds;
  }

  /** Whether what is in it may be scanned. */
  get isListed(): boolean {
    return this.isExact || this.pending!.isLearnt;
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
