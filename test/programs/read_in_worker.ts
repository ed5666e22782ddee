/** A worker: posts the results of a readSync() and a read(), each for one new file in a directory. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { IN_CREATE, Inotify } from "../../mod.ts";

const directory = workerData as string;
const inotify = new Inotify();
inotify.addWatch(directory, IN_CREATE);
writeFileSync(join(directory, "a"), "");
const sync = inotify.readSync().map(({ name }) => name);
setTimeout(() => writeFileSync(join(directory, "b"), ""), 20);
const read = (await inotify.read()).map(({ name }) => name);
await inotify.close();
parentPort!.postMessage({ sync, read });
