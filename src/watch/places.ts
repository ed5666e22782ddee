/**
 * A tree in which an entry has two places: where it is by what has been reported, and where it really is.
 *
 * It begins with the root directory alone, and grows by what events name. Whatever they name has been there
 * all along, and is reported, unless an event says that it is new, or that something else had its place.
 *
 * @module
 */

import type {
  EntryEvent,
  EntryKind,
  OverflowEvent,
  RenameEvent,
  WatchEvent,
} from "../engine/event.ts";
import { fromBytes } from "../kernel/byte_string.ts";

/** A name in a directory. */
export interface Place {
  readonly parent: Item;
  readonly name: string;
}

/** What is in a file; most items are files. */
const NOTHING: Map<string, Item> = new Map();
const NO_NAMES: Set<string> = new Set();

/** An entry. */
export class Item {
  readonly isDirectory: boolean;
  /** By which event it is reported that it is there; `undefined` if it has been there all along. */
  kind: EntryKind | undefined;
  /** Where it is by what has been reported, if anything has. */
  reported: Place | undefined;
  /** Where it is, unless it was removed; what it is in may have been removed all the same. */
  actual: Place | undefined;
  /** What is in it by what has been reported. */
  readonly reportedItems: Map<string, Item>;
  /** What is in it; `undefined` where nothing is any more. */
  readonly items: Map<string, Item | undefined>;
  /** The names in it that directories have, or had. */
  readonly directories: Set<string>;
  /** What else has happened to it: each kind once. */
  readonly changes: EntryKind[] = [];
  /** Whether an event names it; else it is above what one names, and may be in nothing that is watched. */
  isNamed = true;
  /** Whether it is there; see {@link isThere}. */
  isThere: boolean | undefined;

  constructor(isDirectory: boolean, kind?: EntryKind) {
    this.isDirectory = isDirectory;
    this.kind = kind;
    this.reportedItems = isDirectory ? new Map() : NOTHING;
    this.items = isDirectory ? new Map() : NOTHING;
    this.directories = isDirectory ? new Set() : NO_NAMES;
  }
}

/** The tree. */
export class Places {
  readonly root: Item = new Item(true);
  /** All that was named, and what is above it, in order. */
  readonly all: Item[] = [this.root];
  /** Where the last event was. */
  #last = { path: "", directory: this.root };

  constructor() {
    this.root.isThere = true;
  }

  /** Learns what an event says. */
  learn(event: EntryEvent | RenameEvent): void {
    const { kind, isDirectory } = event;
    const path = losslessPath(event);
    if (kind === "rename") {
      const from = event.rawFrom === undefined ? event.from : fromBytes(event.rawFrom);
      this.#move(from, path, isDirectory, event.replaced);
    } else if (kind === "create" || kind === "exists") this.#create(path, isDirectory, kind);
    else if (kind === "remove") this.#remove(path, isDirectory);
    else this.#change(path, isDirectory, kind);
  }

  /** The last item on the way to a path, and what of the path is left. */
  nearest(path: string): [item: Item, rest: string] {
    let item = this.root;
    for (let start = 0; start < path.length;) {
      const slash = path.indexOf("/", start + 1);
      const end = slash === -1 ? path.length : slash;
      const next = item.items.get(path.slice(start + 1, end));
      if (next === undefined) return [item, path.slice(start)];
      item = next;
      start = end;
    }
    return [item, ""];
  }

  #create(path: string, isDirectory: boolean, kind: EntryKind): void {
    const place = this.#place(path);
    const before = place.parent.items.get(place.name);
    if (before?.isDirectory && isDirectory && !isElsewhere(before)) {
      // Where roots are in one another, what is in a directory may have been reported before it.
      before.isNamed = true;
      return renew(before, kind);
    }
    this.#leave(before);
    this.#add(new Item(isDirectory, kind), place);
  }

  #remove(path: string, isDirectory: boolean): void {
    this.#leave(this.#known(this.#place(path), isDirectory));
  }

  #move(from: string, path: string, isDirectory: boolean, replaced: boolean): void {
    const item = this.#at(this.#place(from), isDirectory);
    const place = this.#place(path);
    if (isIn(place.parent, item)) return; // which cannot be
    this.#leave(replaced ? this.#known(place, isDirectory) : place.parent.items.get(place.name));
    this.#leave(item);
    arrive(item, place);
  }

  #change(path: string, isDirectory: boolean, kind: EntryKind): void {
    const { changes } = path === "/" ? this.root : this.#at(this.#place(path), isDirectory);
    if (!changes.includes(kind)) changes.push(kind);
  }

  #place(path: string): Place {
    const end = path.lastIndexOf("/");
    return { parent: this.#directory(path.slice(0, end)), name: path.slice(end + 1) };
  }

  /** @param path "" for the root directory */
  #directory(path: string): Item {
    if (path === this.#last.path) return this.#last.directory;
    let directory = this.root;
    for (let start = 1; start <= path.length;) {
      const slash = path.indexOf("/", start);
      const end = slash === -1 ? path.length : slash;
      directory = this.#above({ parent: directory, name: path.slice(start, end) });
      start = end + 1;
    }
    this.#last = { path, directory };
    return directory;
  }

  /** What is at a place; if that cannot have been there all along, it is new. */
  #at(place: Place, isDirectory: boolean): Item {
    const known = this.#known(place, isDirectory);
    if (known !== undefined && (known.isDirectory || !isDirectory)) {
      known.isNamed = true;
      return known;
    }
    // No event has told how it came, if it was of a kind that nobody asked for.
    this.#leave(known);
    return this.#add(new Item(isDirectory, "create"), place);
  }

  /** The directory at a place that is above what an event names. */
  #above(place: Place): Item {
    const { parent, name } = place;
    const before = parent.items.get(name);
    if (before?.isDirectory) return before;
    let directory = before === undefined ? this.#known(place, true) : undefined;
    this.#leave(before);
    directory ??= this.#add(new Item(true, "create"), place);
    directory.isNamed = false;
    if (!parent.reportedItems.has(name)) {
      directory.reported = place;
      parent.reportedItems.set(name, directory);
    }
    return directory;
  }

  /** What is at a place, if that is known, or was there all along. */
  #known(place: Place, isDirectory: boolean): Item | undefined {
    const { parent, name } = place;
    const known = parent.items.get(name);
    if (known !== undefined || parent.items.has(name) || isNew(parent)) return known;
    const item = this.#add(new Item(isDirectory), place);
    item.reported = place;
    parent.reportedItems.set(name, item);
    return item;
  }

  #leave(item: Item | undefined): void {
    if (item?.actual === undefined) return;
    item.actual.parent.items.set(item.actual.name, undefined);
    item.actual = undefined;
    if (item.isDirectory) this.#last = { path: "", directory: this.root };
  }

  #add(item: Item, place: Place): Item {
    this.all.push(item);
    arrive(item, place);
    return item;
  }
}

/** An event that has a path. */
export type Change = Exclude<WatchEvent, OverflowEvent>;

/** The path of an event as lossless text. */
export function losslessPath({ path, rawPath }: Change): string {
  return rawPath === undefined ? path : fromBytes(rawPath);
}

/** Whether it was not there all along. */
export function isNew(item: Item): boolean {
  return item.kind !== undefined;
}

/** Whether it is there: neither removed, nor in a directory that is. Not to be asked before the last event. */
export function isThere(item: Item): boolean {
  const within: Item[] = [];
  let top = item;
  while (top.isThere === undefined && top.actual !== undefined) {
    within.push(top);
    top = top.actual.parent;
  }
  top.isThere ??= false;
  for (const one of within) one.isThere = top.isThere;
  return top.isThere;
}

/** Whether it is not where it is reported to be. */
export function isElsewhere({ reported, actual }: Item): boolean {
  return reported !== undefined &&
    (reported.parent !== actual?.parent || reported.name !== actual.name);
}

/** The path of an item: where it is, or where it is reported to be; "" for the root directory. */
export function pathOf(item: Item, by: "actual" | "reported"): string {
  const names: string[] = [];
  for (let place = item[by]; place !== undefined; place = place.parent[by]) names.push(place.name);
  return names.length === 0 ? "" : `/${names.reverse().join("/")}`;
}

function arrive(item: Item, place: Place): void {
  item.actual = place;
  place.parent.items.set(place.name, item);
  if (item.isDirectory) place.parent.directories.add(place.name);
}

/** An item that has been taken for an old one is new, and so is what was in it. */
function renew(item: Item, kind: EntryKind): void {
  item.kind ??= kind;
  if (item.isNamed) {
    item.reported?.parent.reportedItems.delete(item.reported.name);
    item.reported = undefined;
  }
  for (const one of [...item.reportedItems.values()]) renew(one, kind);
}

/** Whether an item is a directory, or in it. */
function isIn(item: Item, directory: Item): boolean {
  for (let one: Item | undefined = item; one !== undefined; one = one.actual?.parent) {
    if (one === directory) return true;
  }
  return false;
}
