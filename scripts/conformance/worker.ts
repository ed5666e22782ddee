/** A worker of subject.ts: runs the watcher, with the entry and for the path in workerData. */

import { parentPort, workerData } from "node:worker_threads";
import { watchers } from "../bench/paths/watchers.ts";

const [watcher, entry, path] = workerData as [string, string, string];
const watch = await watchers[watcher](entry);
const see = (kind: string, ...paths: (string | undefined)[]) =>
  post({ watched: path, kind, paths: paths.filter((one) => one !== undefined) });
await watch(path, see).ready;
post({ ready: path });

function post(message: unknown): void {
  parentPort!.postMessage(message);
}
