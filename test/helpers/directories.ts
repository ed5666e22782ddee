/** Directories for watchers to report. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Creates directories, in order, by their names in another one. */
export function mkdirs(directory: string, ...names: string[]): void {
  for (const name of names) mkdirSync(join(directory, name));
}
