/**
 * `Client`: for whom an engine works.
 *
 * @module
 */

import type { WatchEvent } from "./event.ts";
import type { Ignores } from "./tree.ts";

/** For whom an engine works. */
export interface Client {
  /** Reports a change, by events that belong together. */
  report(events: readonly WatchEvent[]): void;
  /** Whether an entry is ignored; if any is. */
  readonly ignores: Ignores | undefined;
  /** Nothing can be watched any more. */
  fail(error: unknown): void;
  /** Directories were scanned. @param count how many, so far */
  progress(count: number): void;
}
