/**
 * The events that report what changed before a watcher began: see the option `since`.
 *
 * @module
 */

import type { WatchEvent } from "../engine/event.ts";

const past = new WeakSet<WatchEvent>();

/** Marks events as of the time before. */
export function markPast(events: readonly WatchEvent[]): void {
  for (const event of events) past.add(event);
}

/** Whether an event is of the time before. */
export function isPast(event: WatchEvent): boolean {
  return past.has(event);
}
