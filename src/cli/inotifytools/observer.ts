/**
 * `Observer`: what a `Tree` reports to.
 *
 * @module
 */

import type { InotifyEvent } from "../../kernel/parse.ts";

/** What a tree reports. Paths are lossless text. */
export interface Observer {
  /** An event. @param watched the path that is watched; that of a directory ends with a slash; "" if there is none */
  event(watched: string, event: InotifyEvent): void;
  /** All queued events have been reported, and the directories that are new in them are watched. */
  caughtUp(): void;
  /** A directory of a tree cannot be watched. */
  uncovered(path: string, errno: number): void;
  /** The root of a tree was moved to an unknown path: new directories in it cannot be watched. */
  moved(path: string): void;
  /** Entries were created before their directory was watched, and creations are not asked for. */
  unasked(directory: string, count: number): void;
  /** A tree is being set up. @param count of watches so far */
  progress(count: number): void;
}
