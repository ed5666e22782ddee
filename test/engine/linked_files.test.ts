/** `LinkedFiles`: which links to files are followed, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE } from "../../mod.ts";
import { Trees } from "../helpers/trees.ts";

/** A tree of `/r` with a link in `/r/d` to the file `/o/f`. */
function linked(followSymlinks = true): Trees {
  const trees = new Trees({ followSymlinks });
  trees.disk.directory("/r/d");
  trees.disk.file("/o/f");
  trees.disk.link("/r/d/link", "/o/f");
  trees.disk.file("/r/d/file");
  trees.add("/r");
  return trees;
}

test("LinkedFiles.has(): links are followed if that is wanted, and nothing else is", () => {
  for (const follows of [true, false]) {
    const trees = linked(follows);
    const d = trees.at("/r/d");
    assert.deepEqual(["link", "file", "d"].map((name) => trees.links.has(d, name)), [
      ...[follows, false, false],
    ]);
    assert.equal(trees.fake.ownersAt("/o/f").length, follows ? 1 : 0);
  }
});

test("LinkedFiles: a link is no longer followed once it, or a directory above it, is gone", () => {
  for (const discard of [true, false]) {
    const trees = linked();
    const d = trees.at("/r/d");
    if (discard) trees.scanner.discard(trees.at("/r"));
    else trees.tree.removed(d, "link");
    assert.equal(trees.links.has(d, "link"), false);
    assert.deepEqual(trees.fake.ownersAt("/o/f"), []);
  }
});

test("LinkedFiles: a link that was not where it was reported is followed once its directory is compared", () => {
  const trees = linked();
  const d = trees.at("/r/d");
  trees.event(d, IN_CREATE, "late"); // its directory has another path on the disk
  assert.equal(trees.links.has(d, "late"), false);
  trees.disk.link("/r/d/late", "/o/f");
  trees.scanner.rescan(d);
  trees.settle();
  assert.equal(trees.links.has(d, "late"), true);
  const changed = ["modify", "attrib"].map((kind) => `${kind} /r/d/late`).join(", ");
  assert.deepEqual(trees.take(), ["create /r/d/late", changed]);
});

test("LinkedFiles: a link that leads to a directory by the time that it is followed is entered", () => {
  const trees = linked();
  const d = trees.at("/r/d");
  trees.event(d, IN_CREATE, "late");
  trees.disk.directory("/o/d/in");
  trees.disk.link("/r/d/late", "/o/d");
  trees.take();
  trees.links.found(d, "late", true);
  trees.links.work();
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/d/late", "create /r/d/late", "create /r/d/late/in"]);
});
