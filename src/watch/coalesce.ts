/**
 * Brings what a batch reports down to the least that reports the same.
 *
 * @module
 */

import { asItCame } from "./as_it_came.ts";
import {
  type ErrorEvent,
  errorEvent,
  type UnmountEvent,
  unmountEvent,
  type WatchEvent,
} from "../engine/event.ts";
import { type Change, isThere, type Item, losslessPath, pathOf, Places } from "./places.ts";
import { Reports } from "./reports.ts";

/**
 * The difference that events make in the end. Whoever applies it to a set of paths gets the same set as by
 * the events themselves, and whoever reads each file again that it names has what is in every file.
 *
 * An overflow is not passed: what is before and what is after is by itself.
 */
export function coalesce(events: readonly WatchEvent[]): WatchEvent[] {
  const result: WatchEvent[] = [];
  let batch: Change[] = [];
  const end = () => {
    for (const event of difference(batch)) result.push(event);
    batch = [];
  };
  for (const event of events) {
    if (event.kind === "overflow") {
      end();
      result.push(event);
    } else batch.push(event);
  }
  end();
  return result;
}

/** An event that is kept, between those of items. */
interface Note {
  readonly event: ErrorEvent | UnmountEvent;
  /** How many items come before. */
  readonly after: number;
  /** What is at its path, or above it, and the rest of the path. */
  readonly at: readonly [item: Item, rest: string];
}

function difference(batch: readonly Change[]): WatchEvent[] {
  const places = new Places();
  const { root, all } = places;
  const notes: Note[] = [];
  for (const event of batch) {
    if (event.kind === "error" || event.kind === "unmount") {
      notes.push({ event, after: all.length, at: places.nearest(losslessPath(event)) });
    } else places.learn(event);
  }
  const reports = new Reports(root);
  const { events } = reports;
  let next = 0;
  const report = (end: number) => {
    for (; next < end; next++) reports.report(all[next]);
  };
  for (const note of notes) {
    report(note.after);
    events.push(update(note));
  }
  report(all.length);
  for (const item of all) reports.reportLast(item);
  return reports.failed ? asItCame(batch) : events;
}

/** The event of a note, with the path of what it is about now. */
function update({ event, at: [item, rest] }: Note): WatchEvent {
  const path = pathOf(item, "actual") + rest || "/";
  if (!isThere(item) || path === losslessPath(event)) return event;
  return event.kind === "error" ? errorEvent(path, event.error) : unmountEvent(path);
}
