/** `Places`: directories by path and by watch descriptor, without a kernel. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { newPlace, type Place, Places, subtree } from "../../src/cli/inotifytools/places.ts";

/** A root "./" with watch 1 and directories in it, each with the next watch. */
function tree(paths: readonly string[], prune: (directory: string) => boolean = () => false) {
  const released: number[] = [];
  const places = new Places(prune, (wd) => released.push(wd));
  const root = newPlace("./");
  places.watch(root, 1);
  for (const [i, path] of paths.entries()) {
    const names = path.split("/");
    const parent = names.slice(0, -1).reduce((place, name) => place.children.get(name)!, root);
    places.watch(places.add(parent, names.at(-1)!, false)!, i + 2);
  }
  return { places, root, released };
}

function pathsOf(places: Iterable<Place>): string[] {
  return Array.from(places, ({ path }) => path);
}

test("Places.attach() renames everything below a place, and schedules what has no watch", () => {
  const { places, root } = tree(["a", "a/b", "c"]);
  const a = places.detach(root, "a")!;
  const unwatched = places.add(a.children.get("b")!, "d", true)!;
  assert.equal(places.attach(a, root.children.get("c")!, "e"), true);
  assert.deepEqual(pathsOf(subtree(root)), ["./", "./c/", "./c/e/", "./c/e/b/", "./c/e/b/d/"]);
  assert.deepEqual(places.takeScheduled(), [unwatched]);
  assert.equal(places.watched.get(3)!.path, "./c/e/b/");
});

test("Places.attach() refuses a name that is left out", () => {
  const { places, root } = tree(["a"], (directory) => directory === "./no/");
  const a = places.detach(root, "a")!;
  assert.equal(places.attach(a, root, "no"), false);
  assert.equal(a.path, "./a/");
  assert.equal(places.add(root, "no", true), undefined);
});

test("Places.discard() ends the watches of a place and of all below it", () => {
  const { places, root, released } = tree(["a", "a/b", "c"]);
  places.discard(places.detach(root, "a")!);
  assert.deepEqual(released, [2, 3]);
  assert.deepEqual(pathsOf(places.watched.values()), ["./", "./c/"]);
});

test("Places.takeScheduled() leaves out places that no root leads to", () => {
  const { places, root } = tree(["a"]);
  const a = root.children.get("a")!;
  places.appear(a, "b", true);
  places.appear(root, "c", true);
  places.detach(root, "a");
  assert.deepEqual(pathsOf(places.takeScheduled()), ["./c/"]);
  assert.deepEqual(places.takeScheduled(), []);
});

test("Places.appear() gives a name to another place", () => {
  const { places, root, released } = tree(["a"]);
  const before = root.children.get("a")!;
  places.appear(root, "a", true);
  assert.notEqual(root.children.get("a"), before);
  assert.equal(before.wd, 2);
  assert.deepEqual(released, []);
});

test("Places.claim() moves a detached place to where it is found", () => {
  const { places, root } = tree(["a", "a/b", "c"]);
  const a = places.detach(root, "a")!;
  const found = places.add(root.children.get("c")!, "d", true)!;
  assert.equal(places.claim(found, 2), false);
  assert.equal(root.children.get("c")!.children.get("d"), a);
  assert.deepEqual(pathsOf(subtree(a)), ["./c/d/", "./c/d/b/"]);
});

test("Places.claim() keeps the path of an attached place until its watch ends", () => {
  const { places, root, released } = tree(["a", "c"]);
  const a = root.children.get("a")!;
  const alias = places.add(root.children.get("c")!, "d", true)!;
  assert.equal(places.claim(alias, 2), false);
  assert.equal(a.path, "./a/");
  assert.deepEqual(places.takeScheduled(), []);
  places.discard(places.detach(root, "a")!);
  assert.deepEqual(released, [2]);
  assert.deepEqual(places.takeScheduled(), [alias]);
  assert.equal(places.claim(alias, 4), true);
  assert.equal(places.watched.get(4), alias);
});

test("Places.claim() is false for a root inside another tree", () => {
  const { places } = tree(["a"]);
  const root = newPlace("a/");
  assert.equal(places.claim(root, 2), false);
  assert.equal(root.wd, undefined);
});

test("Places.end() forgets a watch, and keeps the place", () => {
  const { places, root } = tree(["a"]);
  places.end(2);
  assert.equal(places.watched.has(2), false);
  assert.equal(root.children.get("a")!.wd, undefined);
});

test("Places.clear() keeps the watches of the places given", () => {
  const { places, root } = tree(["a"]);
  places.appear(root, "b", true);
  const before = places.clear((place) => place === root);
  assert.deepEqual([...before.keys()], [1, 2]);
  assert.deepEqual([...places.watched.keys()], [1]);
  assert.deepEqual(places.takeScheduled(), []);
});
