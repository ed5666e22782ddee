/** Watchers leave nothing behind: no descriptor, watch, thread or memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { GC_FLAGS } from "../helpers/collect_garbage.ts";
import { runForJson } from "../helpers/program.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import type { Held } from "../programs/open_and_close.ts";

for (
  const [what, times, bytes] of [
    // Few times, since closing an instance takes milliseconds; a lost read buffer would be 64 KiB.
    ["open and close the only watcher", 300, 10_000],
    ["open and close a watcher beside another", 10_000, 100],
    // A tree of 61 directories.
    ["create and remove a tree", 300, 5000],
  ] as const
) {
  test(`${what}: ${times} times leave no descriptor, watch, thread or memory`, () => {
    const args = [what, String(times), tmpDir(fastest)];
    const [half, all] = runForJson<Held[]>("open_and_close.ts", args, { flags: GC_FLAGS });
    assert.deepEqual(all.kernel, half.kernel);
    // The pools of a runtime may start a thread at any time; one left behind each time would be many.
    assert.ok(all.threads < half.threads + 10, `${all.threads} threads, ${half.threads} before`);
    // Code that the runtime compiles meanwhile takes some hundred kilobytes.
    const growth = (all.memory - half.memory) / (times / 2);
    assert.ok(growth < bytes, `${growth} bytes more each time`);
  });
}

test("a turn of the event loop leaves no memory: 200,000 turns, less than 500 bytes each", () => {
  // Resident memory, since no other figure counts what a runtime allocates outside the JavaScript heap.
  const [half, all] = runForJson<number[]>("turns.ts", ["200000"], { flags: GC_FLAGS });
  const growth = (all - half) / 100_000;
  assert.ok(growth < 500, `${growth} bytes more each time`);
});
