/**
 * What a batch comes down to if directories have changed places in a circle.
 *
 * @module
 */

import { CONTENT_KINDS, entryEvent, type WatchEvent, type WatchKind } from "../engine/event.ts";
import { type Change, isThere, pathOf, type Place, Places } from "./places.ts";
import { changesOf } from "./reports.ts";

const CONTENT: ReadonlySet<WatchKind> = new Set(CONTENT_KINDS.values());

/**
 * Reports directories as they came and went, by the paths that they had in between: without such a path
 * there is no way to report it. Files that have to be out of the way are gone before, and the rest of what
 * is said of files comes after, by the paths that they have in the end.
 */
export function asItCame(batch: readonly Change[]): WatchEvent[] {
  const places = new Places();
  const directories: Change[] = [];
  for (const event of batch) {
    const isNote = event.kind === "error" || event.kind === "unmount";
    if (!isNote) places.learn(event);
    if (isNote || event.isDirectory && !CONTENT.has(event.kind)) directories.push(event);
  }
  const before: WatchEvent[] = [];
  const after: WatchEvent[] = [];
  for (const item of places.all) {
    const { reported, isDirectory } = item;
    if (isDirectory || reported === undefined || isKept(reported)) continue;
    before.push(entryEvent("remove", pathOf(item, "reported"), false));
    reported.parent.reportedItems.delete(reported.name);
  }
  for (const item of places.all) {
    if (!isThere(item)) continue;
    const { actual, isDirectory } = item;
    const path = pathOf(item, "actual");
    const old = actual?.parent.reportedItems.get(actual.name);
    if (!isDirectory && old !== item) {
      item.kind = old?.isDirectory === false ? "modify" : item.kind ?? "create";
      after.push(entryEvent(item.kind, path, false));
    }
    after.push(...changesOf(item, path));
  }
  return [...before, ...directories, ...after];
}

/** Whether a file may stay where it was: in a directory that is gone, or till it is replaced. */
function isKept({ parent, name }: Place): boolean {
  if (parent.directories.has(name)) return false;
  return !isThere(parent) || parent.items.get(name)?.isDirectory === false;
}
