/** A worker: watches the directory in workerData, in the way that workerData names. */

import { parentPort, workerData } from "node:worker_threads";
import { watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { Model } from "../helpers/model.ts";

const [directory, way] = workerData as [string, string];
const post = (message: unknown) => parentPort!.postMessage(message);

const ways: Record<string, () => unknown> = {
  /** Answers each message with the paths by the events of all earlier changes. */
  copy: async () => {
    const watcher = watch(directory, { initial: true, maxQueue: 1_000_000 });
    const model = new Model();
    void forEach(watcher, (event) => model.apply(event));
    await watcher.ready;
    parentPort!.on("message", async () => {
      await taken(watcher);
      post({ paths: [...model.paths], contradictions: model.contradictions });
    });
    post("ready");
  },
  /** Posts the first event, and closes the watcher. */
  persistent: async () => {
    const watcher = watch(directory);
    await watcher.ready;
    post("ready");
    for await (const { kind } of watcher) {
      post(kind);
      break;
    }
  },
  /** Never closes the watcher. */
  "not persistent": async () => {
    const watcher = watch(directory, { persistent: false });
    await watcher.ready;
    post("ready");
    void forEach(watcher, ({ kind }) => post(kind));
  },
};

void ways[way]();
