/** Who holds each watch. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Owners } from "../../src/engine/owners.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => ({ name }));

test("a watch has the holders that were added, in order, each once", () => {
  const watches = new Owners<object>();
  assert.deepEqual([watches.has(1), [...watches.of(1)], watches.only(1)], [false, [], undefined]);
  watches.add(1, b);
  watches.add(1, b);
  assert.deepEqual([watches.has(1), [...watches.of(1)], watches.only(1)], [true, [b], b]);
  for (const holder of [a, b, a]) watches.add(1, holder);
  assert.deepEqual([...watches.of(1)], [b, a]);
  assert.equal(watches.only(1), undefined);
  assert.equal(watches.has(2), false);
});

test("the last holder that goes is the last one, whoever that is", () => {
  const watches = new Owners<object>();
  for (const holder of [a, b]) watches.add(1, holder);
  assert.equal(watches.delete(1, c), false);
  assert.equal(watches.delete(1, a), false);
  assert.equal(watches.delete(1, a), false);
  assert.equal(watches.only(1), b);
  assert.equal(watches.delete(1, b), true);
  assert.equal(watches.delete(1, b), false);
  assert.equal(watches.has(1), false);
  watches.add(1, c);
  assert.equal(watches.delete(1, a), false);
  assert.equal(watches.delete(1, c), true);
});

test("a watch that has ended has no holders, and those who held it hold the rest", () => {
  const watches = new Owners<object>();
  for (const wd of [1, 2, 3]) watches.add(wd, a);
  for (const wd of [2, 3, 4]) watches.add(wd, b);
  watches.end(2);
  assert.deepEqual([...watches.of(2)], []);
  assert.deepEqual([...watches.heldBy(a)], [1, 3]);
  assert.deepEqual([...watches.heldBy(b)], [3, 4]);
  for (const wd of watches.heldBy(a)) watches.delete(wd, a);
  assert.deepEqual([...watches.heldBy(a)], []);
  assert.deepEqual([...watches.of(3)], [b]);
});
