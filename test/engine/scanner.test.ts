/** `Scanner`: what a scan makes of a directory, over a disk in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Directory } from "../../src/engine/directory.ts";
import type { Owner } from "../../src/engine/member.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Trees } from "../helpers/trees.ts";

const EACCES = 13;
/** A slice, in milliseconds, that is over after the first step. */
const ONE_STEP = 1e-6;

/** Trees of `/r` with `/r/a/b`, which are scanned and known. */
function scanned(): { readonly trees: Trees; readonly root: Directory; readonly a: Directory } {
  const trees = new Trees({ followSymlinks: true });
  trees.disk.directory("/r/a/b");
  const [root] = trees.add("/r");
  trees.fake.scans.length = 0;
  return { trees, root, a: trees.at("/r/a") };
}

/** Somebody else who watches. */
const other: Owner = { receiver: NOBODY };

test("Scanner.work(): a scan that adds the watch is live", () => {
  const { trees, a } = scanned();
  trees.scanner.release(a);
  trees.scanner.rescan(a);
  const [[outcome]] = trees.scanner.work();
  assert.deepEqual([outcome.directory, outcome.generation], [a, a.generation]);
  assert.deepEqual([a.state.tag, trees.fake.ownersAt("/r/a")], ["live", [a]]);
});

test("Scanner.work(): a scan that finds the watch of the last scan is live", () => {
  const { trees, a } = scanned();
  const { wd } = a;
  trees.scanner.rescan(a);
  trees.scan();
  assert.deepEqual([a.state.tag, a.wd, a.isOther], ["live", wd, false]);
});

test("Scanner.work(): a scan that finds somebody else's watch is held", () => {
  const { trees, root, a } = scanned();
  trees.disk.directory("/elsewhere");
  trees.fake.watch(cString("/elsewhere"), 0, other);
  const before = trees.fake.ownersAt("/r/a");
  trees.disk.rename("/elsewhere", "/r/a");
  trees.scanner.rescan(a);
  trees.scan();
  assert.equal(a.state.tag, "held");
  assert.deepEqual([before, trees.fake.ownersAt("/r/a")], [[a], [other, a]]);
  assert.equal(root.state.tag, "known");
});

for (const followsRoots of [true, false]) {
  const what = followsRoots ? "lists what" : "lists nothing that";
  test(`Scanner.work(): ${what} a link leads to that has the place of a root, if followsRoots is ${followsRoots}`, () => {
    const trees = new Trees({ followsRoots });
    trees.disk.directory("/r/a");
    trees.disk.directory("/other/b");
    const [root] = trees.add("/r");
    trees.disk.rename("/r", "/away");
    trees.disk.link("/r", "/other");
    trees.scanner.rescan(root);
    trees.scan();
    assert.equal(root.state.tag, followsRoots ? "live" : "unreachable");
  });
}

test("Scanner.work(): another directory at the path makes all that is known below another one", () => {
  const { trees, a } = scanned();
  const b = trees.at("/r/a/b");
  const { wd } = a;
  trees.disk.remove("/r/a");
  trees.disk.directory("/r/a/b");
  trees.scanner.rescan(a);
  trees.scan();
  assert.deepEqual([a.state.tag, a.isOther, b.state.tag], ["live", true, "unscanned"]);
  assert.deepEqual([...trees.fake.owners.of(wd)], []);
});

test("Scanner.work() scans no directory whose parent is not listed, or that is gone or known", () => {
  const { trees, root, a } = scanned();
  const b = trees.at("/r/a/b");
  trees.scanner.schedule(root);
  trees.scanner.invalidateTree(a);
  trees.scanner.schedule(b);
  trees.scan();
  assert.deepEqual(trees.fake.scans, []);
  trees.scanner.discard(b);
  trees.scanner.schedule(a);
  trees.scanner.schedule(b);
  trees.scan();
  assert.deepEqual(trees.fake.scans, ["/r/a"]);
});

test("Scanner.work() scans a directory once, however often it is scheduled", () => {
  const { trees, a } = scanned();
  for (let i = 0; i < 3; i++) trees.scanner.rescan(a);
  const { count } = trees.scanner;
  trees.scan();
  assert.deepEqual([trees.fake.scans, trees.scanner.count - count], [["/r/a"], 1]);
});

test("Scanner.work(): a directory that is not there is unreachable, without a watch, and all below unscanned", () => {
  const { trees, a } = scanned();
  const { wd } = a;
  trees.disk.remove("/r/a");
  trees.scanner.rescan(a);
  const outcomes = trees.scan();
  assert.deepEqual(outcomes.map(({ directory }) => directory), [a]);
  assert.deepEqual([a.state.tag, a.wd], ["unreachable", -1]);
  assert.deepEqual([...trees.fake.owners.of(wd)], []);
  assert.equal(trees.at("/r/a/b").state.tag, "unscanned");
});

test("Scanner.work(): a directory in whose place a link is now is unreachable", () => {
  const { trees, a } = scanned();
  trees.disk.directory("/elsewhere");
  trees.disk.remove("/r/a");
  trees.disk.link("/r/a", "/elsewhere");
  trees.scanner.rescan(a);
  trees.scan();
  assert.deepEqual([a.state.tag, trees.fake.ownersAt("/elsewhere")], ["unreachable", []]);
});

test("Scanner.work(): a directory that may not be watched has failed, and no watch below it is kept", () => {
  const { trees, a } = scanned();
  const b = trees.at("/r/a/b");
  trees.fake.errnos.set("/r/a", EACCES);
  trees.scanner.rescan(a);
  assert.deepEqual(trees.scan(), []);
  assert.deepEqual(trees.failed, [
    { directory: a, failure: { syscall: "inotify_add_watch", errno: EACCES }, changes: 0 },
  ]);
  assert.deepEqual([a.wd, b.wd, a.state.tag], [-1, -1, "known"]);
});

test("Scanner.work() says how often mounts had changed before each scan, however long it takes", () => {
  const { trees, a } = scanned();
  trees.fake.piece = 1;
  for (const name of ["x", "y", "z"]) trees.disk.file(`/r/a/${name}`);
  trees.scanner.rescan(a);
  const changes: (number | undefined)[] = [];
  for (let now = 3; !trees.scanner.isIdle; now++) {
    trees.fake.mounts.changes = now;
    for (const outcome of trees.scanner.work(ONE_STEP)[0]) changes.push(outcome.changes);
  }
  assert.deepEqual(changes, [3]);
});

test("Scanner.retryRefused(): a directory that may not be read has failed once, until it was read", () => {
  const { trees, a } = scanned();
  trees.take();
  trees.disk.file("/r/a/new");
  const changed = ["modify", "attrib"].map((kind) => `${kind} /r/a/new`).join(", ");
  for (const isFirst of [true, false]) {
    const before = trees.failed.length;
    trees.fake.errnos.set("/r/a", EACCES);
    trees.scanner.rescan(a);
    trees.settle();
    trees.scanner.retryRefused();
    trees.settle();
    assert.equal(trees.failed.length - before, 1);
    trees.fake.errnos.delete("/r/a");
    trees.scanner.retryRefused();
    trees.settle();
    assert.equal(a.state.tag, "known");
    assert.notEqual(a.wd, -1);
    assert.deepEqual(trees.take(), isFirst ? ["create /r/a/new"] : [changed]);
  }
});

test("Scanner.release(): a directory that may not be read is not tried again", () => {
  const { trees, a } = scanned();
  trees.fake.errnos.set("/r/a", EACCES);
  trees.scanner.rescan(a);
  trees.settle();
  trees.scanner.discard(a);
  trees.scanner.retryRefused();
  assert.equal(trees.scanner.isIdle, true);
});

test("Scanner.work(): a link back to a directory that it is in is known to be empty, without a watch", () => {
  const { trees, a } = scanned();
  trees.disk.link("/r/a/loop", "/r");
  trees.scanner.rescan(a);
  trees.settle();
  const loop = trees.at("/r/a/loop");
  assert.deepEqual([loop.link, loop.isEmpty, loop.wd, loop.state.tag], [true, true, -1, "known"]);
  assert.equal(trees.fake.ownersAt("/r").includes(loop), false);
});

test("Scanner.work(): a followed link that leads back now loses what was in it", () => {
  const { trees, a } = scanned();
  trees.disk.directory("/elsewhere/x");
  trees.disk.link("/r/a/loop", "/elsewhere");
  trees.scanner.rescan(a);
  trees.settle();
  trees.take();
  const loop = trees.at("/r/a/loop");
  assert.deepEqual([...loop.entries.keys()], ["x"]);
  trees.disk.link("/r/a/loop", "/r");
  trees.scanner.rescan(loop);
  trees.settle();
  assert.deepEqual(trees.take(), ["remove /r/a/loop/x"]);
  assert.deepEqual([loop.wd, loop.isEmpty], [-1, true]);
});

test("Scanner.miss() is false the third time in a row, unless forgotten or scanned meanwhile", () => {
  const { trees, root, a } = scanned();
  const b = trees.at("/r/a/b");
  assert.deepEqual([1, 2, 3].map(() => trees.scanner.miss(b)), [true, true, false]);
  trees.scanner.forgetMisses(root);
  assert.equal(trees.scanner.miss(b), true);
  trees.scanner.miss(b);
  trees.scanner.rescan(b);
  trees.scan();
  assert.equal(trees.scanner.miss(b), true);
  for (const one of [a, a, b]) trees.scanner.miss(one);
  trees.scanner.forgetMisses(b);
  assert.deepEqual([trees.scanner.miss(b), trees.scanner.miss(a)], [true, false]);
});

test("Scanner.invalidateMoved() releases and schedules what is not known below a moved directory", () => {
  const { trees, root, a } = scanned();
  const b = trees.at("/r/a/b");
  trees.scanner.rescan(b);
  trees.scan();
  const { wd } = b;
  trees.disk.rename("/r/a", "/r/c");
  trees.entries.rename(root, "a", root, "c", a, undefined);
  trees.scanner.invalidateMoved(a);
  assert.deepEqual([b.wd, b.state.tag, a.state.tag], [-1, "unscanned", "known"]);
  assert.deepEqual([...trees.fake.owners.of(wd)], []);
  trees.settle();
  assert.deepEqual([trees.fake.scans, b.state.tag], [["/r/a/b", "/r/c/b"], "known"]);
});

test("Scanner.ended() invalidates all below, and scans the directory again", () => {
  const { trees, a } = scanned();
  const b = trees.at("/r/a/b");
  trees.scanner.ended(a);
  assert.deepEqual([a.wd, a.state.tag, b.state.tag], [-1, "unscanned", "unscanned"]);
  trees.settle();
  assert.deepEqual(trees.fake.scans, ["/r/a", "/r/a/b"]);
  assert.deepEqual([a.state.tag, b.state.tag, trees.take()], ["known", "known", []]);
});

test("Scanner.discard() releases the watches of a directory and all below it", () => {
  const { trees, a } = scanned();
  const b = trees.at("/r/a/b");
  trees.scanner.discard(a);
  assert.deepEqual([a.gone, b.gone, trees.fake.ownersAt("/r/a/b")], [true, true, []]);
});

test("Scanner.work() reads a large directory in steps, and gives it once it is read", () => {
  const { trees, a } = scanned();
  trees.fake.piece = 1;
  for (const name of ["x", "y", "z"]) trees.disk.file(`/r/a/${name}`);
  trees.scanner.rescan(a);
  const counts: number[] = [];
  while (!trees.scanner.isIdle) counts.push(trees.scanner.work(ONE_STEP)[0].length);
  assert.equal(counts.length > 2, true);
  assert.deepEqual(counts, [...counts.slice(1).map(() => 0), 1]);
  assert.equal(a.state.tag === "live" && a.state.listing.parts.length, 4);
});

test("Scanner.close() scans nothing more", () => {
  const { trees, a } = scanned();
  trees.scanner.rescan(a);
  trees.scanner.close();
  assert.deepEqual(trees.scanner.work(), [[], []]);
  assert.deepEqual(trees.fake.scans, []);
});
