/** `Duplicates`: each directory is entered by one path, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE, IN_DELETE, IN_ISDIR, IN_MOVE_SELF, IN_MOVED_TO } from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import { Duplicates } from "../../src/engine/duplicates.ts";
import type { Instance } from "../../src/engine/instance.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Trees } from "../helpers/trees.ts";

/** Trees of `/r` with the directory `d`, with a file `f`, and links: to `/other`, with a file `x`, if not to `d`. */
function linked(links: Record<string, string>): Trees {
  const trees = new Trees({ followSymlinks: true });
  for (const path of ["/r/d/f", "/other/x", "/other/in/y"]) trees.disk.file(path);
  for (const [path, target] of Object.entries(links)) trees.disk.link(path, target);
  trees.add("/r");
  return trees;
}

function entered(trees: Trees, ...paths: string[]): string[] {
  return paths.filter((path) => trees.at(path).wd !== -1);
}

test("a directory with a path of its own is not entered by a link, which may be listed before it", () => {
  const trees = linked({ "/r/a": "/r/d", "/r/z": "/r/d" });
  assert.deepEqual(entered(trees, "/r/a", "/r/d", "/r/z"), ["/r/d"]);
  assert.deepEqual(trees.fake.ownersAt("/r/d"), [trees.at("/r/d")]);
});

test("a directory that several links lead to is entered by one, and what is below it once, too", () => {
  const trees = linked({ "/r/a": "/other", "/r/b": "/other", "/r/c": "/other/in" });
  assert.deepEqual(entered(trees, "/r/a", "/r/b"), ["/r/a"]);
  assert.deepEqual(entered(trees, "/r/a/in", "/r/c"), ["/r/c"]); // scanned in the order in which they were found
  assert.equal(trees.at("/r/a/in").isEmpty, true);
});

test("links that lead to one another are entered once each", () => {
  const trees = new Trees({ followSymlinks: true });
  for (let i = 0; i < 40; i++) {
    trees.disk.directory(`/r/${i}/links`);
    for (let j = 0; j < 40; j++) trees.disk.link(`/r/${i}/links/${j}`, `/r/${j}`);
  }
  trees.add("/r");
  const inside = [...trees.map.get("/r")!.directory!.subtree()].filter(({ wd }) => wd !== -1);
  assert.equal(inside.length, 1 + 2 * 40);
});

for (
  const [what, leave] of [
    ["is removed", (trees) => {
      trees.disk.remove("/r/a");
      trees.event(trees.map.get("/r")!.directory!, IN_DELETE, "a");
    }],
    ["leads elsewhere", (trees) => {
      trees.disk.link("/r/a", "/r/d");
      trees.scanner.rescan(trees.at("/r/a"));
    }],
    ["has lost its watch", (trees) => {
      trees.disk.link("/r/a", "/nowhere");
      const a = trees.at("/r/a");
      trees.fake.release(a.wd, a);
      trees.scanner.ended(a);
    }],
  ] as [string, (trees: Trees) => void][]
) {
  test(`a directory is entered by another link when the first one ${what}`, () => {
    const trees = linked({ "/r/a": "/other", "/r/b": "/other" });
    trees.take();
    leave(trees);
    trees.settle();
    const lines = trees.take().filter((line) => line.includes("/r/b"));
    assert.deepEqual(lines, ["create /r/b/x", "create /r/b/in", "create /r/b/in/y"]);
    assert.deepEqual(trees.fake.ownersAt("/other"), [trees.at("/r/b")]);
  });
}

test("a directory is left by a link when its own path is found", () => {
  const trees = linked({ "/r/a": "/other" });
  trees.take();
  const r = trees.map.get("/r")!.directory!;
  trees.disk.rename("/other", "/r/other");
  trees.disk.link("/r/a", "/r/other"); // in the same inode, for the disk in memory has no links to inodes
  trees.event(r, IN_MOVED_TO | IN_ISDIR, "other");
  trees.settle();
  assert.deepEqual(entered(trees, "/r/a", "/r/other"), ["/r/other"]);
  assert.deepEqual(trees.take().sort(), [
    "create /r/other",
    "create /r/other/in",
    "create /r/other/in/y",
    "create /r/other/x",
    "remove /r/a/in",
    "remove /r/a/x",
  ]);
});

test("a link is resolved again when the directory moves that it leads to, and is entered by another path", () => {
  const trees = linked({ "/r/a": "/r/d" });
  trees.take();
  trees.disk.rename("/r/d", "/r/e");
  trees.event(trees.at("/r/d"), IN_MOVE_SELF, "");
  trees.settle();
  assert.deepEqual(trees.take().filter((line) => line.includes("/r/a")), [
    "remove /r/a",
    "create /r/a",
  ]);
});

test("a link that is removed is no longer a duplicate", () => {
  const trees = linked({ "/r/a": "/r/d" });
  const r = trees.map.get("/r")!.directory!;
  trees.disk.remove("/r/a");
  trees.event(r, IN_DELETE, "a");
  trees.disk.remove("/r/d");
  trees.event(r, IN_DELETE | IN_ISDIR, "d");
  trees.disk.file("/r/new");
  trees.event(r, IN_CREATE, "new");
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/a", "remove /r/d", "create /r/new"]);
  assert.equal(trees.scanner.isIdle, true);
});

test("Duplicates.take() returns each directory once, for the watch it was last added with", () => {
  const instance = { owners: () => [] } as unknown as Instance;
  const duplicates = new Duplicates(instance, {
    ...NOBODY,
    overflow() {},
    remounted() {},
    fail() {},
    work: () => false,
  });
  const [a, b, c] = ["a", "b", "c"].map((name) => new Directory(name, NOBODY));
  for (const directory of [a, b, c]) duplicates.add(directory, 1);
  duplicates.add(b, 2);
  duplicates.delete(c);
  assert.deepEqual([duplicates.take(1), duplicates.take(1), duplicates.take(2)], [[a], [], [b]]);
});
