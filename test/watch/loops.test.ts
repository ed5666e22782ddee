/** Several loops over one watcher, and their iterators. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { mkdirs } from "../helpers/directories.ts";
import { collect, taken } from "../helpers/events.ts";
import { openFiles } from "../helpers/proc.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

test("the first loop also gets earlier events; every loop gets all events from its start on", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  await within(watcher.ready);
  mkdirs(directory, "1");
  await within(watcher.sync());
  const first = collect(watcher).lines;
  const second = collect(watcher).lines;
  mkdirs(directory, "2");
  await taken(watcher);
  assert.deepEqual(first, ["1", "2"].map((name) => `create ${directory}/${name}`));
  assert.deepEqual(second, [`create ${directory}/2`]);
});

test("leaving a loop does not affect the others, and leaving the last one closes the watcher", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  const short = collect(watcher, 1);
  const long = collect(watcher, 3);
  await within(watcher.ready);
  mkdirs(directory, "1", "2");
  await within(short.ended);
  await within(watcher.sync());
  mkdirs(directory, "3");
  await within(long.ended);
  assert.equal(long.lines.length, 3);
  assert.deepEqual(watcher.watched(), []);
  const late = collect(watcher);
  await within(late.ended);
  assert.deepEqual(late.lines, []);
  await within(watcher.close());
});

test("leaving the only loop closes the inotify instance before the next statement", async () => {
  for (const batches of [false, true]) {
    const directory = tmpDir();
    const watcher = watch(directory);
    await within(watcher.ready);
    const { inotify } = openFiles();
    mkdirs(directory, "a");
    if (batches) { for await (const _ of watcher.batches({ settle: 1 })) break; }
    else for await (const _ of watcher) break;
    assert.ok(openFiles().inotify < inotify);
  }
});

test("pending next() calls get one event each, in order", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  const events = watcher[Symbol.asyncIterator]();
  const waiting = [events.next(), events.next(), events.next()];
  await within(watcher.ready);
  mkdirs(directory, "1", "2", "3");
  const values = (await within(Promise.all(waiting))).map(({ value }) => (value as Named).path);
  assert.deepEqual(values, ["1", "2", "3"].map((name) => join(directory, name)));
});

interface Named {
  readonly path: string;
}

test("return() ends a pending next()", async () => {
  await using watcher = watch(tmpDir());
  const loops: AsyncIterator<unknown, undefined>[] = [
    watcher[Symbol.asyncIterator](),
    watcher.batches(),
  ];
  for (const events of loops) {
    const waiting = events.next();
    await within(events.return!());
    assert.deepEqual(await within(waiting), { done: true, value: undefined });
  }
});
