/**
 * A worker: leaves instances and a watcher open for the directory in workerData, posts "open", and ends
 * in the way that workerData names, or keeps running.
 */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { watch } from "../../mod.ts";
import { leaveOpen } from "../helpers/leave_open.ts";

const [directory, way] = workerData as [string, string];
const unref = await leaveOpen(directory);
parentPort!.postMessage("open");

if (way === "ends by itself") unref();
else if (way === "calls process.exit()") setTimeout(() => process.exit(3));
else if (way === "throws") setTimeout(() => Promise.reject(new Error("mine")));
else if (way === "is terminated during a scan") {
  for (;;) watch(directory, { blocking: true });
} else setInterval(() => {}, 1000);
