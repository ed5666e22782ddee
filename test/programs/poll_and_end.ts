/** Prints "ready" once a watcher of the directory in argv is, which polls and is not persistent; then nothing is left to do. */

import process from "node:process";
import { watch } from "../../mod.ts";

const watcher = watch(process.argv[2], { poll: 50, persistent: false });
await watcher.ready;
console.log(JSON.stringify("ready"));
