/** `Events`: how events of the kernel are applied to trees, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_OPEN,
} from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import { isStale } from "../../src/engine/directory_state.ts";
import type { Scope } from "../../src/engine/scope.ts";
import type { Ignores } from "../../src/engine/tree.ts";
import { event, known, Trees } from "../helpers/trees.ts";

/** Trees of `/r` with the files `a`, `b` and the directories `d`, with a file `f`, and `e`. */
class Subject extends Trees {
  readonly root: Directory;

  constructor(scope: Partial<Scope> = {}, ignores: Ignores | undefined = undefined) {
    super(scope, ignores);
    for (const path of ["/r/d", "/r/e", "/other"]) this.disk.directory(path);
    for (const path of ["/r/a", "/r/b", "/r/d/f"]) this.disk.file(path);
    [this.root] = this.add("/r");
  }

  get d(): Directory {
    return this.at("/r/d");
  }

  /** Both halves of a rename. */
  move(source: Directory, from: string, target: Directory, to: string, bits = 0): void {
    this.events.move(
      source,
      event(source, IN_MOVED_FROM | bits, from, 1),
      target,
      event(target, IN_MOVED_TO | bits, to, 1),
    );
  }

  /** A rename, with its events right after it. */
  rename(source: Directory, from: string, target: Directory, to: string, bits = 0): void {
    this.disk.rename(source.pathOf(from), target.pathOf(to));
    this.move(source, from, target, to, bits);
  }
}

// Of a directory that is known

for (
  const [what, events, expected] of [
    ["a new file", [[IN_CREATE, "new"]], ["create /r/new"]],
    ["a file that is known already", [[IN_CREATE, "a"]], []],
    ["a directory of a file's name", [[IN_CREATE | IN_ISDIR, "a"]], ["remove /r/a", "create /r/a"]],
    ["a removal", [[IN_DELETE, "a"]], ["remove /r/a"]],
    ["the removal of what is not known", [[IN_DELETE, "x"]], []],
    ["a file from elsewhere over another one", [[IN_MOVED_TO, "a"]], [
      "modify /r/a, attrib /r/a",
    ]],
    ["a file from elsewhere", [[IN_MOVED_TO, "new"]], ["create /r/new"]],
    ["a file that is renamed away", [[IN_MOVED_FROM, "a"]], ["remove /r/a"]],
    ["content", [[IN_MODIFY, "a"], [IN_ATTRIB | IN_ISDIR, "d"]], ["modify /r/a", "attrib /r/d"]],
    ["content of what is not known", [[IN_MODIFY, "x"]], []],
    ["content that is not wanted", [[IN_OPEN, "a"]], []],
  ] as [string, [number, string][], string[]][]
) {
  test(`Events.apply() reports ${expected.length === 0 ? "nothing" : expected.join("; ")} for ${what}`, () => {
    const trees = new Subject();
    for (const [mask, name] of events) trees.event(trees.root, mask, name);
    assert.deepEqual(trees.take(), expected);
  });
}

test("Events.apply() reports what happens to a root itself, and not to a directory below", () => {
  const trees = new Subject();
  trees.event(trees.root, IN_ATTRIB | IN_ISDIR, "");
  trees.event(trees.d, IN_ATTRIB | IN_ISDIR, "");
  assert.deepEqual(trees.take(), ["attrib /r"]);
});

test("Events.apply() scans a directory again that moves away from where a link leads, and no other one", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.link("/r/l", "/other");
  trees.event(trees.root, IN_CREATE, "l");
  trees.settle();
  for (const path of ["/r/d", "/r/l"]) trees.event(trees.at(path), IN_MOVE_SELF, "");
  assert.deepEqual([trees.d.state.tag, trees.at("/r/l").state.tag], ["known", "unscanned"]);
});

test("Events.apply() discards events of a directory that is gone", () => {
  const trees = new Subject();
  const { d } = trees;
  trees.event(trees.root, IN_DELETE | IN_ISDIR, "d");
  trees.event(d, IN_MODIFY, "f");
  assert.deepEqual(trees.take(), ["remove /r/d"]);
});

// Of one that is not

test("Events.apply() discards entry events before a scan, which reports the names as replaced", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_DELETE, "a");
  trees.event(trees.root, IN_CREATE, "a");
  assert.deepEqual([trees.take(), isStale(trees.root.state, "a")], [[], true]);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/a, attrib /r/a"]);
});

test("Events.apply() makes a directory another one whose entry event is discarded", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_CREATE | IN_ISDIR, "d");
  assert.deepEqual([trees.d.isOther, trees.at("/r/e").isOther], [true, false]);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/d/f, attrib /r/d/f"]);
});

test("Events.apply() holds content events before a scan, and reports them after it", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_MODIFY, "a");
  assert.deepEqual(trees.take(), []);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/a"]);
});

test("Events.apply() overrules a live scan by the names of its events", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.disk.file("/r/new");
  const outcomes = trees.scan();
  // Events that are newer than the scan: it has found `new` and `a`, which are gone by now.
  trees.event(trees.root, IN_CREATE, "new");
  trees.event(trees.root, IN_DELETE, "new");
  trees.event(trees.root, IN_DELETE, "a");
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["create /r/new", "remove /r/new", "remove /r/a"]);
});

test("Events.apply() reports a file that is created at a stale name as replaced, once", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_CREATE, "a"); // discarded
  const outcomes = trees.scan();
  trees.event(trees.root, IN_CREATE, "a");
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["modify /r/a, attrib /r/a"]);
});

test("Events.apply() scans again if the discarded arrival of an entry is renamed away: it may be an exchange", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_MOVED_TO, "a"); // discarded
  trees.scan();
  trees.event(trees.root, IN_MOVED_FROM, "a");
  assert.deepEqual([trees.take(), trees.root.state.tag], [[], "unscanned"]);
});

test("Events.apply() reports a directory that is not watched as removed when another one comes there", () => {
  const trees = new Subject({ depth: 0 });
  trees.event(trees.root, IN_MOVED_TO | IN_ISDIR, "d");
  assert.deepEqual(trees.take(), ["remove /r/d", "create /r/d"]);
});

// Renames

test("Events.move() reports one rename, and moves what is below with its watches", () => {
  const trees = new Subject();
  const { d } = trees;
  const { wd } = d;
  trees.rename(trees.root, "d", trees.at("/r/e"), "x", IN_ISDIR);
  assert.deepEqual(trees.take(), ["rename /r/d /r/e/x"]);
  assert.deepEqual([d.path, d.wd, d.state.tag], ["/r/e/x", wd, "known"]);
  assert.deepEqual(known(trees.root), ["/r/a", "/r/b", "/r/e/", "/r/e/x/", "/r/e/x/f"]);
});

test("Events.move() reports what it replaces, and discards a replaced directory", () => {
  const trees = new Subject();
  const e = trees.at("/r/e");
  trees.rename(trees.root, "a", trees.root, "b");
  trees.rename(trees.root, "d", trees.root, "e", IN_ISDIR);
  assert.deepEqual(trees.take(), ["rename /r/a /r/b replaced", "rename /r/d /r/e replaced"]);
  assert.deepEqual([e.gone, e.wd], [true, -1]);
});

test("Events.move() reports a file of a stale name as replaced, too", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_CREATE, "a"); // discarded
  trees.scan();
  trees.move(trees.root, "a", trees.root, "c");
  assert.deepEqual(trees.take(), [
    "rename /r/a /r/c",
    "modify /r/c, attrib /r/c",
  ]);
});

test("Events.move() reports no more of a root that is removed in its report", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_CREATE, "a"); // discarded
  trees.scan();
  trees.onReport = () => trees.overlap.remove(trees.map.get("/r")!);
  trees.move(trees.root, "a", trees.root, "c");
  assert.deepEqual(trees.take(), ["rename /r/a /r/c"]);
});

test("Events.apply() leaves a root to itself whose tree is removed in the report of what was there", () => {
  const trees = new Subject();
  trees.add("/r/a", "/r/a/x");
  trees.take();
  trees.onReport = (line) => {
    if (line === "remove /r/a") trees.overlap.remove(trees.map.get("/r")!);
  };
  trees.disk.remove("/r/a");
  trees.disk.directory("/r/a");
  trees.event(trees.root, IN_CREATE | IN_ISDIR, "a");
  trees.settle();
  assert.deepEqual([trees.take(), trees.map.get("/r/a")!.watch !== undefined], [
    ["create /r/a", "remove /r/a"], // one within the other
    true,
  ]);
});

test("Events.move() overrules a live scan for both names", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  const outcomes = trees.scan(); // finds `a`, and no `c`
  trees.move(trees.root, "a", trees.root, "c");
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["rename /r/a /r/c"]);
});

test("Events.move() reports a new entry for a rename of what is not known", () => {
  const trees = new Subject();
  trees.move(trees.root, "unknown", trees.root, "c");
  assert.deepEqual(trees.take(), ["create /r/c"]);
});

test("Events.move() takes the reverse of a rename over an entry for an exchange, and scans again", () => {
  const trees = new Subject();
  trees.move(trees.root, "a", trees.root, "b");
  trees.move(trees.root, "b", trees.root, "a");
  assert.deepEqual(trees.take(), ["rename /r/a /r/b replaced"]);
  assert.deepEqual([trees.root.state.tag, isStale(trees.root.state, "b")], ["unscanned", true]);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/b, attrib /r/b", "create /r/a"]);
});

test("Events.move() takes the reverse of a rename to a free name for a rename", () => {
  const trees = new Subject();
  trees.move(trees.root, "a", trees.root, "c");
  trees.move(trees.root, "c", trees.root, "a");
  assert.deepEqual(trees.take(), ["rename /r/a /r/c", "rename /r/c /r/a"]);
  assert.equal(trees.root.state.tag, "known");
});

test("Events.move() takes a rename on to a third name for a rename", () => {
  const trees = new Subject();
  trees.move(trees.root, "a", trees.root, "b");
  trees.move(trees.root, "b", trees.root, "c");
  assert.deepEqual(trees.take(), ["rename /r/a /r/b replaced", "rename /r/b /r/c"]);
});

test("Events.move() takes a rename of what came from elsewhere over an entry for an exchange", () => {
  const trees = new Subject();
  trees.event(trees.root, IN_MOVED_TO, "a");
  trees.take();
  trees.move(trees.root, "a", trees.root, "c");
  assert.deepEqual([trees.take(), trees.root.state.tag], [[], "unscanned"]);
});

for (
  const [what, ignores, isLive] of [
    ["is not known to be free before the scan is committed", undefined, true],
    [
      "may have been that of an ignored entry",
      Object.assign(() => false, { dependsOn: "name" as const }),
      false,
    ],
  ] as const
) {
  test(`Events.move() takes the reverse of a rename for an exchange if the name ${what}`, () => {
    const trees = new Subject({}, ignores);
    if (isLive) {
      trees.scanner.rescan(trees.root);
      trees.scan();
    }
    trees.move(trees.root, "a", trees.root, "c");
    trees.move(trees.root, "c", trees.root, "a");
    assert.deepEqual([trees.take(), trees.root.state.tag], [["rename /r/a /r/c"], "unscanned"]);
  });
}

test("Events.move() removes a directory that is renamed to what a link in it leads to", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.link("/r/d/l", "/other");
  trees.scanner.rescan(trees.d);
  trees.settle();
  trees.take();
  trees.move(trees.root, "d", trees.at("/r/d/l"), "x", IN_ISDIR);
  assert.deepEqual([trees.take(), known(trees.root)], [["remove /r/d"], ["/r/a", "/r/b", "/r/e/"]]);
});

test("Events.move() releases a moved directory that is not known, and scans it at its new path", () => {
  const trees = new Subject();
  const e = trees.at("/r/e");
  trees.scanner.rescan(e);
  const outcomes = trees.scan();
  trees.disk.file("/r/e/new");
  trees.fake.scans.length = 0;
  trees.rename(trees.root, "e", trees.root, "x", IN_ISDIR);
  assert.deepEqual([e.wd, e.state.tag], [-1, "unscanned"]);
  trees.listings.commit(outcomes);
  trees.settle();
  assert.deepEqual([trees.fake.scans, trees.take()], [
    ["/r/x"],
    ["rename /r/e /r/x", "create /r/x/new"],
  ]);
});

test("Events.move() takes a rename on from a name that another event has changed for a rename", () => {
  const trees = new Subject();
  trees.move(trees.root, "a", trees.root, "b");
  trees.event(trees.root, IN_CREATE, "x");
  trees.move(trees.root, "b", trees.root, "a");
  assert.deepEqual(trees.take().at(-1), "rename /r/b /r/a");
  assert.equal(trees.root.state.tag, "known");
});

test("Events.apply() scans a directory whose arrival from elsewhere is renamed away: it may be an exchange", () => {
  const trees = new Subject();
  trees.event(trees.root, IN_MOVED_TO, "a");
  trees.event(trees.root, IN_MOVED_FROM, "a");
  trees.settle(); // it is still there
  assert.deepEqual(trees.take(), [
    "modify /r/a, attrib /r/a",
    "modify /r/a, attrib /r/a",
  ]);
  assert.ok(trees.root.entries.has("a"));
});

test("Events.apply() makes a directory from elsewhere in the place of one another one", () => {
  const trees = new Subject();
  const { d } = trees;
  trees.disk.remove("/r/d");
  trees.disk.directory("/r/d");
  trees.disk.file("/r/d/new");
  trees.event(trees.root, IN_MOVED_TO | IN_ISDIR, "d");
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/d/f", "create /r/d/new"]);
  assert.equal(trees.d, d);
});

for (
  const [what, followSymlinks, expected] of [
    ["removes and creates", true, ["remove /r/link", "create /r/to"]],
    ["renames", false, ["rename /r/link /r/to"]],
  ] as const
) {
  test(`Events.move() ${what} a link that is ${followSymlinks ? "" : "not "}followed`, () => {
    const trees = new Subject({ followSymlinks });
    trees.disk.link("/r/link", "/other");
    trees.event(trees.root, IN_MOVED_TO, "link");
    trees.settle();
    trees.take();
    trees.rename(trees.root, "link", trees.root, "to");
    assert.equal(trees.root.state.tag, "known");
    trees.settle();
    assert.deepEqual(trees.take(), expected);
    assert.equal(trees.root.entries.get("to") instanceof Directory, followSymlinks);
  });
}

test("Events.move() scans what is below a moved directory again where links are followed", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.fake.scans.length = 0;
  trees.rename(trees.root, "d", trees.root, "x", IN_ISDIR);
  trees.settle();
  assert.deepEqual(trees.fake.scans, ["/r/x"]);
});

test("Events.check() has a directory scanned in which something is there that was renamed away", () => {
  const trees = new Subject();
  for (const isThere of [true, false]) {
    trees.take();
    trees.fake.scans.length = 0;
    if (!isThere) trees.disk.remove("/r/d");
    trees.event(trees.root, IN_MOVED_FROM | IN_ISDIR, "d");
    assert.deepEqual([trees.take(), trees.events.isIdle], [["remove /r/d"], false]);
    trees.events.check(trees.events.take());
    assert.equal(trees.events.isIdle, true);
    trees.settle();
    assert.equal(trees.fake.scans.includes("/r"), isThere);
    assert.equal(trees.take().includes("create /r/d"), isThere);
  }
});

test("Events.check() leaves a name alone of which a later event has told, and one that was not known", () => {
  const trees = new Subject();
  trees.event(trees.root, IN_MOVED_FROM | IN_ISDIR, "d");
  trees.event(trees.root, IN_CREATE | IN_ISDIR, "d");
  trees.settle();
  trees.fake.scans.length = 0;
  trees.events.check(trees.events.take());
  trees.event(trees.root, IN_MOVED_FROM, "none");
  assert.equal(trees.events.isIdle, true);
  trees.settle();
  assert.deepEqual(trees.fake.scans, []);
});

test("Events.check() finds what came to a name before the directory was watched, whose other half is after the scan", () => {
  const trees = new Subject();
  trees.disk.directory("/r/new");
  trees.event(trees.root, IN_CREATE | IN_ISDIR, "new");
  trees.disk.file("/r/new/x");
  const outcomes = trees.scan();
  trees.event(trees.at("/r/new"), IN_MOVED_FROM, "x");
  trees.fake.passFences();
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["create /r/new"]);
  trees.events.check(trees.events.take());
  trees.settle();
  assert.deepEqual(trees.take(), ["create /r/new/x"]);
});
