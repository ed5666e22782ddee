/** An instance that nobody has any more is closed, and no other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { GC_FLAGS } from "../helpers/collect_garbage.ts";
import { runForJson } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";
import type { Dropped } from "../programs/drop.ts";

const drop = (way: string) => runForJson<Dropped>("drop.ts", [way, tmpDir()], { flags: GC_FLAGS });

for (
  const way of [
    "without a watch",
    "with a watch",
    "whose addWatch() threw",
    "that was read",
    "whose iterator has begun",
  ]
) {
  test(`an instance is closed when it is dropped: one ${way}`, () => {
    assert.equal(drop(way).open, 0);
  });
}

const twenty = Array(20).fill("last");

test("an instance stays open while a read() waits, though nothing else has it", () => {
  assert.deepEqual(drop("that are read").names, twenty);
});

test("an instance that is closed and dropped does not close what has its number now", () => {
  assert.deepEqual(drop("that was closed").names, twenty);
});
