/**
 * The `closeWrite` events of files that are complete since they were renamed, and not since somebody has closed them.
 *
 * @module
 */

import type { WatchEvent } from "./event.ts";

const byRename = new WeakSet<WatchEvent>();

/** Marks such an event. */
export function markByRename(event: WatchEvent): WatchEvent {
  byRename.add(event);
  return event;
}

/** Whether an event is one of them. */
export function isByRename(event: WatchEvent): boolean {
  return byRename.has(event);
}
