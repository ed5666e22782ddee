/**
 * The heart of the watcher: after a random storm of changes made by another process, what a consumer
 * has built from the events is what is on the disk, and no event contradicted those before it.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds than the few of the suite.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import process from "node:process";
import { limits, watch } from "../mod.ts";
import { Model, onDisk } from "./helpers/model.ts";
import { command } from "./helpers/runtime.ts";
import { fastest, tmpDir } from "./helpers/tmp.ts";
import { within } from "./helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-16").split("-").map(Number);

/** What kind of storm a seed is. */
interface Storm {
  readonly changes: number;
  /** Milliseconds for which the event loop does nothing else. */
  readonly blocked: number;
  /** Files made at once. */
  readonly flood: number;
  readonly maxQueue?: number;
}

const STORMS: Record<string, (changes: number) => Storm> = {
  "a storm": (changes) => ({ changes, blocked: 0, flood: 0 }),
  "a storm while the event loop is blocked": (changes) => ({ changes, blocked: 300, flood: 0 }),
  "a storm for a loop with a small queue": (changes) => ({
    changes,
    blocked: 0,
    flood: 0,
    maxQueue: 40,
  }),
  "a storm that the kernel's queue is too small for": (changes) => ({
    changes,
    blocked: 1500,
    flood: limits().maxQueuedEvents,
  }),
};

for (let seed = from; seed <= to; seed++) {
  const [name, storm] = Object.entries(STORMS)[seed % 4];
  test(`after ${name} the events give what is on the disk (seed ${seed})`, async () => {
    const failure = await weather(seed, storm(800));
    if (failure === undefined) return;
    const [changes, smallest] = await shrink(seed, storm, failure);
    assert.fail(`seed ${seed}, ${changes} changes:\n${smallest}`);
  });
}

test("what is lost behind an overflow that nobody has read yet is not believed", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { initial: true, maxQueue: 1_000_000 });
  const model = new Model();
  const loop = (async () => {
    for await (const event of watcher) model.apply(event);
  })();
  await within(watcher.ready);
  const { maxQueuedEvents } = limits();
  const fill = () => {
    for (let i = 0; i < maxQueuedEvents / 2; i++) {
      writeFileSync(join(directory, `${i}`), "");
      rmSync(join(directory, `${i}`));
    }
  };
  writeFileSync(join(directory, "before"), "");
  fill(); // the last event is lost, and IN_Q_OVERFLOW waits behind the others
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // some of them are read
    writeFileSync(join(directory, `${turn} is told of`), "");
    fill();
    rmSync(join(directory, `${turn} is told of`));
  }
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  assert.ok(model.overflows > 0);
  assert.deepEqual(model.paths, onDisk(directory));
});

/** @returns what is wrong in the end, if anything is */
async function weather(seed: number, storm: Storm): Promise<string | undefined> {
  const directory = tmpDir(fastest);
  const outside = tmpDir(fastest);
  const { maxQueue = 1_000_000 } = storm;
  await using watcher = watch(directory, { initial: true, maxQueue });
  const model = new Model();
  const loop = (async () => {
    for await (const event of watcher) model.apply(event);
  })();
  await within(watcher.ready);
  const program = command("storm.ts", [
    directory,
    outside,
    String(seed),
    String(storm.changes),
    String(storm.flood),
  ]);
  const writer = spawn(...program, { stdio: "inherit" });
  const written = new Promise((resolve) => writer.on("exit", resolve));
  if (storm.blocked > 0) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const end = Date.now() + storm.blocked; Date.now() < end;);
  }
  assert.equal(await within(written), 0);
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0)); // the loop takes what waits
  const disk = onDisk(directory);
  await watcher.close();
  await loop;
  for (const made of [directory, outside]) rmSync(made, { recursive: true });
  const wrong = [
    ...model.contradictions,
    ...[...disk].filter((path) => !model.paths.has(path)).map((path) => `missing ${path}`),
    ...[...model.paths].filter((path) => !disk.has(path)).map((path) => `not there ${path}`),
    ...model.errors.map(String),
  ];
  return wrong.length === 0 ? undefined : wrong.slice(0, 10).join("\n");
}

/** Looks for a shorter storm that goes wrong too. */
async function shrink(
  seed: number,
  storm: (changes: number) => Storm,
  failure: string,
): Promise<[changes: number, failure: string]> {
  let smallest: [number, string] = [storm(800).changes, failure];
  for (let changes = 400; changes > 10; changes = Math.floor(changes / 2)) {
    const shorter = await weather(seed, storm(changes));
    if (shorter !== undefined) smallest = [changes, shorter];
  }
  return smallest;
}
