/**
 * `Directory`: a watched directory and the entries that are known in it.
 *
 * A path is computed from the tree when it is needed: a directory that moves takes everything below it along, and
 * no watch has a path of its own.
 *
 * @module
 */

import { type DirectoryState, KNOWN } from "./directory_state.ts";
import type { Owner, Receiver } from "./member.ts";
import { addPacked, type Listing } from "./listing.ts";

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

// Flags of a directory.
const LINK = 1;
const INITIAL = 2;
const OTHER = 4;
const GONE = 8;

/** How many directories have moved: each move may make any computed path wrong. */
let moves = 0;

const NONE: readonly Directory[] = [];

/** What most directories never have, made on demand. */
class Rare {
  lostSince: number | undefined;
  arrival: Arrival | undefined;
  path = "";
  /** {@link moves} when the path was computed. */
  moves = -1;
}

/** A directory that is watched. A big tree has many, so it has few fields. */
export class Directory implements Owner {
  /** Its watch, or -1 while it has none. */
  wd = -1;
  #state: DirectoryState = KNOWN;
  /** How often it changed state. Work that was begun in one state is worthless in another one. */
  #generation = 0;
  /** {@link LINK} and the others. */
  #flags = 0;
  #rare: Rare | undefined;
  #name: string;
  /** The parent; for a root, who receives the events of the tree. */
  #above: Directory | Receiver;
  /** What is in it; or, while that is unread in the listing, the directories in it that are watched. */
  #entries: Map<string, Entry> | readonly Directory[] = NONE;
  /** The bytes of a listing that nobody has asked for a name yet, and where in them it is: of most directories. */
  #listing: Uint8Array | undefined;
  #start = 0;

  /**
   * @param name in the parent; for a root, which has none, the path
   * @param above the parent; for a root, who receives the events of the tree
   * @param link whether the entry is a symbolic link to it
   */
  constructor(name: string, above: Directory | Receiver, link: boolean = false) {
    this.#above = above;
    this.#name = name;
    if (link) this.#flags = LINK;
  }

  /** Who receives the events of its tree. */
  get receiver(): Receiver {
    const above = this.#above;
    return above instanceof Directory ? above.receiver : above;
  }

  /** Whether the entry is a symbolic link to it. */
  get link(): boolean {
    return this.#has(LINK);
  }

  /** Whether what a scan finds in it was there when the watching began. */
  get initial(): boolean {
    return this.#has(INITIAL);
  }

  set initial(value: boolean) {
    this.#set(INITIAL, value);
  }

  /** Whether another directory may have taken its place, so that every entry may be another one. */
  get isOther(): boolean {
    return this.#has(OTHER);
  }

  set isOther(value: boolean) {
    this.#set(OTHER, value);
  }

  /** Whether it is no longer in the tree. */
  get gone(): boolean {
    return this.#has(GONE);
  }

  set gone(value: boolean) {
    this.#set(GONE, value);
  }

  /** Since when events of it may be lost, if they may: milliseconds since 1970. */
  get lostSince(): number | undefined {
    return this.#rare?.lostSince;
  }

  set lostSince(value: number | undefined) {
    if (value !== this.lostSince) (this.#rare ??= new Rare()).lostSince = value;
  }

  /** The last change of an entry, if that was an arrival. */
  get arrival(): Arrival | undefined {
    return this.#rare?.arrival;
  }

  set arrival(value: Arrival | undefined) {
    if (value !== this.arrival) (this.#rare ??= new Rare()).arrival = value;
  }

  /** What is in it, by lossless name. */
  get entries(): Map<string, Entry> {
    if (this.#entries instanceof Map) return this.#entries;
    const entries = this.names();
    this.#listing = undefined;
    return this.#entries = entries;
  }

  /** As {@link entries}, to be read only: what is packed stays so. */
  names(): Map<string, Entry> {
    const known = this.#entries;
    if (known instanceof Map) return known;
    const entries = new Map<string, Entry>();
    if (this.#listing !== undefined) {
      addPacked(this.#listing, this.#start, entries as Map<string, boolean>);
    }
    for (const directory of known) entries.set(directory.name, directory);
    return entries;
  }

  /** Whether no entry is known. */
  get isEmpty(): boolean {
    return this.#listing === undefined && !(this.#entries instanceof Map && this.#entries.size > 0);
  }

  /**
   * Takes a listing, which is not large, for the entries.
   *
   * @param directories in the listing, that are watched
   */
  adopt({ bytes, start, isEmpty }: Listing, directories: readonly Directory[]): void {
    this.#listing = isEmpty ? undefined : bytes;
    this.#start = start;
    this.#entries = directories.length === 0 ? NONE : directories;
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
    const above = this.#above;
    return above instanceof Directory ? above : undefined;
  }

  /** Its name in the parent; for a root, its path. */
  get name(): string {
    return this.#name;
  }

  /** Its path, as lossless text. */
  get path(): string {
    const { parent } = this;
    if (parent === undefined) return this.#name;
    const rare = this.#rare ??= new Rare();
    if (rare.moves !== moves) {
      rare.path = parent.pathOf(this.#name);
      rare.moves = moves;
    }
    return rare.path;
  }

  /** The path of an entry, as lossless text. */
  pathOf(name: string): string {
    const { path } = this;
    return path === "/" ? `/${name}` : `${path}/${name}`;
  }

  /** Moves, or becomes a root. The caller has updated the entries of both parents. @param link see {@link link} */
  moveTo(parent: Directory | undefined, name: string, link: boolean = false): void {
    this.#above = parent ?? this.receiver;
    this.#name = name;
    this.#set(LINK, link);
    moves++;
  }

  /** Whether its path goes through a symbolic link below the root. */
  get isBehindLink(): boolean {
    return this.link || (this.parent?.isBehindLink ?? false);
  }

  /** The root of its tree: itself, if it has no parent. */
  get root(): Directory {
    return this.parent?.root ?? this;
  }

  /** How many directories are above it in its tree. */
  get level(): number {
    let level = 0;
    for (let above = this.parent; above !== undefined; above = above.parent) level++;
    return level;
  }

  /** Whether it is a directory, or below it. */
  isWithin(directory: Directory): boolean {
    return this === directory || (this.parent?.isWithin(directory) ?? false);
  }

  /** The directories in it that are watched, by name. */
  *directories(): Generator<[name: string, directory: Directory]> {
    const known = this.#entries;
    if (known instanceof Map) {
      for (const [name, entry] of known) if (entry instanceof Directory) yield [name, entry];
    } else for (const directory of known) yield [directory.name, directory];
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

  #has(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  #set(flag: number, value: boolean): void {
    this.#flags = value ? this.#flags | flag : this.#flags & ~flag;
  }
}
