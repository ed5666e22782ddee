/** What a watcher tells, taken in the background. */

import type { Watcher, WatchEvent } from "../../mod.ts";
import { within } from "./within.ts";

/** Calls a function with each event. @returns resolves when the loop ends */
export async function forEach(watcher: Watcher, take: (event: WatchEvent) => void): Promise<void> {
  for await (const event of watcher) take(event);
}

/** @returns resolves when every loop has taken the events of all earlier changes */
export async function taken(watcher: Watcher): Promise<void> {
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** An event's kind and path. */
export function line(event: WatchEvent): string {
  return "path" in event ? `${event.kind} ${event.path}` : event.kind;
}
