/** `Roots`: paths that come, go and lead elsewhere, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ATTRIB, IN_CREATE, IN_DELETE, IN_MODIFY } from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import { known, Trees } from "../helpers/trees.ts";

const EACCES = 13;

/** An event in a watched directory, or of it, for whoever follows a path. */
function send(trees: Trees, directory: string, mask: number, name: string): void {
  const wd = trees.fake.wdAt(directory);
  for (const owner of trees.fake.owners.of(wd, name)) {
    if (!(owner instanceof Directory)) owner.receiver.event({ wd, mask, cookie: 0, name }, owner);
  }
}

test("Roots.add() watches a directory, a file, and a path that nothing is at", () => {
  const trees = new Trees();
  trees.disk.directory("/d");
  trees.disk.file("/d/x");
  trees.disk.file("/f");
  const [d, f, nothing] = trees.add("/d", "/f", "/nothing");
  assert.deepEqual([known(d), f, nothing, trees.take()], [["/d/x"], undefined, undefined, []]);
  assert.deepEqual([...trees.roots.known()], [["/d", d], ["/f", false], ["/nothing", undefined]]);
});

test("Roots.add() takes a path once", () => {
  const trees = new Trees();
  trees.disk.directory("/d");
  const [d] = trees.add("/d");
  trees.roots.add("/d", false);
  assert.equal(trees.map.get("/d")?.directory, d);
});

test("Roots.add() reports what is there as exists where that is wanted", () => {
  const trees = new Trees({ initial: true });
  trees.disk.directory("/d");
  trees.disk.file("/f");
  trees.add("/d", "/f", "/nothing");
  assert.deepEqual(trees.take(), ["exists /d", "exists /f"]);
});

test("Roots reports a path that comes as created, with what is in it, and its removal", () => {
  const trees = new Trees({ initial: true });
  trees.add("/d");
  trees.disk.directory("/d/x");
  send(trees, "/", IN_CREATE, "d");
  trees.settle();
  assert.deepEqual(trees.take(), ["create /d", "create /d/x"]);
  const { directory } = trees.map.get("/d")!;
  trees.disk.remove("/d");
  send(trees, "/", IN_DELETE, "d");
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /d"]);
  assert.deepEqual([directory?.gone, trees.map.get("/d")?.directory], [true, undefined]);
});

for (
  const [what, before, after, expected] of [
    ["another directory", "directory", "directory", ["remove /p", "create /p", "create /p/x"]],
    ["another file", "file", "file", ["modify /p, attrib /p"]],
    ["a directory in the place of a file", "file", "directory", [
      "remove /p",
      "create /p",
      "create /p/x",
    ]],
    ["a file in the place of a directory", "directory", "file", ["remove /p", "create /p"]],
  ] as const
) {
  test(`Roots.look() reports ${expected.join("; ")} for ${what}`, () => {
    const trees = new Trees();
    const make = (type: string) => {
      trees.disk.remove("/p");
      if (type === "file") return trees.disk.file("/p");
      trees.disk.directory("/p");
      trees.disk.file("/p/x");
    };
    make(before);
    trees.add("/p");
    make(after);
    trees.roots.look(trees.map.get("/p")!);
    trees.settle();
    assert.deepEqual(trees.take(), expected);
  });
}

test("Roots.look() reports nothing for the directory that is watched, and does not scan it again", () => {
  const trees = new Trees();
  trees.disk.directory("/d");
  const [d] = trees.add("/d");
  trees.fake.scans.length = 0;
  trees.roots.look(trees.map.get("/d")!);
  trees.settle();
  assert.deepEqual([trees.take(), trees.fake.scans], [[], []]);
  assert.equal(trees.map.get("/d")?.directory, d);
});

test("Roots.look() reports the error of a path once, and its creation when it can be watched", () => {
  const trees = new Trees();
  trees.disk.directory("/d");
  trees.fake.errnos.set("/d", EACCES);
  trees.add("/d");
  const root = trees.map.get("/d")!;
  trees.roots.look(root);
  assert.deepEqual(trees.take(), ["error /d"]);
  trees.fake.errnos.clear();
  trees.roots.look(root);
  assert.deepEqual(trees.take(), ["create /d"]);
});

test("Roots reports content of a file", () => {
  const trees = new Trees();
  trees.disk.directory("/d");
  trees.disk.file("/d/f");
  trees.add("/d/f");
  send(trees, "/d", IN_MODIFY, "f");
  send(trees, "/d", IN_ATTRIB, "other");
  assert.deepEqual(trees.take(), ["modify /d/f"]);
});

for (
  const [what, path, changed, expected] of [
    ["a file that has changed", "/d/f", "/d/f", ["modify /d/f, attrib /d/f"]],
    ["a directory that has changed", "/d", "/d", ["attrib /d"]],
    ["a path that has not", "/d/f", "/d", []],
  ] as const
) {
  test(`Roots.resync() reports ${expected.join("; ") || "nothing"} for ${what}`, () => {
    const trees = new Trees();
    trees.disk.directory("/d");
    trees.disk.file("/d/f");
    trees.add(path);
    trees.disk.change(changed, 3000);
    trees.roots.resync(trees.map.get(path)!, 2_000_000);
    assert.deepEqual(trees.take(), expected);
  });
}

test("Roots.resync() reports a path that has gone, or come", () => {
  const trees = new Trees();
  trees.disk.file("/goes");
  trees.add("/goes", "/comes");
  trees.disk.remove("/goes");
  trees.disk.file("/comes");
  for (const root of trees.map) trees.roots.resync(root, 2_000_000);
  assert.deepEqual(trees.take(), ["remove /goes", "create /comes"]);
});

test("Roots.remove() releases every watch of a path, and reports nothing", () => {
  const trees = new Trees();
  trees.disk.directory("/a/d/e");
  trees.add("/a/d");
  trees.roots.remove(trees.map.get("/a/d")!);
  assert.deepEqual(["/", "/a", "/a/d", "/a/d/e"].map((path) => trees.fake.ownersAt(path)), [
    ...[[], [], [], []],
  ]);
  assert.deepEqual([trees.map.get("/a/d"), trees.take()], [undefined, []]);
});

test("Roots reports a file in a directory that may not be watched, whether or not another one is there", () => {
  const trees = new Trees();
  trees.disk.file("/d/f");
  for (const path of ["/d", "/d/."]) trees.fake.errnos.set(path, EACCES);
  trees.add("/d/f", "/d/none");
  assert.deepEqual(trees.take(), ["error /d/f", "error /d/none"]);
});

test("Roots.close() releases all watches, of what follows paths and of trees", () => {
  const trees = new Trees();
  const paths = ["/", "/a", "/a/d", "/a/d/e"];
  trees.disk.directory("/a/d/e");
  trees.add("/a/d");
  assert.ok(paths.every((path) => trees.fake.ownersAt(path).length > 0));
  trees.roots.close();
  assert.deepEqual(paths.map((path) => trees.fake.wdAt(path)), [-1, -1, -1, -1]);
});

test("Roots.look() watches nothing for a root that is removed in its report", () => {
  const trees = new Trees();
  trees.disk.directory("/a/d");
  trees.add("/a/d");
  trees.disk.remove("/a/d");
  trees.disk.directory("/a/d");
  const root = trees.map.get("/a/d")!;
  trees.onReport = () => trees.roots.remove(root);
  trees.roots.look(root);
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /a/d"]);
  assert.deepEqual(["/", "/a", "/a/d"].flatMap((path) => trees.fake.ownersAt(path)), []);
});

test("Roots.removed() watches no root that is removed in its report", () => {
  const trees = new Trees();
  trees.disk.directory("/r/d/e");
  const [r] = trees.add("/r", "/r/d/e");
  const root = trees.map.get("/r/d/e")!;
  trees.onReport = () => trees.roots.remove(root);
  trees.event(r, IN_DELETE, "d");
  assert.deepEqual([trees.take(), trees.fake.ownersAt("/r/d/e")], [["remove /r/d"], []]);
});

test("Roots.beginRest() begins with no root that is removed in the report of another one", () => {
  const trees = new Trees();
  trees.disk.file("/r/f");
  trees.add("/r");
  for (const path of ["/r/f/x", "/r/none"]) trees.roots.add(path, true);
  const before = trees.fake.ownersAt("/r");
  trees.onReport = () => {
    for (const root of [...trees.map].slice(1)) trees.roots.remove(root);
  };
  trees.roots.beginRest();
  assert.deepEqual([trees.take(), trees.fake.ownersAt("/r")], [["error /r/f/x"], before]);
});
