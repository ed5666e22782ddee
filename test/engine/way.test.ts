/** `Way`: the way to a directory, which the paths in it share. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE, IN_MODIFY } from "../../mod.ts";
import { Way } from "../../src/engine/way.ts";
import { Trees } from "../helpers/trees.ts";

test("Way.of() gives one way to a directory, until each who has it has closed it", () => {
  const { disk, fake } = new Trees();
  disk.directory("/a/b");
  const [one, other] = [Way.of(fake.instance, "/a/b"), Way.of(fake.instance, "/a/b")];
  assert.equal(one, other);
  const wd = one.enter(IN_CREATE);
  assert.ok(wd >= 0);
  assert.deepEqual([one.passes(wd), one.end, one.passesBelow("/a")], [true, "/a/b", true]);
  one.close();
  assert.equal(Way.of(fake.instance, "/a/b"), other);
  other.close();
  other.close();
  assert.deepEqual(["/a", "/a/b"].map((path) => fake.ownersAt(path).length), [0, 0]);
  assert.notEqual(Way.of(fake.instance, "/a/b"), other);
});

test("Way.enter() gives -1 where the way leads to no directory, and the watch once there is one", () => {
  const { disk, fake } = new Trees();
  disk.file("/a/f");
  const [none, file] = ["/a/none", "/a/f"].map((path) => Way.of(fake.instance, path));
  assert.deepEqual([none.enter(IN_CREATE), file.enter(IN_CREATE)], [-1, -1]);
  disk.directory("/a/none");
  Way.doubt(fake.instance);
  assert.ok(none.enter(IN_CREATE) >= 0);
});

test("Way.doubt() has the way resolved again of which no event tells that it is another one", () => {
  const trees = new Trees();
  trees.disk.file("/a/b/f");
  trees.add("/a/b/f");
  trees.disk.rename("/a", "/old");
  trees.disk.directory("/a");
  trees.disk.rename("/old/b", "/a/b"); // the same directory and file, by another directory
  const root = trees.map.get("/a/b/f")!;
  trees.roots.look(root);
  assert.deepEqual([trees.fake.ownersAt("/a").length, trees.fake.ownersAt("/old").length], [0, 1]);
  Way.doubt(trees.fake.instance);
  trees.roots.look(root);
  assert.deepEqual([trees.fake.ownersAt("/a").length, trees.fake.ownersAt("/old").length], [1, 0]);
});

test("Way.doubt(): a way that leads elsewhere, by no event, is looked for again by all who share it", () => {
  const trees = new Trees({ content: IN_MODIFY });
  for (const name of ["f", "g"]) trees.disk.file(`/a/${name}`);
  trees.add("/a/f", "/a/g");
  trees.take();
  trees.disk.rename("/a", "/old");
  for (const name of ["f", "g"]) trees.disk.file(`/a/${name}`);
  Way.doubt(trees.fake.instance);
  trees.roots.look(trees.map.get("/a/f")!);
  assert.deepEqual(trees.take(), ["modify /a/f"]);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /a/g"]);
});
