/** What waits for the scan of a directory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_MODIFY, type InotifyEvent } from "../../mod.ts";
import { Pending } from "../../src/engine/directory.ts";

const modify = (name: string): InotifyEvent => ({ wd: 1, mask: IN_MODIFY, cookie: 0, name });

test("Pending.discardLater() leaves the names of what it discards stale, for the scans that follow", () => {
  const before = new Pending(undefined, false, [modify("written"), modify("written"), modify("b")]);
  before.discardLater();
  const pending = new Pending(undefined, false, before.later, before);
  assert.deepEqual(pending.later, []);
  assert.deepEqual(["written", "b", "other"].map((name) => pending.isStale(name)), [
    true,
    true,
    false,
  ]);
});
