/** `RootQueue`: which paths are begun with, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { RootQueue } from "../../src/engine/root_queue.ts";
import { FakeDisk } from "../helpers/fake_disk.ts";

/** A queue with paths. */
function queue(...paths: readonly string[]): RootQueue {
  const queue = new RootQueue(new FakeDisk().libc);
  for (const path of paths) queue.add(path);
  return queue;
}

test("RootQueue begins with each path once, in the order in which they were added", () => {
  const added = queue("/b", "/a", "/b");
  const begun: string[] = [];
  assert.equal(added.isEmpty, false);
  added.work(Infinity, (path) => begun.push(path));
  assert.deepEqual([begun, added.isEmpty], [["/b", "/a"], true]);
});

test("RootQueue.work() ends after a slice, and goes on at the next call", () => {
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
  const added = queue(...paths);
  const begun: string[] = [];
  added.work(0.01, (path) => begun.push(path)); // each reading of the clock takes a microsecond
  assert.ok(begun.length > 1 && begun.length < 15, `${begun.length}`);
  assert.equal(added.isEmpty, false);
  for (let i = 0; i < 100 && !added.isEmpty; i++) added.work(0.01, (path) => begun.push(path));
  assert.deepEqual(begun, paths);
});

test("RootQueue begins with none that is deleted, also meanwhile, and with one that is added then", () => {
  const added = queue("/a", "/b", "/c", "/d");
  const begun: string[] = [];
  added.delete("/b");
  added.work(Infinity, (path) => {
    begun.push(path);
    if (path !== "/a") return;
    added.delete("/c");
    added.add("/e");
  });
  assert.deepEqual(begun, ["/a", "/d", "/e"]);
});

test("RootQueue.clear() deletes all, also meanwhile", () => {
  const added = queue("/a", "/b");
  const begun: string[] = [];
  added.work(Infinity, (path) => {
    begun.push(path);
    added.clear();
  });
  assert.deepEqual([begun, added.isEmpty], [["/a"], true]);
});
