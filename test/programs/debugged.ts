/** Makes a directory and a file in one that it watches, its argument; for INOTIFY_DEBUG. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { watch } from "../../mod.ts";

const directory = process.argv[2];
await using watcher = watch(directory);
await watcher.ready;
mkdirSync(join(directory, "d"));
writeFileSync(join(directory, "d/file"), "");
await watcher.sync();
