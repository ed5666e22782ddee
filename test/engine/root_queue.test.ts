/** `RootQueue`: which roots are begun with, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { RootMap } from "../../src/engine/root_map.ts";
import { RootQueue } from "../../src/engine/root_queue.ts";
import { FakeDisk } from "../helpers/fake_disk.ts";

/** A queue, and the paths that were begun with. */
function queue() {
  const { libc } = new FakeDisk();
  const map = new RootMap(libc);
  const queue = new RootQueue(libc, map);
  const begun: string[] = [];
  const work = (slice: number, onBegin: () => void = () => {}) =>
    queue.work(slice, ({ path }) => {
      begun.push(path);
      onBegin();
    });
  return { map, queue, begun, work };
}

test("RootQueue begins with each path once, in the order in which they were added", () => {
  const { map, queue: added, begun, work } = queue();
  for (const path of ["/b", "/a", "/b"]) added.add(path);
  assert.deepEqual([[...map].map(({ path }) => path), added.isEmpty, begun], [
    ["/b", "/a"],
    false,
    [],
  ]);
  work(Infinity);
  added.add("/a");
  work(Infinity);
  assert.deepEqual([begun, added.isEmpty], [["/b", "/a"], true]);
});

test("RootQueue.work() ends after a slice, and goes on at the next call", () => {
  const { queue: added, begun, work } = queue();
  for (let i = 0; i < 100; i++) added.add(`/${i}`);
  const took = work(0.01); // each reading of the clock takes a microsecond
  assert.ok(took >= 0.01 && begun.length > 0 && begun.length < 100, `${took} ${begun.length}`);
  assert.equal(added.isEmpty, false);
  for (let i = 0; i < 100 && !added.isEmpty; i++) work(0.01);
  assert.deepEqual(begun, Array.from({ length: 100 }, (_, i) => `/${i}`));
});

test("RootQueue.work() begins with none that was removed, nor after clear()", () => {
  const { map, queue: added, begun, work } = queue();
  for (const path of ["/a", "/b", "/c", "/d"]) added.add(path);
  map.delete("/b");
  work(Infinity, () => {
    if (begun.length === 2) added.clear();
  });
  assert.deepEqual([begun, added.isEmpty], [["/a", "/c"], true]);
});
