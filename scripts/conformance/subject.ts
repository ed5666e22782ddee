/**
 * Runs watchers on request, and prints their events.
 *
 *   subject.ts WATCHER ENTRY
 *
 * Each line of input and output is JSON. `{ path, ignore, follows, completes }` watches a path, `{ close }` closes the
 * watcher of a path; `{ path, worker: true }` watches it in a worker, which `{ terminate }` terminates.
 * The replies are `{ ready }` and `{ closed }` with the path; `{ watched, kind, paths }` is an event.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { watchers, type Watching } from "../bench/paths/watchers.ts";

const [watcher, entry] = process.argv.slice(2);
const watch = await watchers[watcher](entry);
const watchings = new Map<string, Watching>();
const workers = new Map<string, Worker>();

for await (const line of createInterface(process.stdin)) {
  const { path, ignore, follows, completes, close, worker, terminate } = JSON.parse(line);
  if (worker) {
    const program = new URL(import.meta.url.replace("subject", "worker"));
    const thread = new Worker(program, { workerData: [watcher, entry, path] });
    thread.on("message", print);
    workers.set(path, thread);
    continue;
  }
  if (terminate !== undefined) {
    await workers.get(terminate)!.terminate();
    print({ closed: terminate });
    continue;
  }
  if (close !== undefined) {
    await watchings.get(close)!.close();
    print({ closed: close });
    continue;
  }
  const see = (kind: string, ...paths: (string | undefined)[]) =>
    print({ watched: path, kind, paths: paths.filter((one) => one !== undefined) });
  const watching = watch(path, see, ignore, follows, completes);
  watchings.set(path, watching);
  await watching.ready;
  print({ ready: path });
}

function print(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
