/** `maxQueue`: the overflow of one loop that takes events too slowly. */

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { watch } from "../../mod.ts";
import { mkdirs } from "../helpers/directories.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

test("maxQueue: 2 is enough for a slow loop to get every creation", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 2 });
  await within(watcher.ready);
  const left = new Set(Array.from({ length: 50 }, (_, i) => join(directory, `${i}`)));
  const ended = (async () => {
    for await (const event of watcher) {
      if (event.kind === "create") left.delete(event.path);
      if (left.size === 0) break;
      await setImmediate();
    }
  })();
  for (const path of left) mkdirSync(path);
  await within(ended, () => left);
});

test("an idle loop gets maxQueue events, an overflow, and then the differences", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 10, initial: true });
  await within(watcher.ready);
  const events = watcher[Symbol.asyncIterator]();
  mkdirs(directory, ...Array.from({ length: 100 }, (_, i) => String(i)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 50; i++) rmSync(join(directory, String(i)), { recursive: true });
  await within(watcher.sync());
  const model = new Model();
  const kinds: string[] = [];
  while (kinds.length < 11 || model.paths.size !== 51) {
    const { value } = await within(events.next(), () => kinds);
    kinds.push(value!.kind);
    model.apply(value!);
  }
  assert.deepEqual(kinds.slice(0, 11), ["exists", ...Array(9).fill("create"), "overflow"]);
  assert.deepEqual(model.paths, onDisk(directory));
  assert.deepEqual(model.contradictions, []);
});

test("Watcher.sync() does not wait for an idle loop", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 5 });
  await within(watcher.ready);
  const events = watcher[Symbol.asyncIterator]();
  mkdirs(directory, ...Array.from({ length: 20 }, (_, i) => String(i)));
  await within(watcher.sync());
  await within(watcher.sync());
  const model = new Model();
  while (model.paths.size < 20) model.apply((await within(events.next())).value!);
  assert.ok(model.overflows > 0);
});

test("maxQueue bounds the queue of an idle loop, even after sync()", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { maxQueue: 100 });
  await within(watcher.ready);
  const iterator = watcher[Symbol.asyncIterator]();
  const path = join(directory, "file");
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 500; i++) {
      writeFileSync(path, "");
      rmSync(path);
    }
    await within(watcher.sync());
  }
  await watcher.add(tmpDir(fastest)); // which sync() waits for, too
  let waiting = 0;
  const end = setTimeout(() => void watcher.close(), 100);
  for await (const _ of { [Symbol.asyncIterator]: () => iterator }) waiting++;
  clearTimeout(end);
  assert.ok(waiting <= 102, `${waiting} events`); // with the overflow and the differences
});

test("Watcher.add() reports no existing entry to a loop that is losing events", async () => {
  const [one, two] = [tmpDir(fastest), tmpDir(fastest)];
  mkdirSync(join(two, "sub"));
  writeFileSync(join(two, "sub/old"), "");
  await using watcher = watch(one, { maxQueue: 2 });
  await within(watcher.ready);
  const iterator = watcher[Symbol.asyncIterator]();
  for (const name of ["a", "b", "c"]) mkdirSync(join(one, name));
  await within(watcher.sync());
  await within(watcher.add(two));
  mkdirSync(join(two, "new"));
  await within(watcher.sync());
  const paths: string[] = [];
  while (paths.at(-1) !== join(two, "new")) {
    const { value } = await within(iterator.next(), () => paths);
    paths.push(value !== undefined && "path" in value ? value.path : "overflow");
  }
  assert.deepEqual(
    paths,
    [...["a", "b"].map((name) => join(one, name)), "overflow", join(one, "c"), join(two, "new")],
  );
});

test("an idle loop makes no other loop of its watcher lose events", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { maxQueue: 10 });
  await within(watcher.ready);
  const idle = watcher[Symbol.asyncIterator]();
  const paths: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) paths.push("path" in event ? event.path : event.kind);
  })();
  const made: string[] = [];
  for (let i = 0; i < 50; i++) {
    for (const name of [`${i}`, `${i}+`]) {
      mkdirSync(join(directory, name));
      made.push(join(directory, name));
    }
    await within(watcher.sync());
    await until(() => paths.length === made.length, () => paths);
  }
  assert.deepEqual(paths, made);
  await idle.return!();
  await watcher.close();
  await loop;
});
