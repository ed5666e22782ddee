/** Mounts, on the real kernel: test/programs/mounts.ts has the checks, and test/scenarios/mounts/ what is reported. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOUNTS } from "../helpers/namespace.ts";
import { run } from "../helpers/program.ts";

for (
  const [title, check] of [
    ["Libc.waiter() wakes for each change of mounts, once", "a waiter"],
    ["Libc.waiter() wakes for it by a Worker, on Bun", "a waiter by a Worker"],
    ["a watcher reports mounts by itself, and leaves nothing open", "without a call"],
    ["a watcher that cannot wait for mounts reports them at sync()", "by sync() alone"],
    ["what a mount has hidden for a moment may have been read", "gone before it is looked at"],
    ["so may what is in a root", "gone from a root before it is looked at"],
    ["a mount is in the batch of what it hides and shows", "batches"],
    [
      "Mounts.look() reads until paths are the same after a fence",
      "a rename while the mounts are read",
    ],
    [
      "what is mounted at the last try of a look is known to the next one",
      "a mount at the last try",
    ],
  ]
) {
  test(title, { skip: MOUNTS.skip }, () => {
    const { status, stdout, stderr } = run("mounts.ts", [check], { under: MOUNTS.under });
    assert.equal(status, 0, stdout + stderr);
  });
}
