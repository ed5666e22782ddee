/** The `ready` event: everything before it is of the set-up. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type WatchEvent, type WatchKind, type WatchOptions } from "../../mod.ts";
import { collect, taken } from "../helpers/events.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const events: WatchKind[] = ["create", "modify", "remove", "rename", "ready"];

/** A directory with files. */
function withFiles(...names: string[]): string {
  const directory = tmpDir();
  for (const name of names) writeFileSync(join(directory, name), "");
  return directory;
}

test("ready comes once, after what is there and before later changes", async () => {
  const directory = withFiles("a", "b");
  await using watcher = watch(directory, { initial: true, events });
  const { lines } = collect(watcher);
  await within(watcher.ready);
  mkdirSync(join(directory, "later"));
  await taken(watcher);
  await within(watcher.add(withFiles("c")));
  await taken(watcher);
  assert.deepEqual([...lines.slice(0, 3).sort(), ...lines.slice(3)], [
    ...["", "/a", "/b"].map((name) => `exists ${directory}${name}`),
    "ready",
    `create ${directory}/later`,
    ...lines.slice(5),
  ]);
  assert.equal(lines.filter((line) => line === "ready").length, 1);
  assert.equal(lines.length, 7, String(lines)); // with what initial gives of the added path
});

test("ready comes only if it is requested", async () => {
  const directory = withFiles();
  await using watcher = watch(directory);
  const { lines } = collect(watcher);
  await within(watcher.ready);
  mkdirSync(join(directory, "a"));
  await taken(watcher);
  assert.deepEqual(lines, [`create ${directory}/a`]);
});

for (const options of [{ blocking: true }, { poll: 60_000 }] satisfies WatchOptions[]) {
  test(`ready comes with ${JSON.stringify(options)}`, async () => {
    const directory = withFiles();
    await using watcher = watch(directory, { ...options, events: ["ready"] });
    const { lines } = collect(watcher, 1);
    await within(watcher.ready);
    await taken(watcher);
    assert.deepEqual(lines, ["ready"]);
  });
}

test("a loop that begins after the set-up does not get ready, unless it is the first one", async () => {
  const directory = withFiles();
  await using watcher = watch(directory, { events });
  await within(watcher.ready);
  const [first, second] = [collect(watcher), collect(watcher)];
  mkdirSync(join(directory, "a"));
  await taken(watcher);
  assert.deepEqual(first.lines, ["ready", `create ${directory}/a`]);
  assert.deepEqual(second.lines, [`create ${directory}/a`]);
});

test("ready comes after the differences of since, and after what initial gives", async () => {
  const directory = withFiles("a");
  await using earlier = watch(directory, { since: undefined });
  const since = await within(earlier.snapshot());
  await earlier.close();
  renameSync(join(directory, "a"), join(directory, "b"));
  await using watcher = watch(directory, { since, initial: true, events });
  const { lines } = collect(watcher);
  await within(watcher.ready);
  rmSync(join(directory, "b"));
  await taken(watcher);
  assert.deepEqual(lines, [
    `rename ${directory}/b`,
    `exists ${directory}`,
    `exists ${directory}/b`,
    "ready",
    `remove ${directory}/b`,
  ]);
});

test("ready comes after the error that nothing is left to watch", async () => {
  const directory = withFiles();
  mkdirSync(join(directory, "sub"));
  await using watcher = watch(directory, { ignore: (path) => !path.endsWith(".ts"), events });
  const { lines } = collect(watcher);
  await within(watcher.ready);
  await taken(watcher);
  assert.deepEqual(lines, [`error ${directory}`, "ready"]);
});

test("a batch has ready in its place, and coalesces nothing across it", async () => {
  const directory = withFiles("a");
  await using watcher = watch(directory, { initial: true, events });
  const batches = watcher.batches({ settle: 20 });
  await within(watcher.ready);
  rmSync(join(directory, "a"));
  mkdirSync(join(directory, "later"));
  await within(watcher.sync());
  const { value } = await within(batches.next());
  assert.deepEqual(value!.map((event: WatchEvent) => event.kind), [
    ...["exists", "exists", "ready", "remove", "create"],
  ]);
});

test("with maxQueue reached in the set-up, ready comes once, after the differences", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const directory = withFiles(...names);
  await using watcher = watch(directory, { initial: true, events, maxQueue: 2 });
  await within(watcher.ready);
  const { lines } = collect(watcher);
  await taken(watcher);
  mkdirSync(join(directory, "later"));
  await taken(watcher);
  const ready = lines.indexOf("ready");
  assert.ok(lines.includes("overflow") && lines.indexOf("overflow") < ready, String(lines));
  assert.deepEqual(lines.slice(ready), ["ready", `create ${directory}/later`]);
  assert.deepEqual(
    lines.slice(0, ready).filter((line) => line !== "overflow").sort(),
    ["", ...names.map((name) => `/${name}`)].map((name) => `exists ${directory}${name}`),
  );
});

for (const maxQueue of [2, 100]) {
  test(`a snapshot has nothing of what is queued with ready, with maxQueue: ${maxQueue}`, async () => {
    const directory = withFiles("a", "b", "c");
    await using watcher = watch(directory, { initial: true, events, maxQueue, since: undefined });
    const loop = watcher[Symbol.asyncIterator]();
    await within(watcher.ready);
    const since = await within(watcher.snapshot());
    await loop.return!();
    await using later = watch(directory, { since });
    const { lines } = collect(later);
    await within(later.ready);
    await taken(later);
    const created = ["", "/a", "/b", "/c"].map((name) => `create ${directory}${name}`);
    assert.deepEqual(lines.sort(), created);
  });
}
