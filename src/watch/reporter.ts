/**
 * `Reporter`: the events that move each item of a batch from its reported place to its actual one.
 *
 * @module
 */

import { type EntryEvent, entryEvent, renameEvent, type WatchEvent } from "../engine/event.ts";
import { isMoved, isNew, isPresent, isRemoved, type Item, pathOf } from "./batch_item.ts";

/** How many moves may be in progress at once; more are handled like a cycle. */
const MAX_IN_PROGRESS = 1000;

/**
 * Reports items one by one. What the move of an item depends on is reported before it.
 *
 * A file that cannot move from its old path to its final one in one step is removed and created. A directory
 * is always renamed, since the batch does not name everything in it; if it has to make way before its own
 * move, it moves along with the directory that it is in, and is renamed from there.
 */
export class Reporter {
  readonly events: WatchEvent[] = [];
  /** Whether moves of directories depend on one another in a cycle. The events are then of no use. */
  foundCycle = false;
  /** Items that are reported at their final path. */
  readonly #final = new Set<Item>();
  /** Items whose move waits for others. */
  readonly #inProgress = new Set<Item>();
  /** The directory of the last path, and its reported path. */
  #last: { readonly directory: Item; readonly path: string } | undefined;

  /** @param root the root directory, which never moves */
  constructor(root: Item) {
    this.#final.add(root);
  }

  /**
   * Reports an item's actual place and its changes, or its removal. A removed directory that items still have to
   * leave is left to {@link reportIfRemoved}.
   */
  report(item: Item): void {
    if (isPresent(item)) {
      this.#reportPlace(item);
      this.#reportLate(item);
      if (item.changes.length > 0) this.events.push(...changeEvents(item, this.#path(item)));
    } else if (needsRemoval(item) && !containsPresent(item)) this.#remove(item);
  }

  /** Reports an item's removal, if that is missing after {@link report} of all items. */
  reportIfRemoved(item: Item): void {
    if (!isPresent(item) && needsRemoval(item)) this.#remove(item);
  }

  /** Reports the actual places of an item and of the directories above it, from the top down. */
  #reportPlace(item: Item): void {
    const line: Item[] = [];
    let top = item;
    for (; !this.#isFinal(top) && !this.#inProgress.has(top); top = top.actual!.parent) {
      line.push(top);
    }
    if (this.#inProgress.has(top) || this.#inProgress.size > MAX_IN_PROGRESS) {
      this.foundCycle = true;
    }
    for (const one of line.reverse()) {
      if (this.foundCycle) return;
      if (this.#isFinal(one)) continue;
      this.#inProgress.add(one);
      this.#move(one);
      this.#inProgress.delete(one);
    }
  }

  /** Reports an item at its actual place, in a directory that is final. */
  #move(item: Item): void {
    const { parent, name } = item.actual!;
    this.#reportLate(item);
    this.#reportLate(parent);
    this.#empty(item, false);
    const replaced = this.#makeRoom(item);
    if (this.foundCycle) return;
    if (isPlaceReused(item)) item.reported = undefined;
    const { reported, isDirectory } = item;
    const from = this.#path(item);
    if (isDirectory && reported !== undefined) this.#last = undefined;
    reported?.parent.reportedItems.delete(reported.name);
    item.reported = { parent, name };
    parent.reportedItems.set(name, item);
    const path = this.#path(item);
    if (reported === undefined) {
      if (!item.isNamed) return;
      item.arrival = replaced ? "modify" : item.arrival ?? "create";
      this.events.push(entryEvent(item.arrival, path, isDirectory));
    } else this.events.push(renameEvent(from, path, isDirectory, replaced));
  }

  /** Reports the creations that are still to be reported of an item and of those above it: see {@link Item.late}. */
  #reportLate(item: Item): void {
    const late: Item[] = [];
    for (let one: Item | undefined = item; one !== undefined; one = one.reported?.parent) {
      if (one.late !== undefined) late.push(one);
    }
    for (const one of late.reverse()) {
      this.events.push(entryEvent(one.late!, this.#path(one), one.isDirectory));
      one.late = undefined;
    }
  }

  /** Frees the actual place of an item. @returns whether the item's own event replaces what is there */
  #makeRoom(item: Item): boolean {
    const { parent, name } = item.actual!;
    const other = parent.reportedItems.get(name);
    if (other === undefined) return false;
    if (replaces(item, other)) {
      this.#empty(other, true);
      // If its place is reused, it may be reported elsewhere by now.
      if (other.reported?.parent === parent && other.reported.name === name) {
        other.reported = undefined;
      }
      return other.isNamed;
    }
    if (isPresent(other)) this.#moveOut(other, true);
    else {
      this.#empty(other, true);
      this.#remove(other);
    }
    return false;
  }

  /**
   * Moves what does not belong there out of a directory that moves, or is removed.
   *
   * @param completely whether no directory may stay; if not, one that cannot move yet stays, and moves out of the
   * directory later
   */
  #empty(directory: Item, completely: boolean): void {
    for (const item of [...directory.reportedItems.values()]) {
      if (item.reported?.parent !== directory) continue; // its place is reused
      if (isPresent(item)) {
        if (isMoved(item)) this.#moveOut(item, completely);
        else this.#empty(item, completely);
      } else {
        this.#empty(item, completely);
        if (needsRemoval(item) && !containsPresent(item)) this.#remove(item);
      }
    }
  }

  /** Moves an item to its actual place if that has room. If not, a file is removed, and created there later. */
  #moveOut(item: Item, completely: boolean): void {
    const { parent, name } = item.actual!;
    const hasRoom = this.#isFinal(parent) && !parent.reportedItems.get(name)?.isDirectory;
    if (isPlaceReused(item)) item.reported = undefined;
    else if (hasRoom && !this.#inProgress.has(item)) this.#reportPlace(item);
    else if (item.isDirectory) {
      if (completely) this.#reportPlace(item);
      else this.#empty(item, false);
    } else if (isRemoved(item.reported!.parent)) item.reported = undefined;
    else this.#remove(item);
  }

  #remove(item: Item): void {
    this.#reportLate(item);
    if (item.isNamed) {
      this.events.push(entryEvent("remove", this.#path(item), item.isDirectory));
    }
    item.reported!.parent.reportedItems.delete(item.reported!.name);
    item.reported = undefined;
  }

  /** The reported path of an item; "" for the root directory. */
  #path({ reported }: Item): string {
    if (reported === undefined) return "";
    const { parent, name } = reported;
    if (this.#last?.directory !== parent) {
      this.#last = { directory: parent, path: pathOf(parent, "reported") };
    }
    return `${this.#last.path}/${name}`;
  }

  #isFinal(item: Item): boolean {
    const within: Item[] = [];
    let top = item;
    for (; !this.#final.has(top); top = top.actual!.parent) {
      if (top.reported === undefined || isMoved(top)) return false;
      within.push(top);
    }
    for (const one of within) this.#final.add(one);
    return true;
  }
}

/** The events of an item's changes, without those that its arrival implies. */
export function changeEvents(item: Item, path: string): EntryEvent[] {
  const isOld = !isNew(item);
  return item.changes
    .filter((kind) =>
      isOld || kind !== "modify" && (kind !== "attrib" || item.arrival === "modify")
    )
    .map((kind) => entryEvent(kind, path || "/", item.isDirectory));
}

/** Whether an item's removal needs an event: neither the removal of its directory nor another item implies it. */
function needsRemoval(item: Item): boolean {
  const { reported } = item;
  if (!item.isNamed || reported === undefined || isRemoved(reported.parent)) return false;
  const next = reported.parent.actualItems.get(reported.name);
  return next === undefined || !replaces(next, item);
}

/** Whether a removed directory contains, as reported, an item that is present elsewhere. */
function containsPresent(directory: Item): boolean {
  return directory.reportedItems.values().some((item) =>
    item.reported?.parent === directory && (isPresent(item) || containsPresent(item))
  );
}

/** Whether one event reports that an item arrives and another one at its place is removed. */
function replaces(item: Item, other: Item): boolean {
  if (other.late !== undefined) return false;
  if (!other.isDirectory) return !item.isDirectory && other.reportedItems.size === 0;
  return item.isDirectory && item.reported !== undefined && !isPresent(other);
}

/**
 * Whether another file takes the reported place of a file. That file is then reported as changed, and this
 * one as if it were new; until then this one stays among the reported items of its directory.
 */
function isPlaceReused({ isDirectory, reported }: Item): boolean {
  if (isDirectory || reported === undefined || !isPresent(reported.parent)) return false;
  return reported.parent.actualItems.get(reported.name)?.isDirectory === false;
}
