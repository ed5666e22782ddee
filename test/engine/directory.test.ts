/** `Directory`: paths, moves and entries of a tree, which no kernel is needed for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../src/engine/directory.ts";
import { invalidate, KNOWN } from "../../src/engine/directory_state.ts";
import { Listing } from "../../src/engine/listing.ts";
import { type Dirent, dirents, DT_DIR, DT_REG } from "../helpers/dirents.ts";
import { NOBODY } from "../helpers/nobody.ts";

/** A directory in another one. */
function child(parent: Directory, name: string): Directory {
  const directory = new Directory(name, parent);
  parent.entries.set(name, directory);
  return directory;
}

function listing(...entries: readonly Dirent[]): Listing {
  const listing = new Listing();
  const bytes = dirents(...entries);
  listing.push(bytes, bytes.length);
  return listing;
}

test("Directory.path follows each move of a directory above", () => {
  const root = new Directory("/r", NOBODY);
  const a = child(root, "a");
  const b = child(a, "b");
  const c = child(b, "c");
  assert.equal(c.path, "/r/a/b/c");
  a.moveTo(root, "x");
  assert.equal(c.path, "/r/x/b/c");
  b.moveTo(root, "y");
  assert.deepEqual([b.path, c.path, c.root === root], ["/r/y", "/r/y/c", true]);
  b.moveTo(undefined, "/elsewhere");
  assert.deepEqual([c.path, c.root === b, b.parent], ["/elsewhere/c", true, undefined]);
});

test("Directory.pathOf() has one slash below the root directory", () => {
  const root = new Directory("/", NOBODY);
  assert.deepEqual([root.path, root.pathOf("a"), child(root, "a").pathOf("b")], [
    "/",
    "/a",
    "/a/b",
  ]);
});

test("Directory.receiver is that of the root", () => {
  assert.equal(child(child(new Directory("/r", NOBODY), "a"), "b").receiver, NOBODY);
});

test("Directory.isWithin() is true for a directory itself and those above, not for its siblings", () => {
  const root = new Directory("/r", NOBODY);
  const [a, ab] = [child(root, "a"), child(root, "ab")];
  const b = child(a, "b");
  assert.deepEqual([b, a, root, ab].map((one) => b.isWithin(one)), [true, true, true, false]);
  assert.equal(a.isWithin(b), false);
});

test("Directory.level is how many directories are above it, wherever it moves", () => {
  const root = new Directory("/r", NOBODY);
  const a = child(root, "a");
  const b = child(a, "b");
  assert.deepEqual([root, a, b].map(({ level }) => level), [0, 1, 2]);
  a.moveTo(undefined, "/elsewhere");
  assert.deepEqual([root, a, b].map(({ level }) => level), [0, 0, 1]);
});

test("Directory.subtree() gives it and all directories below once, and no files", () => {
  const root = new Directory("/r", NOBODY);
  root.entries.set("file", false).set("unwatched", true);
  const all = [root, child(root, "a"), child(root, "b")];
  all.push(child(all[1], "c"));
  assert.deepEqual(
    [...root.subtree()].map(({ path }) => path).sort(),
    all.map(({ path }) => path).sort(),
  );
});

test("Directory.entries has an adopted listing, with the directories in it that are watched", () => {
  const root = new Directory("/r", NOBODY);
  const d = new Directory("d", root);
  root.adopt(listing(["file", DT_REG], ["d", DT_DIR], ["other", DT_DIR]), [d]);
  assert.deepEqual([...root.directories()], [["d", d]]);
  assert.deepEqual([...root.entries], [["file", false], ["d", d], ["other", true]]);
  root.entries.delete("file");
  assert.deepEqual([...root.entries.keys()], ["d", "other"]);
});

test("Directory.isEmpty is true without entries, and after the last one", () => {
  const root = new Directory("/r", NOBODY);
  assert.equal(root.isEmpty, true);
  root.adopt(listing([".", DT_DIR], ["..", DT_DIR]), []);
  assert.equal(root.isEmpty, true);
  root.adopt(listing(["a", DT_REG]), []);
  assert.equal(root.isEmpty, false);
  root.entries.delete("a");
  assert.equal(root.isEmpty, true);
});

test("Directory.enter() makes another generation each time, also of the same state", () => {
  const root = new Directory("/r", NOBODY);
  const first = root.generation;
  const state = invalidate(KNOWN);
  root.enter(state);
  root.enter(state);
  assert.equal(root.state, state);
  assert.equal(root.generation, first + 2);
});
