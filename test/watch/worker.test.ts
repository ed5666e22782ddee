/**
 * watch() in worker threads: each watches as the main thread does, and leaves nothing behind.
 *
 * INOTIFY_WORKERS=N ends so many workers in turn.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { held } from "../helpers/proc.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

const count = Number(process.env["INOTIFY_WORKERS"] ?? 8);

/** A worker that runs watch_in_worker.ts. */
class Thread {
  readonly #worker: Worker;
  readonly #said: unknown[] = [];
  readonly ended: Promise<number>;

  constructor(directory: string, way: string) {
    const program = join(import.meta.dirname!, "../programs/watch_in_worker.ts");
    this.#worker = new Worker(program, { workerData: [directory, way] });
    this.#worker.on("message", (message) => this.#said.push(message));
    this.ended = new Promise((resolve, reject) => {
      this.#worker.on("error", reject);
      this.#worker.on("exit", resolve);
    });
  }

  /** The next message. */
  async hears(): Promise<unknown> {
    await until(() => this.#said.length > 0, () => "no message");
    return this.#said.shift();
  }

  send(message: string): void {
    this.#worker.postMessage(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    void this.#worker.terminate();
    await within(this.ended, held);
  }
}

/** Changes a directory at random, in another process. @returns resolves when it has ended */
async function storm(directory: string, seed: number, changes: number): Promise<void> {
  const args = [directory, tmpDir(fastest), String(seed), String(changes), "0"];
  const writer = spawn(...command("storm.ts", args), { stdio: "inherit" });
  assert.deepEqual(await within(once(writer, "exit")), [0, null]);
}

test("watchers in two workers and on the main thread each follow a storm", async () => {
  const directory = tmpDir(fastest);
  await using one = new Thread(directory, "copy");
  await using other = new Thread(directory, "copy");
  await using watcher = watch(directory, { initial: true, maxQueue: 1_000_000 });
  const model = new Model();
  void forEach(watcher, (event) => model.apply(event));
  for (const worker of [one, other]) assert.equal(await worker.hears(), "ready");
  await storm(directory, 1, 800);
  await taken(watcher);
  const disk = [...onDisk(directory)].sort();
  assert.ok(disk.length > 1);
  assert.deepEqual([...model.paths].sort(), disk);
  for (const worker of [one, other]) {
    worker.send("sync");
    const { paths, contradictions } = await worker.hears() as {
      paths: string[];
      contradictions: string[];
    };
    assert.deepEqual(contradictions, []);
    assert.deepEqual(paths.sort(), disk);
  }
});

test("a watcher keeps its worker alive until it is closed", async () => {
  const directory = tmpDir();
  await using worker = new Thread(directory, "persistent");
  assert.equal(await worker.hears(), "ready");
  await new Promise((resolve) => setTimeout(resolve, 300)); // in which the worker could end
  mkdirSync(join(directory, "made"));
  assert.equal(await worker.hears(), "create");
  assert.equal(await within(worker.ended, () => "the worker has not ended"), 0);
});

test("a watcher that is not persistent lets its worker end", async () => {
  await using worker = new Thread(tmpDir(), "not persistent");
  assert.equal(await worker.hears(), "ready");
  assert.equal(await within(worker.ended, () => "the worker has not ended"), 0);
});

test("workers that are terminated in the middle of a storm leave nothing open", async () => {
  const directory = tmpDir(fastest);
  const entries = () => readdirSync(directory).join();
  const end = async (seed: number) => {
    let written: Promise<void>;
    {
      await using worker = new Thread(directory, "copy");
      assert.equal(await worker.hears(), "ready");
      const before = entries();
      written = storm(directory, seed, 2000);
      await until(() => entries() !== before, entries);
    }
    await written;
  };
  await end(1); // the runtime may keep files and threads
  const before = held();
  for (let seed = 2; seed < 2 + count; seed++) await end(seed);
  const isOver = () => {
    const now = held();
    return now.inotify <= before.inotify && now.watches <= before.watches &&
      now.memfd <= before.memfd && now.pipe <= before.pipe && now.all < before.all + count / 2 &&
      now.threads < before.threads + count / 2;
  };
  await until(isOver, () => ({ before, now: held() }));
});
