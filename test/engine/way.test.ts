/** `Way`: the way to a directory, which the paths in it share. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_UNMOUNT,
} from "../../mod.ts";
import { EACCES } from "../../ffi/errno.ts";
import { Way } from "../../src/engine/way.ts";
import { Trees } from "../helpers/trees.ts";

/** The way by the link `/l` to `/a/b`, and the masks of which its passenger was told. */
class Subject extends Trees {
  readonly way: Way;
  readonly told: number[] = [];
  /** What Mounts.look() was to call back. */
  looked: (() => void) | undefined;
  readonly passenger = { moved: (mask: number): void => void this.told.push(mask) };

  constructor() {
    super();
    this.disk.directory("/a/b");
    this.disk.link("/l", "/a/b");
    const mounts = { look: (callback: () => void) => this.looked = callback };
    const instance = Object.assign(this.fake, { mounts }).instance;
    this.way = Way.of(instance, "/l");
    this.way.join(this.passenger);
  }

  /** What the passenger was told since the last time. */
  heard(): number[] {
    return this.told.splice(0);
  }
}

function nameless(wd: number, mask: number) {
  return { wd, mask, cookie: 0, name: "" };
}

test("Way.of() gives one way to a directory, until each who has it has closed it", () => {
  const { disk, fake } = new Trees();
  disk.directory("/a/b");
  const [one, other] = [Way.of(fake.instance, "/a/b"), Way.of(fake.instance, "/a/b")];
  assert.equal(one, other);
  const wd = one.enter(IN_CREATE);
  assert.ok(wd >= 0);
  assert.deepEqual([one.passes(wd), one.end, one.passesBelow("/a")], [true, "/a/b", true]);
  one.close();
  assert.equal(Way.of(fake.instance, "/a/b"), other);
  other.close();
  other.close();
  assert.deepEqual(["/a", "/a/b"].map((path) => fake.ownersAt(path).length), [0, 0]);
  assert.notEqual(Way.of(fake.instance, "/a/b"), other);
});

test("Way.enter() gives -1 where the way leads to no directory, and the watch once there is one", () => {
  const { disk, fake } = new Trees();
  disk.file("/a/f");
  const [none, file] = ["/a/none", "/a/f"].map((path) => Way.of(fake.instance, path));
  assert.deepEqual([none.enter(IN_CREATE), file.enter(IN_CREATE)], [-1, -1]);
  disk.directory("/a/none");
  Way.doubt(fake.instance);
  assert.ok(none.enter(IN_CREATE) >= 0);
  for (const path of ["/a/none", "/a/none/."]) fake.errnos.set(path, EACCES);
  Way.doubt(fake.instance);
  assert.deepEqual([none.enter(IN_CREATE), none.enter(IN_CREATE)], [-1, -1]);
});

test("Way.doubt() has the way resolved again of which no event tells that it is another one", () => {
  const trees = new Trees();
  trees.disk.file("/a/b/f");
  trees.add("/a/b/f");
  trees.disk.rename("/a", "/old");
  trees.disk.directory("/a");
  trees.disk.rename("/old/b", "/a/b"); // the same directory and file, by another directory
  const root = trees.map.get("/a/b/f")!;
  trees.roots.look(root);
  assert.deepEqual([trees.fake.ownersAt("/a").length, trees.fake.ownersAt("/old").length], [0, 1]);
  Way.doubt(trees.fake.instance);
  trees.roots.look(root);
  assert.deepEqual([trees.fake.ownersAt("/a").length, trees.fake.ownersAt("/old").length], [1, 0]);
});

test("Way.doubt(): a way that leads elsewhere, by no event, is looked for again by all who share it", () => {
  const trees = new Trees({ content: IN_MODIFY });
  for (const name of ["f", "g"]) trees.disk.file(`/a/${name}`);
  trees.add("/a/f", "/a/g");
  trees.take();
  trees.disk.rename("/a", "/old");
  for (const name of ["f", "g"]) trees.disk.file(`/a/${name}`);
  Way.doubt(trees.fake.instance);
  trees.roots.look(trees.map.get("/a/f")!);
  assert.deepEqual(trees.take(), ["modify /a/f"]);
  trees.settle();
  assert.deepEqual(trees.take(), ["modify /a/g"]);
});

test("Way tells its passengers of the events of its names and directories, and of no others", () => {
  const subject = new Subject();
  const { way, fake } = subject;
  const b = way.enter(IN_CREATE);
  const [top, a] = ["/", "/a"].map((path) => fake.wdAt(path));
  for (const mask of [IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO]) {
    way.event({ wd: top, mask, cookie: 0, name: "l" });
    way.event({ wd: top, mask, cookie: 0, name: "other" });
    way.event({ wd: b, mask, cookie: 0, name: "l" });
    assert.deepEqual(subject.heard(), [mask]);
  }
  way.event({ wd: top, mask: IN_MODIFY, cookie: 0, name: "l" });
  way.event(nameless(a, IN_MODIFY));
  assert.deepEqual(subject.heard(), []);
  for (const mask of [IN_MOVE_SELF, IN_DELETE_SELF, IN_IGNORED]) way.event(nameless(a, mask));
  assert.deepEqual(subject.heard(), [IN_MOVE_SELF, IN_DELETE_SELF, IN_IGNORED]);
});

test("Way hears both halves of a rename", () => {
  const subject = new Subject();
  const { way, fake, disk } = subject;
  const wd = way.enter(IN_CREATE) && fake.wdAt("/");
  const from = { wd, mask: IN_MOVED_FROM, cookie: 1, name: "l" };
  const to = { wd, mask: IN_MOVED_TO, cookie: 1, name: "m" };
  disk.rename("/l", "/m");
  way.move({ from, to });
  assert.deepEqual([subject.heard(), way.end], [[IN_MOVED_FROM], "/l"]);
  disk.rename("/m", "/l");
  way.move({ from: { ...from, name: "m" }, to: { ...to, name: "l" } });
  assert.deepEqual([subject.heard(), way.end], [[IN_MOVED_TO], "/a/b"]);
  way.move({ from: undefined, to: { ...to, name: "l" } });
  way.move({ from, to: undefined });
  assert.deepEqual(subject.heard(), [IN_MOVED_TO, IN_MOVED_FROM]);
  way.leave(subject.passenger);
  way.move({ from, to: undefined });
  assert.deepEqual(subject.heard(), []);
});

test("Way does not tell a passenger that has left while others were told", () => {
  const { way, fake } = new Subject();
  const told: string[] = [];
  const second = { moved: () => void told.push("second") };
  const first = {
    moved: () => {
      told.push("first");
      way.leave(second);
    },
  };
  way.join(first);
  way.join(second);
  way.enter(IN_CREATE);
  way.event({ wd: fake.wdAt("/"), mask: IN_DELETE, cookie: 0, name: "l" });
  assert.deepEqual(told, ["first"]);
});

test("Way looks at mounts before it tells that a file system is unmounted", () => {
  const subject = new Subject();
  const { way } = subject;
  const wd = way.enter(IN_CREATE);
  way.event(nameless(wd, IN_UNMOUNT));
  assert.deepEqual([subject.heard(), subject.looked], [[], undefined]);
  way.event(nameless(wd, IN_IGNORED));
  assert.deepEqual(subject.heard(), []);
  subject.looked!();
  assert.deepEqual(subject.heard(), [IN_IGNORED]);
  subject.looked = undefined;
  way.event(nameless(wd, IN_IGNORED));
  assert.deepEqual([subject.heard(), subject.looked], [[IN_IGNORED], undefined]);
});

test("Way.enter() gives -1 if the way leads elsewhere by now, of which an event is to tell", () => {
  const { way, disk, fake, passenger } = new Subject();
  const before = way.enter(IN_CREATE);
  disk.rename("/a/b", "/old");
  disk.directory("/a/b");
  assert.equal(way.enter(IN_CREATE), -1);
  assert.equal(way.passes(before), true, "it is as of the last event");
  way.event(nameless(before, IN_MOVE_SELF));
  const now = way.enter(IN_CREATE);
  assert.deepEqual([now, way.passes(before)], [fake.wdAt("/a/b"), false]);
  // With nobody to wait for it, no event need come.
  way.leave(passenger);
  disk.rename("/a/b", "/older");
  disk.directory("/a/b");
  assert.equal(way.enter(IN_CREATE), fake.wdAt("/a/b"));
});

test("Way.enter() has all who share it told, later, that it leads elsewhere by no event", () => {
  const subject = new Subject();
  const { way, disk, fake } = subject;
  way.enter(IN_CREATE);
  fake.passFences();
  assert.deepEqual(subject.heard(), [0], "who has joined before it is resolved, too");
  disk.rename("/a/b", "/old");
  disk.directory("/a/b");
  Way.doubt(fake.instance);
  assert.equal(way.enter(IN_CREATE), fake.wdAt("/a/b"));
  assert.deepEqual(subject.heard(), []);
  fake.passFences();
  assert.deepEqual(subject.heard(), [0]);
  Way.doubt(fake.instance);
  way.enter(IN_CREATE);
  fake.passFences();
  assert.deepEqual(subject.heard(), [], "it leads to the same");
});

test("Way.endsIn() is whether a name is in its directory, and not on the way itself", () => {
  const { way, disk, fake } = new Subject();
  const wd = way.enter(IN_CREATE);
  assert.deepEqual([way.endsIn(wd, "f"), way.endsIn(fake.wdAt("/a"), "b")], [true, false]);
  disk.link("/k", "/a/b/to");
  disk.link("/a/b/to", "/a/b");
  const turned = Way.of(fake.instance, "/k"); // by a name in its own directory
  const same = turned.enter(IN_CREATE);
  assert.equal(same, wd);
  assert.deepEqual([turned.endsIn(wd, "f"), turned.endsIn(wd, "to")], [true, false]);
});
