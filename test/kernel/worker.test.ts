/** `Inotify` and watch() in a worker: as on the main thread, and nothing is left when the worker ends. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { held, openFiles } from "../helpers/proc.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

test("read() in a worker returns events, and leaves nothing open", async () => {
  const before = openFiles();
  const program = join(import.meta.dirname!, "../programs/read_in_worker.ts");
  const worker = new Worker(program, { workerData: tmpDir() });
  const said = await within(
    new Promise((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    }),
  );
  await within(Promise.resolve(worker.terminate()));
  assert.deepEqual(said, { sync: ["a"], read: ["b"] });
  await until(() => openFiles().inotify <= before.inotify, openFiles);
});

for (const way of ["close", "terminate"] as const) {
  const skip = runtimeName === "node" && "Node.js has no web Worker" ||
    runtimeName === "bun" && way === "close" && "Bun has no close() in a Worker";
  test(
    `a web Worker reads and watches, and leaves nothing open after ${way}()`,
    { skip },
    async () => {
      const before = openFiles();
      const directory = tmpDir();
      const worker = new globalThis.Worker(new URL("../programs/web_worker.ts", import.meta.url), {
        type: "module",
      });
      const said = await within(
        new Promise((resolve, reject) => {
          worker.onerror = reject;
          worker.onmessage = ({ data }) => {
            if (data === "ready") mkdirSync(join(directory, "made"));
            else resolve(data);
          };
          worker.postMessage(directory);
        }),
      );
      if (way === "close") worker.postMessage("close");
      else worker.terminate();
      assert.deepEqual(said, ["made", "create"]);
      const isOver = () => openFiles().inotify <= before.inotify && openFiles().pipe <= before.pipe;
      await until(isOver, openFiles);
    },
  );
}

/** Runs a worker that leaves descriptors open, until it has ended. */
async function endWorker(way: string, directory: string): Promise<void> {
  const program = join(import.meta.dirname!, "../programs/leave_open.ts");
  const worker = new Worker(program, { workerData: [directory, way] });
  const ended = new Promise<void>((resolve) => worker.on("exit", () => resolve()));
  const opened = new Promise<void>((resolve) => worker.once("message", () => resolve()));
  worker.on("error", ({ message }) => assert.equal(message, "mine"));
  await within(opened, held);
  if (way.startsWith("is terminated")) void worker.terminate();
  await within(ended, held);
}

for (
  const way of [
    "ends by itself",
    "calls process.exit()",
    "throws",
    "is terminated",
    "is terminated during a scan",
  ]
) {
  const skip = way === "is terminated during a scan" && runtimeName === "deno" &&
    "Deno does not always end a busy worker";
  test(`a worker that ${way} leaves nothing open`, { skip }, async () => {
    const directory = tmpDir();
    for (let i = 0; i < 100; i++) mkdirSync(join(directory, String(i)));
    await endWorker(way, directory); // the runtime may keep files open
    const before = held();
    for (let i = 0; i < 4; i++) await endWorker(way, directory);
    const { inotify, memfd, pipe } = before;
    // Each of the four may end between the opening of a descriptor and its registration, though seldom before that
    // of a directory; see ffi/thread_descriptors.ts.
    const isCut = way === "is terminated during a scan";
    const all = before.all + (isCut ? 4 : 0);
    const isOver = () => {
      const now = held();
      return now.inotify <= inotify + (isCut ? 1 : 0) && now.memfd <= memfd && now.pipe <= pipe &&
        now.all <= all &&
        now.threads < before.threads + 4;
    };
    await until(isOver, () => ({ before, now: held() }));
  });
}
