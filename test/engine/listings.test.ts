/**
 * `Listings`: the difference between what scans found and what is known, over a disk in memory. Each kind of
 * difference is a test of its own: together they are longer than 300 lines.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CREATE, IN_DELETE, IN_MODIFY } from "../../mod.ts";
import type { Directory } from "../../src/engine/directory.ts";
import type { Owner } from "../../src/engine/member.ts";
import type { Scope } from "../../src/engine/scope.ts";
import type { Outcome } from "../../src/engine/scanner.ts";
import type { Ignores } from "../../src/engine/tree.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { known, Trees } from "../helpers/trees.ts";

/** A slice, in milliseconds, that is over after the first step. */
const ONE_STEP = 1e-6;
/** Since when events are lost: later than anything on the disk, in milliseconds. */
const LATE = 2_000_000;
/** When an entry changes after that, in seconds. */
const LATER = 3000;

/** Trees of `/r` with the file `a` and the directories `d`, with a file `f`, and `e`. */
class Subject extends Trees {
  readonly root: Directory;

  constructor(scope: Partial<Scope> = {}, ignores: Ignores | undefined = undefined) {
    super(scope, ignores);
    for (const path of ["/r/d", "/r/e", "/other", "/other2"]) this.disk.directory(path);
    for (const path of ["/r/a", "/r/d/f"]) this.disk.file(path);
    [this.root] = this.add("/r");
  }

  /** Scans a directory again. @returns what is reported of it, and of what is below */
  rescan(directory: Directory = this.root): string[] {
    this.take();
    this.scanner.rescan(directory);
    this.settle();
    return this.take();
  }
}

for (
  const [what, change, expected] of [
    ["nothing", () => {}, []],
    ["a removed file", ({ disk }) => disk.remove("/r/a"), ["remove /r/a"]],
    ["a removed directory", ({ disk }) => disk.remove("/r/d"), ["remove /r/d"]],
    ["a new file", ({ disk }) => disk.file("/r/new"), ["create /r/new"]],
    ["a new directory and what is in it", ({ disk }) => disk.directory("/r/new/x"), [
      "create /r/new",
      "create /r/new/x",
    ]],
    ["a directory in the place of a file", ({ disk }) => {
      disk.remove("/r/a");
      disk.directory("/r/a");
    }, ["remove /r/a", "create /r/a"]],
    ["a file in the place of a directory", ({ disk }) => {
      disk.remove("/r/d");
      disk.file("/r/d");
    }, ["remove /r/d", "create /r/d"]],
    ["a file that has changed, which its events report", ({ disk }) => {
      disk.change("/r/a", LATER);
    }, []],
  ] as [string, (trees: Subject) => void, string[]][]
) {
  test(`Listings.commit() reports ${expected.join("; ") || "nothing"} for ${what}`, () => {
    const trees = new Subject();
    change(trees);
    assert.deepEqual(trees.rescan(), expected);
    assert.equal(trees.root.state.tag, "known");
  });
}

test("Listings.commit() compares what is below another directory, and takes its files for others", () => {
  const trees = new Subject();
  trees.disk.remove("/r/d");
  trees.disk.directory("/r/d");
  for (const name of ["f", "new"]) trees.disk.file(`/r/d/${name}`);
  assert.deepEqual(trees.rescan(trees.at("/r/d")), [
    "modify /r/d/f, attrib /r/d/f",
    "create /r/d/new",
  ]);
  assert.equal(trees.at("/r/d").isOther, false);
});

test("Listings.commit() applies held events after the listing, in order", () => {
  const trees = new Subject();
  const other: Owner = { receiver: NOBODY };
  trees.fake.watch(cString("/other"), 0, other);
  trees.disk.remove("/r/d");
  trees.disk.rename("/other", "/r/d");
  for (const name of ["x", "y"]) trees.disk.file(`/r/d/${name}`);
  const d = trees.at("/r/d");
  trees.scanner.rescan(d);
  const outcomes = trees.scan();
  trees.event(d, IN_CREATE, "x"); // older than the scan
  trees.event(d, IN_MODIFY, "x");
  trees.event(d, IN_DELETE, "y"); // newer
  assert.deepEqual(trees.take(), []);
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), [
    "remove /r/d/f",
    "create /r/d/x",
    "create /r/d/y",
    "modify /r/d/x",
    "remove /r/d/y",
  ]);
  assert.equal(d.state.tag, "known");
});

test("Listings.commit() says nothing of names that an event has overruled", () => {
  const trees = new Subject();
  trees.disk.file("/r/new");
  trees.scanner.rescan(trees.root);
  const outcomes = trees.scan();
  trees.event(trees.root, IN_CREATE, "later");
  trees.event(trees.root, IN_DELETE, "a");
  trees.take();
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["create /r/new"]);
  assert.deepEqual([...trees.root.entries.keys()].sort(), ["d", "e", "later", "new"]);
});

test("Listings.commit() reports a stale file as replaced, and no other one", () => {
  const trees = new Subject();
  trees.disk.file("/r/b");
  trees.rescan();
  trees.scanner.rescan(trees.root);
  trees.event(trees.root, IN_CREATE, "a");
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /r/a, attrib /r/a"]);
});

test("Listings.commit() discards the outcome of a scan before the directory was invalidated again", () => {
  const trees = new Subject();
  trees.scanner.rescan(trees.root);
  const outcomes = trees.scan();
  trees.disk.file("/r/new");
  trees.scanner.rescan(trees.root);
  trees.listings.commit(outcomes);
  assert.deepEqual([trees.take(), trees.root.state.tag], [[], "unscanned"]);
  const later = trees.scan();
  trees.listings.commit(outcomes);
  assert.deepEqual([trees.take(), trees.root.state.tag], [[], "live"]);
  trees.listings.commit(later);
  assert.deepEqual(trees.take(), ["create /r/new"]);
});

test("Listings.commit() discards the outcome of a directory that is gone", () => {
  const trees = new Subject();
  trees.disk.file("/r/d/new");
  trees.scanner.rescan(trees.at("/r/d"));
  const outcomes = trees.scan();
  trees.event(trees.root, IN_DELETE, "d");
  trees.take();
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), []);
});

test("Listings.commit() reports nothing more of a root that is removed in a report", () => {
  for (const what of ["removed", "new", "changed"]) {
    const trees = new Subject();
    for (const name of ["x", "y"]) trees.disk.file(`/r/${name}`);
    trees.rescan();
    for (const name of ["x", "y"]) {
      if (what === "removed") trees.disk.remove(`/r/${name}`);
      if (what === "new") trees.disk.directory(`/r/new-${name}`);
    }
    if (what === "changed") trees.root.isOther = true;
    trees.onReport = () => trees.roots.remove(trees.map.get("/r")!);
    assert.equal(trees.rescan().length, 1, what);
    const watched = ["/r", "/r/d", "/r/new-x", "/r/new-y"];
    assert.deepEqual(watched.flatMap((path) => trees.fake.ownersAt(path)), [], what);
  }
});

// After a loss of events

test("Listings.commit() reports what has changed since events were lost, by the time of change", () => {
  const trees = new Subject();
  for (const name of ["b", "c"]) trees.disk.file(`/r/${name}`);
  trees.rescan();
  for (const path of ["/r/b", "/r/d"]) trees.disk.change(path, LATER);
  trees.root.lostSince = LATE;
  assert.deepEqual(trees.rescan(), ["attrib /r/d", "modify /r/b, attrib /r/b"]);
  assert.equal(trees.root.lostSince, undefined);
  assert.deepEqual(trees.rescan(), []);
});

test("Listings.commit() reports nothing of directories where attrib is not wanted", () => {
  const trees = new Subject({ content: IN_MODIFY });
  for (const path of ["/r/a", "/r/d"]) trees.disk.change(path, LATER);
  trees.root.lostSince = LATE;
  assert.deepEqual(trees.rescan(), ["modify /r/a"]);
});

for (
  const [what, isOther, parent, directory] of [
    ["that has changed, but not its parent or what is in it", true, 1000, [LATER, 1000]],
    ["that has changed with its parent", true, LATER, [LATER, LATER]],
    ["in which something has changed", false, 1000, [LATER, LATER]],
    ["that has not changed", false, LATER, [1000, 1000]],
  ] as const
) {
  test(`Listings.commit() reports ${isOther ? "all" : "nothing"} in a directory ${what} since events were lost`, () => {
    const trees = new Subject({ content: IN_MODIFY });
    trees.disk.change("/r", parent);
    trees.disk.change("/r/d", directory[0], directory[1]);
    for (const one of trees.root.subtree()) {
      one.lostSince = LATE;
      trees.scanner.invalidate(one);
    }
    assert.deepEqual(trees.rescan(), isOther ? ["modify /r/d/f"] : []);
  });
}

// Links

for (
  const [what, make, expected] of [
    ["that is the same", () => {}, []],
    ["that has changed since events were lost", (trees) => {
      trees.disk.link("/r/link", "/other2");
      trees.disk.change("/r/link", LATER);
      trees.root.lostSince = LATE;
    }, ["remove /r/link", "create /r/link", "create /r/link/y"]],
    ["whose name is stale", (trees) => {
      trees.disk.link("/r/link", "/other2");
      trees.scanner.rescan(trees.root);
      trees.event(trees.root, IN_CREATE, "link");
    }, ["remove /r/link", "create /r/link", "create /r/link/y"]],
    ["in a directory that is another one", (trees) => {
      trees.disk.remove("/r/a");
      trees.disk.link("/r/link", "/other2");
      trees.root.isOther = true;
    }, ["remove /r/a", "remove /r/link", "create /r/link", "create /r/link/y"]],
    ["that leads to a file now, and is stale", (trees) => {
      trees.disk.link("/r/link", "/r/a");
      trees.scanner.rescan(trees.root);
      trees.event(trees.root, IN_CREATE, "link");
    }, ["remove /r/link", "create /r/link"]],
  ] as [string, (trees: Subject) => void, string[]][]
) {
  test(`Listings.commit() reports ${expected.join("; ") || "nothing"} for a followed link ${what}`, () => {
    const trees = new Subject({ followSymlinks: true });
    trees.disk.file("/other/x");
    trees.disk.file("/other2/y");
    trees.disk.link("/r/link", "/other");
    trees.rescan();
    make(trees);
    assert.deepEqual(trees.rescan(), expected);
  });
}

test("Listings.commit() enters a link to a directory where a link to a file was", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.file("/other/x");
  trees.disk.link("/r/link", "/r/a");
  trees.rescan();
  trees.disk.link("/r/link", "/other");
  assert.deepEqual(trees.rescan(), ["remove /r/link", "create /r/link", "create /r/link/x"]);
});

// What is ignored

test("Listings.commit() reports as removed what is ignored at its path now", () => {
  let ignored = "";
  const ignores = Object.assign((path: string) => path === ignored, { dependsOn: "path" as const });
  const trees = new Subject({}, ignores);
  const d = trees.at("/r/d");
  ignored = "/r/d";
  assert.deepEqual(trees.rescan(), ["remove /r/d"]);
  assert.deepEqual([known(trees.root), d.gone], [["/r/a", "/r/e/"], true]);
});

test("Listings.commit() reports nothing of what is ignored now in an initial directory", () => {
  let ignored = "";
  const ignores = Object.assign((path: string) => path === ignored, { dependsOn: "path" as const });
  const trees = new Subject({}, ignores);
  const d = trees.at("/r/d");
  ignored = "/r/d";
  trees.root.initial = true;
  assert.deepEqual(trees.rescan(), []);
  assert.deepEqual([known(trees.root), trees.root.initial], [["/r/a", "/r/e/"], false]);
  assert.deepEqual([d.gone, d.wd], [true, -1]);
});

// In the beginning

test("Listings.commit() reports what is there in the beginning as exists, or not at all", () => {
  assert.deepEqual(new Subject({ initial: true }).take(), [
    "exists /r",
    "exists /r/d",
    "exists /r/e",
    "exists /r/a",
    "exists /r/d/f",
  ]);
  const trees = new Subject();
  assert.deepEqual(trees.take(), []);
  assert.deepEqual(known(trees.root), ["/r/a", "/r/d/", "/r/d/f", "/r/e/"]);
});

test("Listings.commit() reports as created what came in the beginning after the scan", () => {
  const trees = new Trees({ initial: true });
  trees.disk.directory("/r");
  trees.disk.file("/r/a");
  trees.roots.add("/r", false);
  const root = trees.map.get("/r")!.directory!;
  const outcomes = trees.scan();
  trees.event(root, IN_CREATE, "new");
  trees.listings.commit(outcomes);
  assert.deepEqual(trees.take(), ["exists /r", "exists /r/a", "create /r/new"]);
});

test("Listings.commit() knows nothing in the beginning of what an event has removed after the scan", () => {
  const trees = new Trees();
  trees.disk.file("/r/d/f");
  trees.roots.add("/r", false);
  trees.listings.commit(trees.scan());
  const outcomes = trees.scan();
  const d = trees.at("/r/d");
  assert.equal(d.state.tag, "live");
  trees.event(d, IN_DELETE, "f");
  trees.listings.commit(outcomes);
  assert.deepEqual([...d.entries], []);
});

test("Listings.commit() reports as created what came in the beginning before the scan", () => {
  const trees = new Trees({ initial: true });
  trees.disk.file("/r/a");
  trees.disk.file("/r/b");
  trees.roots.add("/r", false);
  trees.event(trees.map.get("/r")!.directory!, IN_CREATE, "b");
  trees.settle();
  assert.deepEqual(trees.take(), ["exists /r", "exists /r/a", "create /r/b"]);
});

test("Listings.commit() enters followed links that are there in the beginning", () => {
  const trees = new Trees({ followSymlinks: true });
  trees.disk.file("/other/x");
  trees.disk.link("/r/link", "/other");
  const [root] = trees.add("/r");
  assert.deepEqual(known(root), ["/r/link/", "/r/link/x"]);
});

test("Listings.commitEarly() makes known what is there in the beginning, and commit() nothing again", () => {
  const trees = new Trees({ initial: true });
  trees.disk.directory("/r");
  trees.disk.file("/r/a");
  trees.roots.add("/r", false);
  const root = trees.map.get("/r")!.directory!;
  const outcomes = trees.scan();
  for (const outcome of outcomes) trees.listings.commitEarly(outcome);
  assert.deepEqual(trees.take(), ["exists /r", "exists /r/a"]);
  trees.event(root, IN_DELETE, "a");
  trees.listings.commit(outcomes);
  assert.deepEqual([trees.take(), root.state.tag], [["remove /r/a"], "known"]);
});

test("Listings.commitEarly() leaves a directory that came later to its fence", () => {
  const trees = new Subject();
  trees.disk.file("/r/new");
  trees.scanner.rescan(trees.root);
  for (const outcome of trees.scan()) trees.listings.commitEarly(outcome);
  assert.deepEqual(trees.take(), []);
});

// What is left in the listing

for (
  const [what, scope, ignored, isLeft] of [
    ["nothing is to be compared", {}, undefined, true],
    ["none is ignored", {}, "/other", true],
    ["each is reported", { initial: true }, undefined, true],
    ["one is ignored", {}, "/r/a", false],
  ] as const
) {
  test(`Listings.commit() ${isLeft ? "leaves" : "does not leave"} entries in their listing if ${what}`, () => {
    const ignores = ignored === undefined
      ? undefined
      : Object.assign((path: string) => path === ignored, { dependsOn: "path" as const });
    const trees = new Trees(scope, ignores);
    for (const name of ["first", "a"]) trees.disk.file(`/r/${name}`);
    trees.roots.add("/r", false);
    const root = trees.map.get("/r")!.directory!;
    const outcomes = trees.scan();
    const { state } = root;
    assert(state.tag === "live" || state.tag === "held");
    trees.listings.commit(outcomes);
    const { bytes, start } = state.listing;
    bytes[bytes.indexOf("f".charCodeAt(0), start)] = "F".charCodeAt(0);
    assert.equal(known(root)[0], isLeft ? "/r/First" : "/r/first");
  });
}

// Large directories

test("Listings.commit() compares a large listing in steps, during which events overrule it", () => {
  const trees = new Subject();
  trees.fake.piece = 10;
  for (let i = 0; i < 100; i++) trees.disk.file(`/r/e/${i}`);
  const e = trees.at("/r/e");
  trees.scanner.rescan(e);
  trees.listings.commit(trees.scan());
  assert.deepEqual([trees.take(), trees.scanner.isIdle], [[], false]);
  const lines: string[] = [];
  const again: Outcome[] = []; // since it has changed
  let steps = 0;
  for (; !trees.scanner.isIdle; steps++) {
    again.push(...trees.scanner.work(ONE_STEP)[0]);
    lines.push(...trees.take());
    if (steps === 2) {
      trees.event(e, IN_CREATE, "50");
      trees.disk.remove("/r/e/60");
      trees.event(e, IN_DELETE, "60");
    }
  }
  assert.ok(steps > 10, `${steps} steps`);
  trees.listings.commit(again);
  trees.settle();
  assert.equal(new Set([...lines, ...trees.take()]).size, 99);
  assert.deepEqual([e.entries.size, e.state.tag], [99, "known"]);
});

test("Listings.commit() starts a large listing anew if the directory is invalidated between steps", () => {
  const trees = new Subject();
  trees.fake.piece = 10;
  for (let i = 0; i < 50; i++) trees.disk.file(`/r/e/${i}`);
  const e = trees.at("/r/e");
  trees.scanner.rescan(e);
  trees.listings.commit(trees.scan());
  for (let i = 0; i < 7; i++) trees.scanner.work(ONE_STEP);
  const first = trees.take();
  assert.ok(first.length > 0 && first.length < 50, `${first.length} reported`);
  trees.scanner.rescan(e);
  trees.settle();
  assert.equal(new Set([...first, ...trees.take()]).size, 50);
  assert.deepEqual([e.entries.size, e.state.tag], [50, "known"]);
});

test("Listings.commit() keeps an entry that a large listing leaves out, though it is there", () => {
  const trees = new Subject();
  trees.fake.piece = 10;
  for (let i = 0; i < 50; i++) trees.disk.file(`/r/e/${i}`);
  const e = trees.at("/r/e");
  trees.rescan(e);
  trees.disk.leaveOut("/r/e/20");
  trees.disk.remove("/r/e/30");
  assert.deepEqual([trees.rescan(e), e.entries.size], [["remove /r/e/30"], 49]);
});

for (const state of ["live", "held"]) {
  test(`Listings.commit() has a large directory listed again that changed while it was listed: ${state}`, () => {
    const trees = new Subject();
    trees.fake.piece = 10;
    const e = trees.at("/r/e");
    if (state === "held") {
      trees.fake.watch(cString("/other"), 0, { receiver: NOBODY });
      trees.disk.rename("/other", "/r/e");
    }
    for (let i = 0; i < 50; i++) trees.disk.file(`/r/e/${i}`);
    trees.disk.leaveOut("/r/e/20");
    trees.scanner.rescan(e);
    const outcomes = trees.scan();
    assert.equal(e.state.tag, state);
    trees.event(e, IN_CREATE, "30");
    trees.listings.commit(outcomes);
    trees.settle();
    assert.deepEqual([new Set(trees.take()).size, e.entries.size, e.state.tag], [50, 50, "known"]);
  });
}

test("Listings.commit() does not list a large directory again without end that always changes", () => {
  const trees = new Subject();
  trees.fake.piece = 10;
  for (let i = 0; i < 50; i++) trees.disk.file(`/r/e/${i}`);
  const e = trees.at("/r/e");
  trees.scanner.rescan(e);
  const before = trees.scanner.count;
  for (let i = 0; i < 10; i++) {
    const outcomes = trees.scan();
    trees.event(e, i % 2 ? IN_CREATE : IN_DELETE, "30");
    trees.listings.commit(outcomes);
  }
  trees.settle();
  assert.deepEqual([trees.scanner.count - before, e.state.tag], [3, "known"]);
});

// What is not where it should be

test("Listings.commit() scans the parent of a directory that was not there, which has it removed", () => {
  const trees = new Subject();
  trees.disk.remove("/r/d");
  assert.deepEqual(trees.rescan(trees.at("/r/d")), ["remove /r/d"]);
  assert.deepEqual(trees.failed, []);
});

test("Listings.commit() waits for the scan of the parent of a directory that was not there", () => {
  const trees = new Subject();
  trees.disk.remove("/r/d");
  trees.scanner.rescan(trees.at("/r/d"));
  const outcomes = trees.scan();
  trees.scanner.rescan(trees.root);
  trees.listings.commit(outcomes);
  trees.fake.scans.length = 0;
  trees.settle();
  assert.deepEqual([trees.fake.scans, trees.take()], [["/r"], ["remove /r/d"]]);
});

test("Listings.commit() reports ENOENT of a directory that is listed and not found three times in a row", () => {
  const trees = new Subject();
  const d = trees.at("/r/d");
  trees.disk.directory("/r/d/x");
  trees.rescan(d);
  const { scan } = trees.fake;
  trees.fake.scan = (path, ...rest) => {
    if (path !== "/r/d") return scan.call(trees.fake, path, ...rest);
    trees.fake.scans.push(path);
    return { syscall: "open", errno: 2 };
  };
  trees.fake.scans.length = 0;
  assert.deepEqual(trees.rescan(d), ["error /r/d"]);
  assert.deepEqual(trees.fake.scans, ["/r/d", "/r", "/r/d", "/r", "/r/d"]);
  assert.deepEqual([d.wd, d.gone, trees.fake.ownersAt("/r/d/x")], [-1, false, []]);
});

test("Listings.commit() takes a followed link that leads nowhere now for a file", () => {
  const trees = new Subject({ followSymlinks: true });
  trees.disk.link("/r/link", "/other");
  trees.rescan();
  trees.disk.remove("/other");
  assert.deepEqual(trees.rescan(trees.at("/r/link")), ["remove /r/link", "create /r/link"]);
  assert.equal(trees.root.entries.get("link"), false);
});
