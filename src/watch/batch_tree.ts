/**
 * `BatchTree`: the files and directories that the events of a batch name, each with two places, the reported
 * one before the batch and the actual one after it.
 *
 * The tree begins with the root directory and grows with each event. What an event names is taken to be old,
 * that is, to exist and to be reported before the batch, unless the events before it contradict that.
 *
 * @module
 */

import {
  type EntryEvent,
  type EntryKind,
  losslessFrom,
  losslessPath,
  type OverflowEvent,
  type ReadyEvent,
  type RenameEvent,
  type WatchEvent,
} from "../engine/event.ts";
import { isMoved, isNew, isPresent, isWithin, Item, type Place } from "./batch_item.ts";

/** The tree of one batch. */
export class BatchTree {
  readonly root: Item = new Item(true);
  /** Every item, in the order in which events name it or something below it. */
  readonly all: Item[] = [this.root];
  readonly #isNested: boolean;
  /** What was renamed, and came back to its reported place. */
  readonly #returned = new Set<Item>();
  /** The directory of the last event, since the next one is often in it, too. */
  #last = { path: "", directory: this.root };

  /** @param isNested whether one root is below another: what is in a directory may be reported before it */
  constructor(isNested: boolean) {
    this.root.isPresent = true;
    this.#isNested = isNested;
  }

  /** Applies an event to the actual places. */
  apply(event: EntryEvent | RenameEvent): void {
    const { kind, isDirectory } = event;
    const path = losslessPath(event);
    if (kind === "rename") {
      this.#move(losslessFrom(event), path, isDirectory, event.replaced);
    } else if (kind === "create" || kind === "exists") this.#create(path, isDirectory, kind);
    else if (kind === "remove") this.#remove(path, isDirectory);
    else this.#change(path, isDirectory, kind);
  }

  /**
   * The last event is applied. A file that was away, and is back, counts as modified: whoever read it meanwhile found
   * nothing, or another file.
   *
   * @returns whether a directory was away, and is back: then this goes for all that is in it
   */
  end(): boolean {
    let hasDirectory = false;
    for (const item of this.#returned) {
      if (isMoved(item) || !isPresent(item)) continue;
      if (item.isDirectory) hasDirectory = true;
      else addTo(item.changes, "modify");
    }
    return hasDirectory;
  }

  /** The item at a path, or the nearest one above it, and the rest of the path. */
  nearest(path: string): [item: Item, rest: string] {
    let item = this.root;
    for (let start = 0; start < path.length;) {
      const slash = path.indexOf("/", start + 1);
      const end = slash === -1 ? path.length : slash;
      const next = item.actualItems.get(path.slice(start + 1, end));
      if (next === undefined) return [item, path.slice(start)];
      item = next;
      start = end;
    }
    return [item, ""];
  }

  #create(path: string, isDirectory: boolean, kind: EntryKind): void {
    const place = this.#placeOf(path);
    const before = place.parent.actualItems.get(place.name);
    if (before && (before.isDirectory && isDirectory || !before.isNamed) && !isMoved(before)) {
      before.name(isDirectory);
      if (before.reported !== undefined) before.late ??= kind;
      return;
    }
    if (this.#isNested && isDirectory && canBeOld(place)) {
      this.#addReported(place, true).late = kind;
      return;
    }
    this.#detach(before);
    this.#add(new Item(isDirectory, kind), place);
  }

  #remove(path: string, isDirectory: boolean): void {
    this.#detach(this.#existingAt(this.#placeOf(path), isDirectory));
  }

  #move(from: string, path: string, isDirectory: boolean, replaced: boolean): void {
    const item = this.#itemAt(this.#placeOf(from), isDirectory);
    const place = this.#placeOf(path);
    if (isWithin(place.parent, item)) return; // the kernel does not rename a directory into itself (rename(2))
    this.#detach(
      replaced ? this.#existingAt(place, isDirectory) : place.parent.actualItems.get(place.name),
    );
    this.#detach(item);
    attach(item, place);
    if (item.reported !== undefined && !isMoved(item)) this.#returned.add(item);
  }

  #change(path: string, isDirectory: boolean, kind: EntryKind): void {
    const { changes } = path === "/" ? this.root : this.#itemAt(this.#placeOf(path), isDirectory);
    addTo(changes, kind);
  }

  #placeOf(path: string): Place {
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
      directory = this.#ancestorAt({ parent: directory, name: path.slice(start, end) });
      start = end + 1;
    }
    this.#last = { path, directory };
    return directory;
  }

  /** The item at a place, which an event names; a new one if no old one can be there. */
  #itemAt(place: Place, isDirectory: boolean): Item {
    const known = this.#existingAt(place, isDirectory);
    if (known !== undefined && (known.isDirectory || !isDirectory)) return known;
    // Its arrival has no event if it is of a kind that is not requested.
    this.#detach(known);
    return this.#add(new Item(isDirectory, "create"), place);
  }

  /** The directory at a place above the one that an event names. */
  #ancestorAt(place: Place): Item {
    const { parent, name } = place;
    const before = parent.actualItems.get(name);
    if (before?.isOpen === false) {
      return this.#isNested ? this.#leadThrough(before, place) : this.#itemAt(place, true);
    }
    if (before !== undefined) return before;
    const directory = this.#existingAt(place, true) ?? this.#add(new Item(true, "create"), place);
    directory.isNamed = false;
    if (this.#isReported(parent) && !parent.reportedItems.has(name)) {
      directory.reported = place;
      parent.reportedItems.set(name, directory);
    }
    return directory;
  }

  /** A root leads through an item, which is a symbolic link: what is below may have been reported before it. */
  #leadThrough(link: Item, place: Place): Item {
    link.open();
    const { parent, name } = place;
    if (isNew(link) && this.#isReported(parent) && !parent.reportedItems.has(name)) {
      link.late = link.arrival;
      link.arrival = undefined;
      link.reported = place;
      parent.reportedItems.set(name, link);
    }
    return link;
  }

  #isReported(directory: Item): boolean {
    return directory === this.root || directory.reported !== undefined;
  }

  /** The item at a place; an old one if neither the place nor its directory has an event so far. */
  #existingAt(place: Place, isDirectory: boolean): Item | undefined {
    const known = place.parent.actualItems.get(place.name);
    known?.name(isDirectory);
    if (known !== undefined || !canBeOld(place)) return known;
    return this.#addReported(place, isDirectory);
  }

  #addReported(place: Place, isDirectory: boolean): Item {
    const item = this.#add(new Item(isDirectory), place);
    item.reported = place;
    place.parent.reportedItems.set(place.name, item);
    return item;
  }

  #detach(item: Item | undefined): void {
    if (item?.actual === undefined) return;
    item.actual.parent.actualItems.set(item.actual.name, undefined);
    item.actual = undefined;
    if (item.isOpen) this.#last = { path: "", directory: this.root };
  }

  #add(item: Item, place: Place): Item {
    this.all.push(item);
    attach(item, place);
    return item;
  }
}

/** An event that has a path. */
export type Change = Exclude<WatchEvent, OverflowEvent | ReadyEvent>;

/** Whether what is at a place may be old: neither the place nor its directory has an event so far. */
function canBeOld({ parent, name }: Place): boolean {
  return !parent.actualItems.has(name) && !isNew(parent);
}

function addTo(changes: EntryKind[], kind: EntryKind): void {
  if (!changes.includes(kind)) changes.push(kind);
}

function attach(item: Item, place: Place): void {
  item.actual = place;
  place.parent.actualItems.set(place.name, item);
  if (item.isDirectory) place.parent.directoryNames.add(place.name);
}
