/**
 * Coalesces a batch in which directories have exchanged places in a cycle, or one was away and is back.
 *
 * Renames to final paths cannot express a cycle: one directory has to make way through a path in between,
 * and only the events themselves say where there was room. Nor can they say that what is in a directory had another
 * path for a while.
 *
 * @module
 */

import {
  CONTENT_KINDS,
  entryEvent,
  isChange,
  type WatchEvent,
  type WatchKind,
} from "../engine/event.ts";
import { isPresent, isRemoved, pathOf, type Place } from "./batch_item.ts";
import { BatchTree, type Change } from "./batch_tree.ts";
import { changeEvents } from "./reporter.ts";

const CONTENT: ReadonlySet<WatchKind> = new Set(CONTENT_KINDS.values());

/**
 * Replays the events of directories, and coalesces those of files.
 *
 * The result has three parts: files that are in the way of directories are removed; directories have
 * their events unchanged, with the paths of that time; files have theirs, with final paths.
 */
export function replayDirectories(batch: readonly Change[], isNested: boolean): WatchEvent[] {
  const tree = new BatchTree(isNested);
  const directories: Change[] = [];
  for (const event of batch) {
    if (isChange(event)) tree.apply(event);
    if (!isChange(event) || event.isDirectory && !CONTENT.has(event.kind)) directories.push(event);
  }
  tree.end();
  const before: WatchEvent[] = [];
  const after: WatchEvent[] = [];
  for (const item of tree.all) {
    const { reported, isDirectory, late } = item;
    if (isDirectory || late !== undefined || reported === undefined || canStay(reported)) continue;
    before.push(entryEvent("remove", pathOf(item, "reported"), false));
    reported.parent.reportedItems.delete(reported.name);
  }
  for (const item of tree.all) {
    if (!isPresent(item)) continue;
    const { actual, isDirectory, late } = item;
    const path = pathOf(item, "actual");
    const old = actual?.parent.reportedItems.get(actual.name);
    if (!isDirectory && (old !== item || late !== undefined)) {
      const isReplaced = old !== item && old?.isDirectory === false;
      item.arrival = isReplaced ? "modify" : late ?? item.arrival ?? "create";
      after.push(entryEvent(item.arrival, path, false));
    }
    after.push(...changeEvents(item, path));
  }
  return [...before, ...directories, ...after];
}

/** Whether a file needs no removal: its directory is removed, or another file takes its place. */
function canStay({ parent, name }: Place): boolean {
  if (parent.directoryNames.has(name)) return false;
  return isRemoved(parent) || parent.actualItems.get(name)?.isDirectory === false;
}
