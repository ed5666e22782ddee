/**
 * Watches the directory in its first argument, again at each reload of the module in its second. Prints the
 * number of reloads as JSON when it is ready, and at each `create`. With the third argument "closes", it
 * closes the watcher of the previous load.
 */

import process from "node:process";
import { watch, type Watcher } from "../../mod.ts";
import { forEach } from "../helpers/events.ts";

/** State that survives a reload. */
const scope = globalThis as { reloads?: number; watcher?: Watcher };

const [directory, trigger, way] = process.argv.slice(2);
await import(trigger);
const reload = scope.reloads = (scope.reloads ?? -1) + 1;
if (way === "closes") await scope.watcher?.close();
const watcher = scope.watcher = watch(directory);
await watcher.ready;
void forEach(watcher, ({ kind }) => {
  if (kind === "create") console.log(JSON.stringify(reload));
});
console.log(JSON.stringify(reload));
