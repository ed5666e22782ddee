/**
 * `Item`: a file or directory that the events of a batch name, with its reported and its actual place.
 *
 * @module
 */

import type { EntryKind } from "../engine/event.ts";

/** A name in a directory. */
export interface Place {
  readonly parent: Item;
  readonly name: string;
}

/** Shared by all files, which contain nothing: most items are files. */
const NO_ITEMS: Map<string, Item> = new Map();
const NO_NAMES: Set<string> = new Set();

/** A file or directory. It stays the same item when it is renamed. */
export class Item {
  /** Whether its events say so. A symbolic link is none, although a root below it may lead through it. */
  isDirectory: boolean;
  /** The kind of event that reports its arrival; `undefined` for an old item. */
  arrival: EntryKind | undefined;
  /**
   * The kind of its creation, if that is still to be reported although the item counts as reported: a root below it
   * may have reported what is in it in an earlier batch.
   */
  late: EntryKind | undefined;
  /** Its place as reported so far; `undefined` if it is not reported. */
  reported: Place | undefined;
  /** Its place after the batch; `undefined` if it is removed. A directory above it may be removed, too. */
  actual: Place | undefined;
  /** The items in it as reported so far. */
  reportedItems: Map<string, Item>;
  /** The items in it after the batch; `undefined` at a name that is free. */
  actualItems: Map<string, Item | undefined>;
  /** The names in it that a directory has, or had during the batch. */
  directoryNames: Set<string>;
  /** The kinds of its other events, each once. */
  readonly changes: EntryKind[] = [];
  /** Whether an event names it; if not, it is above a named item, and need not be watched. */
  isNamed = true;
  /** The result of {@link isPresent}. */
  isPresent: boolean | undefined;

  /** @param arrival none for an old item */
  constructor(isDirectory: boolean, arrival?: EntryKind) {
    this.isDirectory = isDirectory;
    this.arrival = arrival;
    this.reportedItems = this.actualItems = NO_ITEMS;
    this.directoryNames = NO_NAMES;
    if (isDirectory) this.open();
  }

  /** Whether it has room for items in it. */
  get isOpen(): boolean {
    return this.reportedItems !== NO_ITEMS;
  }

  /** Gives it room for items in it. */
  open(): void {
    if (this.isOpen) return;
    this.reportedItems = new Map();
    this.actualItems = new Map();
    this.directoryNames = new Set();
  }

  /** An event names it. */
  name(isDirectory: boolean): void {
    if (!this.isNamed) this.isDirectory = isDirectory;
    this.isNamed = true;
  }
}

/** Whether the item did not exist before the batch. */
export function isNew(item: Item): boolean {
  return item.arrival !== undefined;
}

/**
 * Whether the item exists after the batch: neither it nor a directory above it is removed. The result is kept,
 * so this may be called only after the last event is applied.
 */
export function isPresent(item: Item): boolean {
  const within: Item[] = [];
  let top = item;
  while (top.isPresent === undefined && top.actual !== undefined) {
    within.push(top);
    top = top.actual.parent;
  }
  top.isPresent ??= false;
  for (const one of within) one.isPresent = top.isPresent;
  return top.isPresent;
}

/** Whether a directory is removed, which its own event or that of one above it reports. */
export function isRemoved(directory: Item): boolean {
  let one: Item | undefined = directory;
  while (one !== undefined && !isPresent(one) && !one.isNamed) one = one.reported?.parent;
  return one !== undefined && !isPresent(one);
}

/** Whether the item is reported, and not at its actual place. */
export function isMoved({ reported, actual }: Item): boolean {
  return reported !== undefined &&
    (reported.parent !== actual?.parent || reported.name !== actual.name);
}

/** The path of an item's actual or reported place; "" for the root directory. */
export function pathOf(item: Item, by: "actual" | "reported"): string {
  const names: string[] = [];
  for (let place = item[by]; place !== undefined; place = place.parent[by]) names.push(place.name);
  return names.length === 0 ? "" : `/${names.reverse().join("/")}`;
}

/** Whether an item is the directory itself, or below it. */
export function isWithin(item: Item, directory: Item): boolean {
  for (let one: Item | undefined = item; one !== undefined; one = one.actual?.parent) {
    if (one === directory) return true;
  }
  return false;
}
