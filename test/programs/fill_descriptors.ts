/** Opens an instance while no descriptor is free, and again when one is; prints the results as JSON. */

import { closeSync, openSync } from "node:fs";
import { Inotify } from "../../mod.ts";
import { thrown } from "../helpers/thrown.ts";

await new Inotify().close(); // loads libc
const filled: number[] = [];
try {
  while (true) filled.push(openSync("/dev/null", "r"));
} catch {
  // no descriptor is left
}
const error = thrown(() => new Inotify());
closeSync(filled.pop()!);
await using inotify = new Inotify();
const again = inotify.fd > 0;
filled.forEach((fd) => closeSync(fd));
console.log(JSON.stringify({ error, again }));
