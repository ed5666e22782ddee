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
  for (const [wd, all] of [[1, [a]], [3, [a, b]], [4, [b]]] as const) {
    assert.deepEqual([...owners.of(wd)], all);
  }
});

test("Owners.of() gives those who follow a name only the events of that, and those without a name", () => {
  const owners = new Owners<object>();
  owners.add(1, a, 0, true);
  owners.add(1, b);
  owners.add(1, c, 0, true);
  owners.follow(1, "x", c);
  owners.follow(1, "x", a);
  owners.follow(1, "y", a);
  const of = (name?: string) => [...owners.of(1, name)];
  assert.deepEqual([of(), of("x"), of("y"), of("z")], [[a, b, c], [b, c, a], [b, a], [b]]);
  owners.unfollow(1, "x", c);
  owners.unfollow(1, "z", c);
  assert.deepEqual([of("x"), of("y"), of()], [[b, a], [b, a], [a, b, c]]);
  owners.delete(1, b);
  assert.deepEqual([of("x"), of("z")], [[a], []]);
});

test("Owners.of() gives an owner once that gets all events and follows a name", () => {
  const owners = new Owners<object>();
  owners.add(1, a);
  owners.add(1, a, 0, true);
  owners.follow(1, "x", a);
  assert.deepEqual([[...owners.of(1, "x")], [...owners.of(1, "y")]], [[a], [a]]);
  owners.end(1);
  owners.follow(1, "x", a); // of a watch that has ended
  assert.deepEqual([...owners.of(1, "x")], []);
});

test("Owners.asks() tells whether owners have asked for all of some events", () => {
  const owners = new Owners<object>();
  owners.add(1, a, 1);
  owners.add(1, b, 6);
  assert.deepEqual([1, 7, 8, 9, 0].map((mask) => owners.asks(1, mask)), [
    ...[true, true, false, false, true],
  ]);
});

test("Owners may be deleted and added while they are iterated", () => {
  const owners = new Owners<object>();
  owners.add(1, c, 0, true);
  owners.add(1, a);
  owners.follow(1, "x", c);
  const seen: object[] = [];
  for (const owner of owners.of(1, "x")) {
    seen.push(owner);
    if (owner !== a) continue;
    owners.add(1, b);
    owners.unfollow(1, "x", c);
  }
  assert.deepEqual(seen, [a, b]);
});
