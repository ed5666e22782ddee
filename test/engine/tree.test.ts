/** `Tree`: entries that are found, removed or ignored, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../src/engine/directory.ts";
import { isOfType } from "../../src/engine/tree.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { known, Trees } from "../helpers/trees.ts";

test("Tree.found() scans a new directory and reports what is in it", () => {
  const trees = new Trees();
  trees.disk.directory("/r");
  const [root] = trees.add("/r");
  trees.disk.directory("/r/d/e");
  trees.tree.found(root, "d", true, "create");
  assert.deepEqual(trees.take(), ["create /r/d"]);
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/d/e"]);
});

test("Tree.found() watches no directory below a root that is not recursive", () => {
  const trees = new Trees({ depth: 0 });
  trees.disk.directory("/r/d/e");
  const [root] = trees.add("/r");
  assert.deepEqual([...root.entries], [["d", true]]);
  trees.tree.found(root, "new", true, "create");
  trees.settle();
  assert.deepEqual([root.entries.get("new"), trees.take()], [true, ["create /r/new"]]);
  assert.deepEqual(trees.fake.scans, ["/r"]);
});

test("Tree.found() reports what is in a directory as it does the directory, in the beginning", () => {
  for (const kind of ["exists", "create"] as const) {
    const trees = new Trees({ initial: true });
    trees.disk.directory("/r");
    const [root] = trees.add("/r");
    trees.take();
    trees.disk.directory("/r/d/e");
    root.initial = true;
    trees.tree.found(root, "d", true, kind);
    trees.settle();
    assert.deepEqual(trees.take(), [`${kind} /r/d`, `${kind} /r/d/e`]);
  }
});

for (
  const [what, target, isDirectory] of [
    ["a directory", "/elsewhere", true],
    ["a file", "/file", false],
    ["nothing", "/nothing", false],
  ] as const
) {
  test(`Tree.found() takes a followed link to ${what} for a ${isDirectory ? "directory" : "file"}`, () => {
    const trees = new Trees({ followSymlinks: true });
    trees.disk.directory("/r");
    trees.disk.directory("/elsewhere");
    trees.disk.file("/elsewhere/x");
    trees.disk.file("/file");
    const [root] = trees.add("/r");
    trees.disk.link("/r/link", target);
    trees.tree.found(root, "link", false, "create");
    trees.settle();
    assert.deepEqual(known(root), isDirectory ? ["/r/link/", "/r/link/x"] : ["/r/link"]);
    assert.deepEqual(trees.take(), ["create /r/link", ...isDirectory ? ["create /r/link/x"] : []]);
  });
}

test("Tree.found() neither reports nor scans what is ignored", () => {
  const ignores = Object.assign((path: string) => path.endsWith("/no"), {
    dependsOn: "name" as const,
  });
  const trees = new Trees({}, ignores);
  trees.disk.directory("/r/no/x");
  trees.disk.directory("/r/yes");
  const [root] = trees.add("/r");
  trees.tree.found(root, "no", true, "create");
  trees.settle();
  assert.deepEqual([known(root), trees.take()], [["/r/yes/"], []]);
  assert.deepEqual(trees.fake.scans, ["/r", "/r/yes"]);
});

test("Tree.removed() reports one removal of all below, and releases its watches", () => {
  const trees = new Trees();
  trees.disk.directory("/r/d/e");
  const [root] = trees.add("/r");
  const e = trees.at("/r/d/e");
  trees.tree.removed(root, "d");
  trees.tree.removed(root, "d");
  assert.deepEqual(trees.take(), ["remove /r/d"]);
  assert.deepEqual([known(root), e.gone, e.wd], [[], true, -1]);
});

test("Tree.invalidateAsOther() trusts nothing below a directory", () => {
  const trees = new Trees();
  trees.disk.directory("/r/d/e");
  const [root] = trees.add("/r");
  const all = ["/r/d", "/r/d/e"].map((path) => trees.at(path));
  trees.tree.invalidateAsOther(all[0]);
  assert.deepEqual(all.map(({ isOther, state }) => [isOther, state.tag]), [
    [true, "unscanned"],
    [true, "unscanned"],
  ]);
  assert.deepEqual([root.isOther, root.state.tag], [false, "known"]);
});

test("Tree.ignores() asks with the one root above", () => {
  const asked: unknown[] = [];
  const ignores = Object.assign((...entry: unknown[]) => asked.push(entry) > 0, {
    dependsOn: "path" as const,
  });
  const trees = new Trees({}, ignores);
  trees.disk.directory("/r");
  const [root] = trees.add("/r");
  assert.equal(trees.tree.ignores("/r/a/b", true, root), true);
  assert.deepEqual(asked, [["/r/a/b", true, "/r"]]);
});

test("Tree.ignores() is true if each root above ignores the entry, or a directory on the way", () => {
  const ignored = new Set<string>();
  const ignores = Object.assign(
    (path: string, _: boolean, root: string) => ignored.has(`${root} ${path}`),
    { dependsOn: "root" as const },
  );
  const trees = new Trees({}, ignores);
  trees.disk.directory("/r/a/b");
  const [root] = trees.add("/r", "/r/a");
  const isIgnored = (...entries: string[]) => {
    ignored.clear();
    for (const entry of entries) ignored.add(entry);
    return trees.tree.ignores("/r/a/b/c", false, root);
  };
  assert.equal(isIgnored("/r /r/a/b/c"), false);
  assert.equal(isIgnored("/r/a /r/a/b/c"), false);
  assert.equal(isIgnored("/r /r/a/b/c", "/r/a /r/a/b/c"), true);
  assert.equal(isIgnored("/r /r/a", "/r/a /r/a/b"), true);
  assert.equal(isIgnored("/r /r/a", "/r/a /r/a"), false); // of a root itself nobody asks
});

test("Tree.isFollowedLink() is true for links only where they are followed", () => {
  const entry = (link: boolean) => new Directory("d", new Directory("/r", NOBODY), link);
  const results = [true, false].map((followSymlinks) => {
    const trees = new Trees({ followSymlinks });
    trees.disk.directory("/r");
    trees.disk.file("/r/file");
    trees.disk.link("/r/link", "nowhere");
    return [
      trees.tree.isFollowedLink(entry(true), "/r/d"),
      trees.tree.isFollowedLink(entry(false), "/r/d"),
      trees.tree.isFollowedLink(false, "/r/link"),
      trees.tree.isFollowedLink(false, "/r/file"),
    ];
  });
  assert.deepEqual(results, [[true, false, true, false], [false, false, false, false]]);
});

test("isOfType() takes a link to a directory for no directory", () => {
  const root = new Directory("/r", NOBODY);
  const entries = [true, false, root, new Directory("l", root, true)];
  assert.deepEqual(entries.map((entry) => isOfType(entry, true)), [true, false, true, false]);
  assert.deepEqual(entries.map((entry) => isOfType(entry, false)), [false, true, false, true]);
});
