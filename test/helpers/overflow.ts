/** An overflow of the kernel's queue (inotify(7), IN_Q_OVERFLOW). */

import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { limits } from "../../mod.ts";

/**
 * Makes events until the kernel's queue is full. The event loop must not have a turn meanwhile, since the queue
 * would be read.
 *
 * @param path a file that is watched, or in a watched directory; it is renamed, and there again in the end
 */
export function overflowQueue(path: string): void {
  writeFileSync(join(dirname(path), "passing"), "");
  for (let i = 0; i <= limits().maxQueuedEvents / 4; i++) {
    renameSync(path, `${path}~`);
    renameSync(`${path}~`, path);
  }
}
