/** The garbage collector closes an instance that is unreachable, and no other descriptor. */

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
  test(`the garbage collector closes an instance ${way}`, () => {
    assert.equal(drop(way).open, 0);
  });
}

const twenty = Array(20).fill("last");

test("a pending read() keeps an instance open that nothing else refers to", () => {
  assert.deepEqual(drop("that are read").names, twenty);
});

test("the garbage collection of a closed instance leaves later descriptors open", () => {
  assert.deepEqual(drop("that was closed").names, twenty);
});
