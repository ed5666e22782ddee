/** `Overlap`: roots below other roots, each path of which is reported once; over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IN_CREATE,
  IN_DELETE,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
} from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import type { Root } from "../../src/engine/root_map.ts";
import type { Scope } from "../../src/engine/scope.ts";
import type { Ignores } from "../../src/engine/tree.ts";
import { event, known, Trees } from "../helpers/trees.ts";

/** Trees of `/r` with the file `f`, the directory `d` with a file `x`, and the link `l` to `/other`. */
class Subject extends Trees {
  constructor(scope: Partial<Scope> = {}, ignores: Ignores | undefined = undefined) {
    super(scope, ignores);
    this.disk.directory("/r/d");
    this.disk.directory("/other");
    for (const path of ["/r/f", "/r/d/x", "/other/o"]) this.disk.file(path);
    this.disk.link("/r/l", "/other");
  }

  root(path: string): Root {
    return this.map.get(path)!;
  }

  /** Whether a root reports for itself, and not as a part of a tree. */
  follows(path: string): boolean {
    return this.root(path).watch !== undefined;
  }
}

for (const path of ["/r/d", "/r/f"]) {
  test(`Overlap: ${path}, below a root that was there before, is part of its tree`, () => {
    const trees = new Subject({ initial: true });
    const [r] = trees.add("/r");
    trees.take();
    trees.add(path);
    assert.deepEqual([trees.take(), trees.follows(path)], [[], false]);
    trees.disk.remove(path);
    trees.event(r, IN_DELETE, path.slice(3));
    trees.settle();
    assert.deepEqual(trees.take(), [`remove ${path}`]);
  });

  test(`Overlap: ${path} becomes part of the tree of a root that comes above it, and is not reported again`, () => {
    const trees = new Subject();
    const [directory] = trees.add(path);
    trees.add("/r");
    assert.deepEqual([trees.take(), trees.follows(path)], [[], false]);
    const r = trees.root("/r").directory!;
    if (path === "/r/d") assert.equal(r.entries.get("d"), directory);
    assert.deepEqual(known(r), ["/r/d/", "/r/d/x", "/r/f", "/r/l"]);
  });

  test(`Overlap.remove() follows ${path} again, which was part of a removed root's tree`, () => {
    const trees = new Subject();
    const [r] = trees.add("/r", path);
    const before = r.entries.get(path.slice(3));
    trees.overlap.remove(trees.root("/r"));
    trees.settle();
    assert.deepEqual([trees.take(), trees.follows(path)], [[], true]);
    if (before instanceof Directory) {
      assert.deepEqual([trees.root(path).directory, before.parent], [before, undefined]);
      trees.event(before, IN_CREATE, "new");
    } else {
      trees.root(path).watch!.event({
        wd: trees.fake.wdAt("/r"),
        mask: IN_MODIFY,
        cookie: 0,
        name: "f",
      });
    }
    assert.deepEqual(trees.take(), [before ? `create ${path}/new` : `modify ${path}`]);
    assert.equal(r.gone, true);
  });
}

test("Overlap.remove() reports a root that is another directory by now as removed and created", () => {
  const trees = new Subject();
  trees.add("/r", "/r/d");
  const d = trees.at("/r/d");
  trees.disk.remove("/r/d");
  trees.disk.directory("/r/d/new");
  trees.overlap.remove(trees.root("/r"));
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/d", "create /r/d", "create /r/d/new"]);
  assert.deepEqual([d.gone, d.wd], [true, -1]);
});

test("Overlap.remove() reports a root again that is below one that is another directory by now", () => {
  const trees = new Subject();
  trees.disk.link("/r/d/l", "/other");
  trees.add("/r", "/r/d", "/r/d/l");
  assert.equal(trees.follows("/r/d/l"), true);
  trees.disk.remove("/r/d");
  trees.disk.link("/r/d/l", "/other");
  trees.overlap.remove(trees.root("/r"));
  trees.settle();
  assert.deepEqual(trees.take(), [
    "remove /r/d",
    "create /r/d/l",
    "create /r/d",
    "create /r/d/l/o",
  ]);
});

test("Overlap.remove() reports a root as removed whose directory is a file by now", () => {
  const trees = new Subject();
  trees.add("/r/d", "/r/d/x");
  trees.disk.remove("/r/d");
  trees.disk.file("/r/d");
  trees.overlap.remove(trees.root("/r/d"));
  assert.deepEqual(trees.take(), ["remove /r/d/x", "error /r/d/x"]);
});

test("Overlap.remove() leaves a root to the tree of another root above it", () => {
  const trees = new Subject();
  trees.disk.directory("/r/d/e");
  const [r] = trees.add("/r", "/r/d", "/r/d/e");
  trees.overlap.remove(trees.root("/r/d"));
  trees.settle();
  assert.deepEqual([trees.take(), trees.follows("/r/d/e")], [[], false]);
  assert.deepEqual([trees.at("/r/d/e").root, r.gone], [r, false]);
});

test("Overlap.remove() leaves a root to the tree of a link root above it", () => {
  const trees = new Subject();
  const [, l] = trees.add("/r", "/r/l", "/r/l/o");
  trees.overlap.remove(trees.root("/r"));
  trees.settle();
  assert.deepEqual([trees.take(), trees.follows("/r/l/o"), [...l.entries]], [[], false, [
    ["o", false],
  ]]);
});

test("Overlap.remove() follows a root that the removed tree was still to find", () => {
  const trees = new Subject();
  trees.add("/r");
  trees.roots.add("/r/new", true);
  trees.overlap.remove(trees.root("/r"));
  trees.disk.file("/r/new");
  trees.root("/r/new").watch!.event({
    wd: trees.fake.wdAt("/r"),
    mask: IN_CREATE,
    cookie: 0,
    name: "new",
  });
  assert.deepEqual(trees.take(), ["create /r/new"]);
});

test("Overlap.remove() has a directory scanned whose scan the removed tree was to make", () => {
  const trees = new Subject();
  trees.add("/r", "/r/d");
  trees.disk.file("/r/d/new");
  trees.scanner.invalidateTree(trees.root("/r").directory!);
  trees.overlap.remove(trees.root("/r"));
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/d/new"]);
});

test("Overlap.found() follows a link root that a tree was still to find", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.roots.add("/r/new", true);
  trees.disk.link("/r/new", "/other");
  trees.event(r, IN_CREATE, "new");
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/new", "create /r/new/o"]);
  assert.equal(trees.follows("/r/new"), true);
});

test("Overlap: a root that is a link is followed by itself, and reported once", () => {
  const trees = new Subject({ initial: true });
  const [r, l] = trees.add("/r", "/r/l");
  assert.deepEqual(trees.take().filter((line) => line.includes("/l")), [
    "exists /r/l",
    "exists /r/l/o",
  ]);
  assert.deepEqual([trees.follows("/r/l"), l.path, r.entries.get("l")], [true, "/r/l", false]);
  trees.event(r, IN_MODIFY, "l");
  assert.deepEqual(trees.take(), []);
  trees.add("/r/f");
  const followed = ["l", "f", "d"].filter((name) => trees.overlap.isFollowed(r, name));
  assert.deepEqual(followed, ["l"]);
  trees.take();
  trees.disk.change("/r/l", 3000);
  r.lostSince = 2_000_000;
  trees.scanner.rescan(r);
  trees.settle();
  assert.deepEqual(trees.take(), []);
});

test("Overlap: a link root is not found again by each scan of a tree that follows links", () => {
  const trees = new Subject({ followSymlinks: true });
  const [r] = trees.add("/r", "/r/l");
  trees.scanner.rescan(r);
  trees.settle();
  assert.deepEqual([trees.take(), r.entries.get("l")], [[], false]);
});

for (const first of ["its tree", "the root"]) {
  test(`Overlap.removed() reports the removal of a link root once, where ${first} sees it first`, () => {
    const trees = new Subject();
    const [r] = trees.add("/r", "/r/l");
    trees.disk.remove("/r/l");
    const steps = [
      () => trees.event(r, IN_DELETE, "l"),
      () => trees.roots.look(trees.root("/r/l")),
    ];
    for (const step of first === "its tree" ? steps : steps.reverse()) step();
    trees.settle();
    assert.deepEqual(trees.take(), ["remove /r/l"]);
    assert.equal(r.entries.has("l"), false);
  });
}

test("Overlap.found() reports a link root that comes once, whichever sees it first", () => {
  for (const isTreeFirst of [true, false]) {
    const trees = new Subject();
    trees.disk.remove("/r/l");
    const [r] = trees.add("/r", "/r/l");
    trees.disk.link("/r/l", "/other");
    const steps = [
      () => trees.event(r, IN_CREATE, "l"),
      () => trees.roots.look(trees.root("/r/l")),
    ];
    for (const step of isTreeFirst ? steps : steps.reverse()) step();
    trees.settle();
    assert.deepEqual(trees.take(), ["create /r/l", "create /r/l/o"]);
    assert.equal(r.entries.get("l"), false);
  }
});

test("Overlap.found() takes a root that comes into the tree, reported once", () => {
  for (const isTreeFirst of [true, false]) {
    const trees = new Subject();
    const [r] = trees.add("/r", "/r/new");
    trees.disk.directory("/r/new/x");
    const steps = [
      () => trees.event(r, IN_CREATE | IN_ISDIR, "new"),
      () => trees.roots.look(trees.root("/r/new")),
    ];
    for (const step of isTreeFirst ? steps : steps.reverse()) step();
    trees.settle();
    assert.deepEqual(trees.take(), ["create /r/new", "create /r/new/x"]);
    assert.deepEqual([trees.follows("/r/new"), trees.at("/r/new").root], [false, r]);
  }
});

test("Overlap.found() reports that another file has come to a root that it takes into the tree", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/new");
  trees.disk.file("/r/new");
  trees.roots.look(trees.root("/r/new"));
  assert.deepEqual(trees.take(), ["create /r/new"]);
  trees.disk.remove("/r/new");
  trees.disk.file("/r/new");
  trees.event(r, IN_MOVED_TO, "new");
  assert.deepEqual(trees.take(), ["modify /r/new, attrib /r/new"]);
  assert.equal(trees.follows("/r/new"), false);
});

test("Overlap.found() has a root scanned again that has ignored what the tree does not", () => {
  const rule = (path: string, _: boolean, root: string) => path === `${root}/x`;
  const trees = new Subject({}, Object.assign(rule, { dependsOn: "root" as const }));
  const [r] = trees.add("/r", "/r/new");
  for (const name of ["x", "y"]) trees.disk.file(`/r/new/${name}`);
  trees.roots.look(trees.root("/r/new"));
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/new", "create /r/new/y"]);
  trees.event(r, IN_CREATE | IN_ISDIR, "new");
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/new/x"]);
});

test("Overlap.found() reports a root of another type than the tree has found as removed and created", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/new");
  trees.disk.file("/r/new");
  trees.roots.look(trees.root("/r/new"));
  trees.disk.remove("/r/new");
  trees.disk.directory("/r/new");
  trees.event(r, IN_CREATE | IN_ISDIR, "new");
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/new", "remove /r/new", "create /r/new"]);
});

test("Overlap.found() reports a root again that is below one of another type than the tree has found", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/new/x", "/r/new");
  trees.disk.file("/r/new/x");
  trees.roots.look(trees.root("/r/new/x"));
  trees.roots.look(trees.root("/r/new"));
  assert.deepEqual(trees.take(), ["create /r/new/x", "create /r/new"]);
  trees.event(r, IN_CREATE, "new"); // a file was there before
  assert.deepEqual(trees.take(), ["remove /r/new", "create /r/new/x", "create /r/new"]);
});

test("Overlap.found() leaves a directory root to itself where the root above is not recursive", () => {
  const trees = new Subject({ depth: 0, initial: true });
  const [r] = trees.add("/r", "/r/d");
  assert.deepEqual(trees.take().filter((line) => line.includes("/d")), [
    "exists /r/d",
    "exists /r/d/x",
  ]);
  assert.deepEqual([trees.follows("/r/d"), r.entries.get("d")], [true, true]);
});

test("Overlap.hasFollowed() is true at a followed root and above it, by whole names", () => {
  const trees = new Subject();
  trees.disk.link("/r/d/l", "/other");
  const [r] = trees.add("/r", "/r/d/l");
  const has = (name?: string) => trees.overlap.hasFollowed(r, name);
  assert.deepEqual([has(), has("d"), has("f"), has("d/")], [true, true, false, false]);
  assert.equal(trees.overlap.hasFollowed(trees.at("/r/d"), "l"), true);
});

test("Overlap: a rename of a followed root, or of what it is in, is a removal and a creation", () => {
  const trees = new Subject();
  trees.disk.link("/r/d/l", "/other");
  const [r] = trees.add("/r", "/r/d/l");
  trees.take();
  trees.disk.rename("/r/d", "/r/e");
  trees.events.move(
    r,
    event(r, IN_MOVED_FROM | IN_ISDIR, "d", 1),
    r,
    event(r, IN_MOVED_TO | IN_ISDIR, "e", 1),
  );
  trees.settle();
  const lines = trees.take();
  assert.deepEqual(lines, ["remove /r/d", "create /r/e", "create /r/e/x", "create /r/e/l"]);
});

test("Overlap.changed() follows the root at a path that another entry is renamed from", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/f");
  trees.disk.rename("/r/f", "/r/g");
  trees.events.move(r, event(r, IN_MOVED_FROM, "f", 1), r, event(r, IN_MOVED_TO, "g", 1));
  assert.deepEqual([trees.take(), trees.follows("/r/f")], [["rename /r/f /r/g"], true]);
  trees.disk.file("/r/f");
  trees.event(r, IN_CREATE, "f");
  trees.settle();
  assert.deepEqual([trees.take(), trees.follows("/r/f")], [["create /r/f"], false]);
});

test("Overlap.remove() does not follow a root that is removed in a report meanwhile", () => {
  const trees = new Subject();
  trees.add("/r", "/r/d", "/r/f");
  trees.disk.remove("/r/d");
  const file = trees.root("/r/f");
  trees.onReport = () => trees.roots.remove(file);
  trees.overlap.remove(trees.root("/r"));
  assert.deepEqual([trees.take(), file.watch], [["remove /r/d"], undefined]);
});

const CHANGES = "modify /r/f, attrib /r/f";

for (
  const [what, change] of [
    ["whose event is discarded", (trees, r, link) => {
      trees.scanner.rescan(r);
      trees.event(r, IN_MOVED_TO, "f");
      link();
    }],
    ["that comes after the discarded removal of the file", (trees, r, link) => {
      trees.scanner.rescan(r);
      trees.event(r, IN_DELETE, "f");
      const outcomes = trees.scan();
      link();
      trees.event(r, IN_CREATE, "f");
      trees.listings.commit(outcomes);
    }],
    ["whose event is lost", (trees, r, link) => {
      link();
      trees.disk.change("/r/f", 2000);
      trees.disk.change("/r/l", 500);
      trees.disk.change("/r/d", 500);
      r.lostSince = 1_500_000;
      trees.scanner.rescan(r);
    }],
  ] as [string, (trees: Subject, r: Directory, link: () => void) => void][]
) {
  test(`Overlap: a link is followed that takes the place of a root in a tree, and ${what}`, () => {
    const trees = new Subject();
    const [r] = trees.add("/r", "/r/f");
    change(trees, r, () => trees.disk.link("/r/f", "/other"));
    trees.settle();
    const lines = [CHANGES, "remove /r/f", "create /r/f", "create /r/f/o"];
    assert.deepEqual([trees.take(), trees.follows("/r/f")], [lines, true]);
  });
}

test("Overlap: a link root reports by itself that it comes back where its removal was discarded", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/l");
  trees.disk.remove("/r/l");
  trees.scanner.rescan(r);
  trees.event(r, IN_MOVED_FROM, "l");
  trees.roots.look(trees.root("/r/l"));
  const outcomes = trees.scan();
  trees.disk.link("/r/l", "/other");
  trees.event(r, IN_CREATE, "l");
  trees.listings.commit(outcomes);
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/l", "create /r/l", "create /r/l/o"]);
});
