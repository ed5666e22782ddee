/** The events of a watcher, taken in the background. */

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

/**
 * Takes events in the background.
 *
 * @param stopAfter the number of events after which the loop breaks
 * @returns the events as lines, as they come; `ended` resolves when the loop has ended
 */
export function collect(
  events: AsyncIterable<WatchEvent>,
  stopAfter: number = Infinity,
): { readonly lines: string[]; readonly ended: Promise<void> } {
  const lines: string[] = [];
  const ended = (async () => {
    for await (const event of events) {
      lines.push(line(event));
      if (lines.length === stopAfter) break;
    }
  })();
  return { lines, ended };
}
