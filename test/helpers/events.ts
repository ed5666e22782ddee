/** What a watcher tells, taken in the background. */

import type { Watcher, WatchEvent } from "../../mod.ts";
import { within } from "./within.ts";

/** @returns resolves when the watcher has ended */
export async function forEach(watcher: Watcher, take: (event: WatchEvent) => void): Promise<void> {
  for await (const event of watcher) take(event);
}

/** @returns resolves when every loop has taken all that happened before */
export async function taken(watcher: Watcher): Promise<void> {
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** The kind and the path of an event. */
export function line(event: WatchEvent): string {
  return "path" in event ? `${event.kind} ${event.path}` : event.kind;
}
