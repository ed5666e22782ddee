/** Trees in which levels are counted: what is opened, and what becomes of one at another level; over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE, IN_DELETE, IN_ISDIR, IN_MOVED_FROM, IN_MOVED_TO } from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import type { Scope } from "../../src/engine/scope.ts";
import { line } from "../helpers/events.ts";
import { event, known, Trees } from "../helpers/trees.ts";

/** Trees of `/r/a/b/c/d` with a file `f` at each level; one level of directories below each root is watched. */
class Subject extends Trees {
  constructor(scope: Partial<Scope> = {}) {
    super({ depth: 1, ...scope });
    this.disk.directory("/r/a/b/c/d");
    for (const path of ["/r", "/r/a", "/r/a/b", "/r/a/b/c"]) this.disk.file(`${path}/f`);
  }

  /** The paths that are watched. */
  get watched(): string[] {
    return [...this.map.watched()].sort();
  }

  remove(path: string): void {
    this.overlap.remove(this.map.get(path)!);
    this.settle();
  }
}

test("a directory at the last level is an entry that is never opened", () => {
  for (const [depth, scans] of [[0, ["/r"]], [1, ["/r", "/r/a"]], [2, ["/r", "/r/a", "/r/a/b"]]]) {
    for (const initial of [false, true]) {
      const trees = new Subject({ depth: depth as number, initial });
      const [r] = trees.add("/r");
      assert.deepEqual(trees.fake.scans, scans);
      trees.disk.directory("/r/x/y/z");
      trees.event(r, IN_CREATE | IN_ISDIR, "x");
      trees.settle();
      const made = ["/r/x", "/r/x/y", "/r/x/y/z"].slice(0, depth as number);
      assert.deepEqual(trees.fake.scans, [...scans as string[], ...made]);
    }
  }
});

test("a directory that is moved to another level and is not to be entered there is discarded", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.disk.directory("/r/e");
  trees.event(r, IN_CREATE | IN_ISDIR, "e");
  trees.settle();
  trees.take();
  const [a, e] = [trees.at("/r/a"), trees.at("/r/e")];
  trees.disk.rename("/r/a", "/r/e/a");
  const halves = [
    event(r, IN_MOVED_FROM | IN_ISDIR, "a", 1),
    event(e, IN_MOVED_TO | IN_ISDIR, "a", 1),
  ];
  trees.events.move(r, halves[0], e, halves[1]);
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/a", "create /r/e/a"]);
  assert.deepEqual([a.gone, a.wd, e.entries.get("a")], [true, -1, true]);
});

test("a root below another one is a tree of its own, and an entry of the other, whichever is first", () => {
  for (const roots of [["/r", "/r/a"], ["/r/a", "/r"]]) {
    const trees = new Subject({ initial: true });
    trees.add(...roots);
    assert.deepEqual(trees.take().sort(), [
      ...["exists /r", "exists /r/a", "exists /r/a/b", "exists /r/a/b/c", "exists /r/a/b/f"],
      ...["exists /r/a/f", "exists /r/f"],
    ]);
    const [r, a] = ["/r", "/r/a"].map((path) => trees.map.get(path)!.directory!);
    assert.deepEqual([r.entries.get("a"), a.parent], [true, undefined]);
    assert.deepEqual(known(a), ["/r/a/b/", "/r/a/b/c/", "/r/a/b/f", "/r/a/f"]);
    assert.deepEqual(trees.watched, ["/r", "/r/a", "/r/a/b"]);
  }
});

test("a root that is added while a tree above it is set up is a tree of its own, once that has found it, or before", () => {
  for (const isFound of [true, false]) {
    const trees = new Subject();
    trees.roots.add("/r", false);
    if (isFound) trees.settle();
    trees.roots.add("/r/a", true);
    trees.settle();
    const { directory } = trees.map.get("/r")!;
    assert.equal(directory!.entries.get("a") instanceof Directory, isFound);
    trees.roots.beginRest();
    trees.settle();
    assert.deepEqual([directory!.entries.get("a"), trees.take()], [true, []]);
    assert.deepEqual(trees.watched, ["/r", "/r/a", "/r/a/b"]);
  }
});

test("a root that is removed becomes part of the tree above, as far as that goes", () => {
  const trees = new Subject();
  const [r, a] = trees.add("/r", "/r/a");
  const b = trees.at("/r/a/b");
  trees.remove("/r/a");
  assert.deepEqual([trees.take(), r.entries.get("a"), a.entries.get("b")], [[], a, true]);
  assert.deepEqual([a.parent, a.link], [r, false]);
  assert.deepEqual([b.gone, b.wd, trees.watched], [true, -1, ["/r", "/r/a"]]);
});

test("a root that is removed at the last level of the tree above is discarded", () => {
  const trees = new Subject();
  const [, b] = trees.add("/r", "/r/a/b");
  trees.remove("/r/a/b");
  assert.deepEqual([trees.take(), trees.at("/r/a").entries.get("b")], [[], true]);
  assert.deepEqual([b.gone, trees.watched], [true, ["/r", "/r/a"]]);
});

test("a root between two others leaves that below it to itself when it is removed", () => {
  const trees = new Subject();
  const [, , c] = trees.add("/r", "/r/a", "/r/a/b/c");
  trees.remove("/r/a");
  assert.deepEqual([trees.take(), trees.watched], [[], ["/r", "/r/a", "/r/a/b/c", "/r/a/b/c/d"]]);
  trees.event(c, IN_CREATE, "new");
  assert.deepEqual(trees.take(), ["create /r/a/b/c/new"]);
  trees.remove("/r");
  assert.deepEqual([trees.take(), trees.watched], [[], ["/r/a/b/c", "/r/a/b/c/d"]]);
});

test("a root that is added between two others leaves that below it to itself", () => {
  const trees = new Subject();
  const [, b] = trees.add("/r", "/r/a/b");
  const [a] = trees.add("/r/a");
  assert.deepEqual([a.entries.get("b"), trees.map.get("/r/a/b")!.directory], [true, b]);
  assert.deepEqual([trees.take(), trees.watched], [[], ["/r", "/r/a", "/r/a/b", "/r/a/b/c"]]);
});

test("what comes in sight where entries are doubtful is reported", () => {
  const trees = new Subject();
  trees.add("/r");
  trees.scanner.invalidate(trees.at("/r/a"));
  trees.add("/r/a");
  assert.deepEqual(trees.take(), ["create /r/a/b/c", "create /r/a/b/f"]);
});

test("a root that could not be watched is tried by the tree above when it is removed", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/a");
  trees.disk.remove("/r/a");
  trees.roots.look(trees.map.get("/r/a")!); // it is gone, and the tree above has not heard of it
  trees.disk.directory("/r/a/new");
  trees.take();
  trees.remove("/r/a");
  assert.ok(r.entries.get("a") instanceof Directory);
  assert.deepEqual(trees.take(), ["create /r/a/new"]);
});

test("a directory that comes to the path of a root by an exchange of names is a tree of its own", () => {
  const trees = new Subject();
  const [r] = trees.add("/r", "/r/f");
  const a = trees.at("/r/a");
  trees.disk.rename("/r/a", "/r/f");
  const halves = [
    event(r, IN_MOVED_FROM | IN_ISDIR, "a", 1),
    event(r, IN_MOVED_TO | IN_ISDIR, "f", 1),
  ];
  trees.events.move(r, halves[0], r, halves[1]);
  trees.settle();
  assert.deepEqual([trees.map.get("/r/f")!.directory, r.entries.get("f")], [a, true]);
  assert.deepEqual(trees.take(), [
    ...["remove /r/f, rename /r/a /r/f", "create /r/f/b/c", "create /r/f/b/f"],
  ]);
  trees.disk.remove("/r/f");
  trees.event(r, IN_DELETE | IN_ISDIR, "f");
  assert.deepEqual(trees.take(), ["remove /r/f"]);
});

test("links are followed in the directories that are watched below, and not at the last level", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.directory("/other/o/p");
  trees.disk.link("/r/l", "/other");
  trees.disk.link("/r/a/l", "/other/o");
  const [r] = trees.add("/r");
  assert.deepEqual([r.entries.get("l") instanceof Directory, trees.at("/r/a").entries.get("l")], [
    true,
    false,
  ]);
  trees.add("/r/a");
  assert.deepEqual(trees.take(), ["remove /r/a/l", "create /r/a/l", "create /r/a/l/p"]);
  trees.remove("/r/a");
  const a = trees.at("/r/a");
  assert.deepEqual([trees.take(), a.entries.get("l"), trees.links.has(a, "l")], [[], false, true]);
});

test("a link at the last level that comes to lead to a directory is another file, and no directory", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.file("/other");
  trees.disk.link("/r/a/l", "/other");
  trees.add("/r");
  trees.disk.remove("/other");
  trees.disk.directory("/other/new");
  trees.links.watchOf(trees.at("/r/a"), "l")!.event({
    ...{ wd: trees.fake.wdAt("/"), mask: IN_CREATE | IN_ISDIR, cookie: 0, name: "other" },
  });
  trees.links.work();
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/a/l, attrib /r/a/l"]);
});

test("a link at the last level is followed though its directory has moved since it was listed", () => {
  const trees = new Subject({ followSymlinks: true });
  const [r] = trees.add("/r");
  trees.disk.file("/other");
  trees.disk.link("/r/d/l", "/other");
  trees.event(r, IN_CREATE | IN_ISDIR, "d");
  const outcomes = trees.scan();
  trees.disk.rename("/r/d", "/r/e");
  trees.listings.commit(outcomes);
  trees.events.move(
    r,
    event(r, IN_MOVED_FROM | IN_ISDIR, "d", 1),
    r,
    event(r, IN_MOVED_TO | IN_ISDIR, "e", 1),
  );
  trees.settle();
  assert.equal(trees.links.has(trees.at("/r/e"), "l"), true);
});

for (
  const [what, lines] of Object.entries({
    stays: [],
    "is new": ["create /r/a/x", "create /r/a/x/y"],
    "is another one": ["remove /r/a/b", "create /r/a/b", "create /r/a/b/c", "create /r/a/b/f"],
  })
) {
  test(`what comes in sight during a loss is no part of its difference if the directory ${what}`, () => {
    const trees = new Subject();
    trees.add("/r");
    const a = trees.at("/r/a");
    const loss = trees.entries.lose(trees.roots.known());
    trees.event(a, IN_CREATE, "new");
    if (what === "is new") {
      trees.disk.directory("/r/a/x/y");
      trees.event(a, IN_CREATE | IN_ISDIR, "x");
    } else if (lines.length > 0) {
      trees.event(a, IN_DELETE | IN_ISDIR, "b");
      trees.event(a, IN_CREATE | IN_ISDIR, "b");
    }
    trees.add("/r/a");
    const missed = trees.entries.missed(loss, trees.roots.known());
    assert.deepEqual(missed.map(line).sort(), [...lines, "create /r/a/new"].sort());
  });
}
