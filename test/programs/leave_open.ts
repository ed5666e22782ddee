/**
 * A worker: leaves things open in a directory, the first that it is given, says so, and ends as the second
 * says, or goes on.
 */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { watch } from "../../mod.ts";
import { leaveOpen } from "../helpers/leave_open.ts";
import { runtimeName } from "../helpers/runtime.ts";

const [directory, way] = workerData as [string, string];
const unref = await leaveOpen(directory, runtimeName !== "node");
parentPort!.postMessage("open");

if (way === "ends by itself") unref();
else if (way === "calls process.exit()") setTimeout(() => process.exit(3));
else if (way === "throws") setTimeout(() => Promise.reject(new Error("mine")));
else if (way === "is terminated during a scan") {
  for (;;) watch(directory, { blocking: true });
} else setInterval(() => {}, 1000);
