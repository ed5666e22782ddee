/**
 * The events that bring what is reported in line with what is so.
 *
 * @module
 */

import { type EntryEvent, entryEvent, renameEvent, type WatchEvent } from "../engine/event.ts";
import { isElsewhere, isNew, isThere, type Item, pathOf } from "./places.ts";

/** How many directories may wait for one another. */
const DEPTH = 1000;

/**
 * Reports items one by one, each after what has to be reported before it.
 *
 * The paths of files are from before, or final: a file that cannot go from the one to the other at once is
 * removed, and created. A directory has to be renamed, since nobody here knows all that is in it; if it
 * cannot go at once it is renamed as soon as it can, from where it is by then.
 */
export class Reports {
  readonly events: WatchEvent[] = [];
  /** Whether directories wait for one another in a circle: the events are of no use then. */
  failed = false;
  /** What is reported where it is, and so is all that it is in. */
  readonly #done = new Set<Item>();
  /** What waits for others. */
  readonly #waiting = new Set<Item>();
  /** Where the last report was. */
  #last: { readonly directory: Item; readonly path: string } | undefined;

  /** @param root which never moves */
  constructor(root: Item) {
    this.#done.add(root);
  }

  /** Reports where an item is, and what has happened to it; or that it is gone, if nothing waits in it. */
  report(item: Item): void {
    if (isThere(item)) {
      this.#settle(item);
      if (item.changes.length > 0) this.events.push(...changesOf(item, this.#path(item)));
    } else if (isMissed(item) && !holds(item)) this.#take(item);
  }

  /** Reports that an item is gone, after {@link report} of all. */
  reportLast(item: Item): void {
    if (!isThere(item) && isMissed(item)) this.#take(item);
  }

  /** Reports where an item is, and before it what it is in. */
  #settle(item: Item): void {
    const line: Item[] = [];
    let top = item;
    for (; !this.#isDone(top) && !this.#waiting.has(top); top = top.actual!.parent) line.push(top);
    if (this.#waiting.has(top) || this.#waiting.size > DEPTH) this.failed = true;
    for (const one of line.reverse()) {
      if (this.failed) return;
      if (this.#isDone(one)) continue;
      this.#waiting.add(one);
      this.#arrive(one);
      this.#waiting.delete(one);
    }
  }

  #arrive(item: Item): void {
    const { parent, name } = item.actual!;
    this.#clear(item, false);
    const replaced = this.#makeRoom(item);
    if (this.failed) return;
    if (isRetaken(item)) item.reported = undefined;
    const { reported, isDirectory } = item;
    const from = this.#path(item);
    if (isDirectory && reported !== undefined) this.#last = undefined;
    reported?.parent.reportedItems.delete(reported.name);
    item.reported = { parent, name };
    parent.reportedItems.set(name, item);
    const path = this.#path(item);
    if (reported === undefined) {
      item.kind = replaced ? "modify" : item.kind ?? "create";
      this.events.push(entryEvent(item.kind, path, isDirectory));
    } else this.events.push(renameEvent(from, path, isDirectory, replaced));
  }

  /** Lets go what is reported at the place of an item. @returns whether the item replaces it instead */
  #makeRoom(item: Item): boolean {
    const { parent, name } = item.actual!;
    const other = parent.reportedItems.get(name);
    if (other === undefined) return false;
    if (replaces(item, other)) {
      this.#clear(other, true);
      // If it has been retaken, it may be reported elsewhere by now.
      if (other.reported?.parent === parent && other.reported.name === name) {
        other.reported = undefined;
      }
      return true;
    }
    if (isThere(other)) this.#letGo(other, true);
    else {
      this.#clear(other, true);
      this.#take(other);
    }
    return false;
  }

  /**
   * Lets go what is not to stay in a directory that moves, or is gone.
   *
   * @param must whether nothing may be left in it; if not, directories may go along, and leave it later
   */
  #clear(directory: Item, must: boolean): void {
    for (const item of [...directory.reportedItems.values()]) {
      if (item.reported?.parent !== directory) continue; // it is retaken
      if (isThere(item)) {
        if (isElsewhere(item)) this.#letGo(item, must);
        else this.#clear(item, must);
      } else {
        this.#clear(item, must);
        if (isMissed(item) && !holds(item)) this.#take(item);
      }
    }
  }

  /** What is elsewhere goes there, if there is room; if not, a file is removed, to be created there. */
  #letGo(item: Item, must: boolean): void {
    const { parent, name } = item.actual!;
    const hasRoom = this.#isDone(parent) && !parent.reportedItems.get(name)?.isDirectory;
    if (isRetaken(item)) item.reported = undefined;
    else if (hasRoom && !this.#waiting.has(item)) this.#settle(item);
    else if (item.isDirectory) {
      if (must) this.#settle(item);
      else this.#clear(item, false);
    } else if (isThere(item.reported!.parent)) this.#take(item);
    else item.reported = undefined;
  }

  #take(item: Item): void {
    this.events.push(entryEvent("remove", this.#path(item), item.isDirectory));
    item.reported!.parent.reportedItems.delete(item.reported!.name);
    item.reported = undefined;
  }

  /** Where an item is by what is reported; "" for the root directory. */
  #path({ reported }: Item): string {
    if (reported === undefined) return "";
    const { parent, name } = reported;
    if (this.#last?.directory !== parent) {
      this.#last = { directory: parent, path: pathOf(parent, "reported") };
    }
    return `${this.#last.path}/${name}`;
  }

  #isDone(item: Item): boolean {
    const within: Item[] = [];
    let top = item;
    for (; !this.#done.has(top); top = top.actual!.parent) {
      if (top.reported === undefined || isElsewhere(top)) return false;
      within.push(top);
    }
    for (const one of within) this.#done.add(one);
    return true;
  }
}

/** What has happened to an item besides, except what goes without saying of one that is new. */
export function changesOf(item: Item, path: string): EntryEvent[] {
  const isOld = !isNew(item);
  return item.changes
    .filter((kind) => isOld || kind !== "modify" && (kind !== "attrib" || item.kind === "modify"))
    .map((kind) => entryEvent(kind, path || "/", item.isDirectory));
}

/** Whether it has to be reported that an item is gone: what it was in is not, and nothing replaces it. */
function isMissed(item: Item): boolean {
  const { reported } = item;
  if (reported === undefined || !isThere(reported.parent)) return false;
  const next = reported.parent.items.get(reported.name);
  return next === undefined || !replaces(next, item);
}

/** Whether something is there that is reported to be in a directory that is gone. */
function holds(directory: Item): boolean {
  return directory.reportedItems.values().some((item) =>
    item.reported?.parent === directory && (isThere(item) || holds(item))
  );
}

/** Whether one event says that an item has come, and that another one is gone from there. */
function replaces(item: Item, other: Item): boolean {
  if (!other.isDirectory) return !item.isDirectory;
  return item.isDirectory && item.reported !== undefined && !isThere(other);
}

/**
 * Whether a file has left its place to another file. Then that one is reported as a change, and this one as
 * if it were new; till then it stays in the map of its directory.
 */
function isRetaken({ isDirectory, reported }: Item): boolean {
  if (isDirectory || reported === undefined || !isThere(reported.parent)) return false;
  return reported.parent.items.get(reported.name)?.isDirectory === false;
}
