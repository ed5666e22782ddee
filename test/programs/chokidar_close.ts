/** Closes a watcher in a listener while more is queued, with events that would be held for long. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { watch } from "../../src/compat/chokidar.ts";

const directory = process.argv.at(-1)!;
const watcher = watch(directory, {
  atomic: 60_000,
  awaitWriteFinish: { stabilityThreshold: 60_000 },
});
watcher.on("ready", () => {
  mkdirSync(join(directory, "d"));
  writeFileSync(join(directory, "new"), "");
  rmSync(join(directory, "old"));
});
watcher.on("addDir", (path) => void (path.endsWith("d") && watcher.close()));
