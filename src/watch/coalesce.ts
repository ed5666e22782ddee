/**
 * Coalesces a batch: reduces its events to the fewest that report the same difference.
 *
 * @module
 */

import { isPresent, type Item, pathOf } from "./batch_item.ts";
import { BatchTree, type Change } from "./batch_tree.ts";
import {
  type ErrorEvent,
  errorEvent,
  isChange,
  losslessPath,
  type MountEvent,
  mountEvent,
  type UnmountEvent,
  type WatchEvent,
} from "../engine/event.ts";
import { replayDirectories } from "./replay.ts";
import { Reporter } from "./reporter.ts";

/**
 * Coalesces events. Applied to a set of paths, the result gives the same set as the events do; and it names
 * every file whose content may have changed, or that was away.
 *
 * Events before and after an `overflow` or a `ready` are coalesced separately.
 *
 * @param isNested whether one root is below another: what is in a directory may be reported before it
 */
export function coalesce(events: readonly WatchEvent[], isNested: boolean): WatchEvent[] {
  const result: WatchEvent[] = [];
  let batch: Change[] = [];
  const end = () => {
    for (const event of difference(batch, isNested)) result.push(event);
    batch = [];
  };
  for (const event of events) {
    if (event.kind === "overflow" || event.kind === "ready") {
      end();
      result.push(event);
    } else batch.push(event);
  }
  end();
  return result;
}

/** An event that is kept, since it is no change of an item. */
interface KeptEvent {
  readonly event: ErrorEvent | MountEvent | UnmountEvent;
  /** How many items were named before it. */
  readonly itemsBefore: number;
  /** The item at its path, or the nearest one above, and the rest of the path. */
  readonly at: readonly [item: Item, rest: string];
}

function difference(batch: readonly Change[], isNested: boolean): WatchEvent[] {
  const tree = new BatchTree(isNested);
  const { root, all } = tree;
  const kept: KeptEvent[] = [];
  for (const event of batch) {
    if (isChange(event)) tree.apply(event);
    else kept.push({ event, itemsBefore: all.length, at: tree.nearest(losslessPath(event)) });
  }
  if (tree.end()) return replayDirectories(batch, isNested);
  const reporter = new Reporter(root);
  const { events } = reporter;
  let next = 0;
  const report = (end: number) => {
    for (; next < end; next++) reporter.report(all[next]);
  };
  for (const one of kept) {
    report(one.itemsBefore);
    events.push(withFinalPath(one));
  }
  report(all.length);
  for (const item of all) reporter.reportIfRemoved(item);
  return reporter.foundCycle ? replayDirectories(batch, isNested) : events;
}

/** The event with the path that its item has in the end. */
function withFinalPath({ event, at: [item, rest] }: KeptEvent): WatchEvent {
  const path = pathOf(item, "actual") + rest || "/";
  if (!isPresent(item) || path === losslessPath(event)) return event;
  return event.kind === "error" ? errorEvent(path, event.error) : mountEvent(event.kind, path);
}
