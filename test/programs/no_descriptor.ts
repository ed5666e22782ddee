/** Creates directories in a watched one, the first while no descriptor is free; prints the events as JSON. */

import { closeSync, mkdirSync, openSync } from "node:fs";
import process from "node:process";
import { InotifyError, watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";

const [, , directory] = process.argv;
const lines: string[] = [];
await using watcher = watch(directory);
const loop = forEach(watcher, (event) => {
  const why = event.kind === "error" && event.error instanceof InotifyError;
  lines.push(why ? `${line(event)} ${event.error.code}` : line(event));
});
await watcher.ready;

const filled: number[] = [];
try {
  while (true) filled.push(openSync("/dev/null", "r"));
} catch {
  // no descriptor is free
}
mkdirSync(`${directory}/no`);
await taken(watcher);
filled.forEach((fd) => closeSync(fd));
mkdirSync(`${directory}/yes/in`, { recursive: true });
await taken(watcher);
await watcher.close();
await loop;
console.log(JSON.stringify(lines));
