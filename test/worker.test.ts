/** In a worker: as on the main thread, but for what Node.js cannot do there. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { openFiles } from "./helpers/proc.ts";
import { runtimeName } from "./helpers/runtime.ts";
import { tmpDir } from "./helpers/tmp.ts";
import { until, within } from "./helpers/within.ts";

const REFUSAL =
  "Cannot wait for events in a Node.js worker thread: an open libuv handle aborts the whole process " +
  "when the worker is terminated; use the main thread, or readSync()";

test("a worker reads, or is told why it cannot, and leaves nothing open", async () => {
  const before = openFiles();
  const program = join(import.meta.dirname!, "programs/read_in_worker.ts");
  const worker = new Worker(program, { workerData: tmpDir() });
  const said = await within(
    new Promise((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    }),
  );
  await within(Promise.resolve(worker.terminate()));
  assert.deepEqual(said, { sync: ["a"], read: runtimeName === "node" ? REFUSAL : ["b"] });
  await until(() => openFiles().inotify <= before.inotify, openFiles);
});

test("a Worker of the web reads and watches", {
  skip: runtimeName === "node" && "Node.js has none",
}, async () => {
  const directory = tmpDir();
  const worker = new globalThis.Worker(new URL("./programs/web_worker.ts", import.meta.url), {
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
  worker.terminate();
  assert.deepEqual(said, ["made", "create"]);
});
