/**
 * The events of @parcel/watcher: what a batch of changes comes to, with at most one event for each path.
 *
 * @module
 */

import { losslessPath, type WatchEvent } from "../engine/event.ts";
import { ancestors } from "../engine/root_map.ts";

/**
 * What happened to a path.
 *
 * @example
 * ```ts
 * import type { EventType } from "@inotify/inotify/parcel";
 *
 * const signs: Record<EventType, string> = { create: "+", update: "*", delete: "-" };
 * console.log(signs.create);
 * ```
 */
export type EventType = "create" | "update" | "delete";

/**
 * One event.
 *
 * @example
 * ```ts
 * import type { Event } from "@inotify/inotify/parcel";
 *
 * function handle({ type, path }: Event): void {
 *   console.log(type, path);
 * }
 * handle({ type: "create", path: "/tmp/a" });
 * ```
 */
export interface Event {
  /** The absolute path. */
  path: string;
  /** `update` includes changes of mode, times and owner. A `delete` covers everything below a directory. */
  type: EventType;
}

/**
 * Called with events; or with an error, and no events.
 *
 * @example
 * ```ts
 * import type { SubscribeCallback } from "@inotify/inotify/parcel";
 *
 * const callback: SubscribeCallback = (error, events) => console.log(error ?? events);
 * callback(null, [{ type: "create", path: "/tmp/a" }]);
 * ```
 */
export type SubscribeCallback = (error: Error | null, events: Event[]) => unknown;

/** What has happened to a path. Numbers are those of events in a batch. */
interface Change {
  /** As the consumer sees it. */
  readonly path: string;
  /** Whether it was not there before. */
  isCreated: boolean;
  isDeleted: boolean;
  last: number;
  /** When it was last removed as a directory, with all that was in it; -1 if it was not. */
  emptied: number;
}

/**
 * Coalesces events as @parcel/watcher does, in the order of their paths.
 *
 * @param root whose creation is not reported
 * @returns batches to be handled one after the other. There is more than one where a directory was removed, and
 * something is at its path again: one event for both could not say that what was in it is gone.
 */
export function coalesce(events: readonly WatchEvent[], root: string): Event[][] {
  const batches: Event[][] = [];
  let changes = new Map<string, Change>();
  const end = () => {
    const batch = result(changes);
    if (batch.length > 0) batches.push(batch);
    changes = new Map();
  };
  for (const [number, event] of events.entries()) {
    if (!("isDirectory" in event)) continue;
    const path = losslessPath(event);
    const isCreation = event.kind === "create" || event.kind === "exists";
    const before = changes.get(path);
    if (isCreation && before?.isDeleted && before.emptied !== -1 && !before.isCreated) end();
    if (isCreation && path === root) continue;
    let change = changes.get(path);
    if (change === undefined) {
      change = { path: event.path, isCreated: false, isDeleted: false, last: number, emptied: -1 };
      changes.set(path, change);
    }
    change.last = number;
    if (isCreation) {
      if (change.isDeleted) change.isDeleted = false;
      else change.isCreated = true;
    } else if (event.kind === "remove") {
      change.isDeleted = true;
      if (event.isDirectory) change.emptied = number;
    }
  }
  end();
  return batches;
}

function result(changes: ReadonlyMap<string, Change>): Event[] {
  const batch: Event[] = [];
  for (const [path, change] of [...changes].sort(([a], [b]) => a < b ? -1 : 1)) {
    const isDeleted = change.isDeleted || isGone(path, change, changes);
    if (change.isCreated && isDeleted) continue;
    const type = change.isCreated ? "create" : isDeleted ? "delete" : "update";
    batch.push({ path: change.path, type });
  }
  return batch;
}

/** Whether a directory above was removed later. */
function isGone(path: string, { last }: Change, changes: ReadonlyMap<string, Change>): boolean {
  return ancestors(path).some((above) => (changes.get(above)?.emptied ?? -1) > last);
}
