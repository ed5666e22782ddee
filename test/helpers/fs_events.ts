/** The events of node:fs's watchers. */

import type { EventEmitter } from "node:events";
import { until } from "./within.ts";

/** The events of a watcher as lines. */
export function listen(watcher: EventEmitter): {
  readonly lines: string[];
  /** Takes the lines, without equal ones in a row: the kernel joins those that nobody has read yet. */
  taken(): string[];
  /** Takes the lines up to one, likewise. */
  upTo(line: string): Promise<string[]>;
} {
  const lines: string[] = [];
  watcher.on("change", (eventType, filename) => lines.push(`${eventType} ${filename}`));
  watcher.on("error", (error) => lines.push(`error ${error.message}`));
  const taken = (count = lines.length) =>
    lines.splice(0, count).filter((line, i, all) => line !== all[i - 1]);
  return {
    lines,
    taken,
    async upTo(line) {
      await until(() => lines.includes(line), () => lines);
      return taken(lines.indexOf(line) + 1);
    },
  };
}

/** A watcher that is closed at the end of a `using` scope. */
export function opened<T extends { close(): void }>(watcher: T): T & Disposable {
  return Object.assign(watcher, { [Symbol.dispose]: () => watcher.close() });
}
