/** `Owners`: the owners of each watch. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Owners } from "../../src/engine/owners.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => ({ name }));

test("Owners.of() returns each owner once, in the order of addition", () => {
  const owners = new Owners<object>();
  assert.deepEqual([owners.has(1), [...owners.of(1)]], [false, []]);
  owners.add(1, b);
  owners.add(1, b);
  assert.deepEqual([owners.has(1), [...owners.of(1)]], [true, [b]]);
  for (const owner of [a, b, a]) owners.add(1, owner);
  assert.deepEqual([...owners.of(1)], [b, a]);
  assert.equal(owners.has(2), false);
});

test("Owners.additions counts the masks with events that nobody had asked for, until the watch ends", () => {
  const owners = new Owners<object>();
  for (const mask of [1, 1, 3, 2, 0]) owners.add(1, a, mask);
  owners.add(2, b, 1);
  assert.equal(owners.additions, 3);
  owners.delete(1, a);
  owners.end(2);
  for (const wd of [1, 2]) owners.add(wd, c, 1);
  assert.equal(owners.additions, 5);
});

test("Owners.delete() returns true for the last owner alone", () => {
  const owners = new Owners<object>();
  for (const owner of [a, b]) owners.add(1, owner);
  assert.equal(owners.delete(1, c), false);
  assert.equal(owners.delete(1, a), false);
  assert.equal(owners.delete(1, a), false);
  assert.deepEqual([...owners.of(1)], [b]);
  assert.equal(owners.delete(1, b), true);
  assert.equal(owners.delete(1, b), false);
  assert.equal(owners.has(1), false);
  owners.add(1, c);
  assert.equal(owners.delete(1, a), false);
  assert.equal(owners.delete(1, c), true);
});

test("Owners.end() removes a watch from all its owners, and no other watch", () => {
  const owners = new Owners<object>();
  for (const wd of [1, 2, 3]) owners.add(wd, a);
  for (const wd of [2, 3, 4]) owners.add(wd, b);
  owners.end(2);
  assert.deepEqual([...owners.of(2)], []);
  assert.deepEqual([...owners], [[1, a], [3, a], [3, b], [4, b]]);
});

test("Owners may be deleted while they are iterated", () => {
  const owners = new Owners<object>();
  for (const wd of [1, 2]) for (const owner of [a, b]) owners.add(wd, owner);
  for (const [wd, owner] of owners) if (owner === a) owners.delete(wd, owner);
  assert.deepEqual([...owners], [[1, b], [2, b]]);
});
