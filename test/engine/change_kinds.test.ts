/** `changeKinds()`: how changes are reported that the kernel does not report as changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY } from "../../mod.ts";
import { changeKinds } from "../../src/engine/change_kinds.ts";

const wanted = (content: number, creations = true) => ({ content, creations, renames: true });
const anew = ["remove", "create"];

test("changeKinds() reports a change by modify and attrib, as far as they are wanted", () => {
  const of = (content: number) => changeKinds(wanted(content)).changes;
  assert.deepEqual(of(IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE), ["modify", "attrib"]);
  assert.deepEqual([of(IN_ATTRIB), of(IN_CLOSE_WRITE), of(0)], [["attrib"], [], []]);
});

test("changeKinds() reports a replaced file as removed and created if nothing else reports it", () => {
  assert.deepEqual(changeKinds(wanted(0)).replacement, anew);
  assert.deepEqual(changeKinds(wanted(0, false)).replacement, []);
  assert.deepEqual(changeKinds(wanted(IN_MODIFY)).replacement, ["modify"]);
});

test("changeKinds() leaves a replaced file to closeWrite only if it will be complete", () => {
  const { replacement, incomplete } = changeKinds(wanted(IN_CLOSE_WRITE));
  assert.deepEqual([replacement, incomplete], [[], anew]);
  assert.deepEqual(changeKinds(wanted(IN_CLOSE_WRITE | IN_ATTRIB)).incomplete, ["attrib"]);
});
