/**
 * Watches a directory, its first argument, at each reload of the module that is its second; prints as JSON
 * when it is ready, and at each creation, how many reloads there were. Its third says what becomes of the
 * watcher before.
 */

import process from "node:process";
import { watch, type Watcher } from "../../mod.ts";
import { forEach } from "../helpers/events.ts";

/** What reloads leave as it is. */
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
