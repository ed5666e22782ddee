/** `MountPoints`: what becomes of trees when mounts come and go; over a disk in memory, with made-up tables. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ISDIR } from "../../mod.ts";
import type { Libc } from "../../ffi/contract.ts";
import { MountPoints } from "../../src/engine/mount_points.ts";
import { type Mounts, MountTable } from "../../src/engine/mounts.ts";
import type { Scope } from "../../src/engine/scope.ts";
import { IN_MOVED_FROM, IN_MOVED_TO } from "../../src/kernel/mask.ts";
import { event, Trees } from "../helpers/trees.ts";

/** The mounts at a moment: of each its ID, the one that it is on, its file system and its path. */
type Table = readonly (readonly [id: number, on: number, source: string, path: string])[];

const NONE: Table = [[1, 0, "0:1", "/"]];

function tableOf(lines: Table): MountTable {
  const text = lines.map(([id, on, source, path]) => `${id} ${on} ${source} / ${path} rw\n`);
  return new MountTable(new TextEncoder().encode(text.join("")));
}

/** Trees of `/r` with the directory `d`, in it the file `x` and the directory `e`, and the file `f`. */
class Subject extends Trees {
  readonly points: MountPoints;
  /** The calls of Mounts.look(): whether for the paths only. */
  readonly looks: boolean[] = [];
  /** What Mounts.look() was to call back. */
  looked: () => void = () => {};
  /** Those of which the trees know. */
  mounts: Table = NONE;

  constructor(scope: Partial<Scope> = {}) {
    super(scope);
    this.disk.directory("/r/d/e");
    for (const path of ["/r/d/x", "/r/f"]) this.disk.file(path);
    const { disk, looks } = this;
    let opened = "";
    const text = (bytes: Uint8Array) =>
      new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    const libc: Libc = {
      ...this.fake.libc,
      open: (pathname) => {
        const found = disk.resolve(text(pathname), true);
        opened = typeof found === "number" ? "" : found[0];
        return opened === "" ? -1 : 5;
      },
      readlink: (_, buffer) => new TextEncoder().encodeInto(opened, buffer).written,
      close: () => 0,
    };
    const table = () => tableOf(this.mounts);
    const mounts: Pick<Mounts, "table" | "look"> = {
      get table() {
        return table();
      },
      look: (callback = () => {}, renamed = false) => {
        looks.push(renamed);
        this.looked = callback;
      },
    };
    this.points = new MountPoints(
      { libc, mounts: mounts as Mounts },
      this.scope,
      this.map,
      this.roots,
      this.tree,
      this.entries,
      this.scanner,
    );
  }

  /** The mounts are others now. @returns what is reported, and then what the scans find */
  change(lines: Table): string[][] {
    const before = tableOf(this.mounts);
    this.mounts = lines;
    this.points.changed(before, tableOf(lines));
    const reported = this.take();
    this.settle();
    return [reported, this.take()];
  }

  /** Hides a directory or file, as a mount does. */
  hide(path: string): void {
    this.disk.rename(path, `/hidden${path}`);
  }

  /** What was hidden shows again. */
  show(path: string): void {
    this.disk.rename(`/hidden${path}`, path);
  }
}

const ON_D: Table = [...NONE, [2, 1, "0:2", "/r/d"]];

test("a mount on a directory of a tree is reported, then what it hides and shows; and so is its end", () => {
  const trees = new Subject();
  trees.add("/r");
  trees.hide("/r/d");
  trees.disk.file("/r/d/new");
  assert.deepEqual(trees.change(ON_D), [
    ["mount /r/d"],
    ["remove /r/d/e", "remove /r/d/x", "create /r/d/new"],
  ]);
  trees.disk.remove("/r/d");
  trees.show("/r/d");
  assert.deepEqual(trees.change(NONE), [
    ["unmount /r/d"],
    ["remove /r/d/new", "create /r/d/e", "create /r/d/x"],
  ]);
});

test("what a mount has hidden for a moment may have been read as another file", () => {
  const trees = new Subject();
  trees.add("/r");
  assert.deepEqual(trees.change(ON_D), [["mount /r/d"], []], "as if bound over itself");
  assert.deepEqual(trees.change(NONE), [["unmount /r/d"], ["modify /r/d/x, attrib /r/d/x"]]);
});

test("a mount on a file is another file", () => {
  const trees = new Subject();
  trees.add("/r");
  const on = [...NONE, [2, 1, "0:2", "/r/f"]] as Table;
  assert.deepEqual(trees.change(on), [["mount /r/f", "modify /r/f, attrib /r/f"], []]);
  assert.deepEqual(trees.change(NONE), [["unmount /r/f", "modify /r/f, attrib /r/f"], []]);
});

test("a mount elsewhere is none of the trees'", () => {
  const trees = new Subject();
  trees.disk.directory("/rest");
  trees.add("/r");
  const on = [...NONE, [2, 1, "0:2", "/rest"], [3, 1, "0:3", "/r/none"]] as Table;
  assert.deepEqual([trees.change(on), trees.change(NONE)], [[[], []], [[], []]]);
  assert.equal(trees.fake.scans.filter((path) => path === "/r").length, 1);
});

test("of two mounts on a directory, each is reported", () => {
  const trees = new Subject();
  trees.add("/r");
  const two = [...ON_D, [3, 2, "0:3", "/r/d"]] as Table;
  assert.deepEqual(trees.change(ON_D)[0], ["mount /r/d"]);
  assert.deepEqual(trees.change(two)[0], ["mount /r/d"]);
  assert.deepEqual(trees.change(ON_D)[0], ["unmount /r/d"]);
});

test("a mount that another one hides is not unmounted, nor mounted when it shows again", () => {
  const trees = new Subject();
  trees.add("/r");
  const inner = [...NONE, [2, 1, "0:2", "/r/d/e"]] as Table;
  const outer = [...inner, [3, 1, "0:3", "/r/d"]] as Table;
  assert.deepEqual(trees.change(inner)[0], ["mount /r/d/e"]);
  assert.deepEqual(trees.change(outer)[0], ["mount /r/d"]);
  assert.deepEqual(trees.change(inner)[0], ["unmount /r/d"]);
  assert.deepEqual(trees.change(NONE)[0], ["unmount /r/d/e"]);
});

test("another mount with the same ID at the same place is another one", () => {
  const trees = new Subject();
  trees.add("/r", "/r/d");
  trees.change(ON_D);
  const other = [...NONE, [2, 1, "0:9", "/r/d"]] as Table;
  assert.deepEqual(trees.change(other)[0], ["unmount /r/d", "mount /r/d"]);
});

test("of mounts that come or go at once, the upper one is reported first", () => {
  const two = [[2, 1, "0:2", "/r/d/e"], [3, 1, "0:3", "/r/f"]] as const;
  for (const mounts of [two, two.toReversed()]) {
    const trees = new Subject();
    trees.add("/r");
    const reported = [trees.change([...NONE, ...mounts])[0], trees.change(NONE)[0]].flat();
    assert.deepEqual(reported.filter((line) => line.includes("mount ")), [
      ...["mount /r/f", "mount /r/d/e"],
      ...["unmount /r/f", "unmount /r/d/e"],
    ]);
  }
});

test("a mount that is moved leaves one place and comes to the other", () => {
  const trees = new Subject();
  trees.disk.directory("/r/to/d");
  trees.add("/r");
  assert.deepEqual(trees.change(ON_D)[0], ["mount /r/d"]);
  const to = [...NONE, [2, 1, "0:2", "/r/to/d"]] as Table;
  assert.deepEqual(trees.change(to)[0], ["unmount /r/d", "mount /r/to/d"]);
});

test("another mount with the ID of one that is gone is another one", () => {
  const trees = new Subject();
  trees.disk.directory("/r/to");
  trees.add("/r");
  trees.change(ON_D);
  const other = [...NONE, [2, 1, "0:9", "/r/to"]] as Table;
  assert.deepEqual(trees.change(other)[0], ["unmount /r/d", "mount /r/to"]);
  assert.deepEqual(trees.change(NONE)[0], ["unmount /r/to"]);
  assert.deepEqual(trees.change(ON_D)[0], ["mount /r/d"]);
});

test("a mount has the path that a directory above it is renamed to, by which its end is reported", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.mounts = [...NONE, [2, 1, "0:2", "/r/d/e"]]; // it was there before
  trees.points.locate();
  trees.disk.rename("/r/d", "/r/to");
  const [from, to] = [IN_MOVED_FROM, IN_MOVED_TO].map((mask) => mask | IN_ISDIR);
  trees.events.move(r, event(r, from, "d"), r, event(r, to, "to"));
  trees.settle();
  assert.deepEqual(trees.take(), ["rename /r/d /r/to"]);
  // The table of that moment still has the former path.
  assert.deepEqual(trees.change(NONE)[0], ["unmount /r/to/e"]);
});

test("a mount whose directory is renamed while others come is not moved", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.mounts = [...NONE, [2, 1, "0:2", "/r/d/e"]];
  trees.points.locate();
  trees.disk.rename("/r/d", "/r/to");
  const [from, to] = [IN_MOVED_FROM, IN_MOVED_TO].map((mask) => mask | IN_ISDIR);
  trees.events.move(r, event(r, from, "d"), r, event(r, to, "to"));
  trees.settle();
  trees.take();
  const now = [...NONE, [2, 1, "0:2", "/r/to/e"], [3, 1, "0:3", "/r/f"]] as Table;
  assert.deepEqual(trees.change(now)[0], ["mount /r/f", "modify /r/f, attrib /r/f"]);
});

test("a mount that has left the trees with its directory, and is back, is found there", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  const on = [...NONE, [2, 1, "0:2", "/r/d/e"]] as Table;
  trees.change(on);
  trees.event(r, IN_MOVED_FROM | IN_ISDIR, "d");
  trees.settle();
  trees.event(r, IN_MOVED_TO | IN_ISDIR, "d");
  trees.settle();
  trees.take();
  assert.deepEqual(trees.change(NONE)[0], ["unmount /r/d/e"]);
});

test("a mount in a directory that is gone is not reported", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.change(ON_D);
  trees.disk.remove("/r/d");
  trees.event(r, IN_MOVED_FROM | IN_ISDIR, "d");
  trees.settle();
  trees.take();
  assert.deepEqual(trees.change(NONE), [[], []]);
});

for (
  const [what, root, on] of [
    ["at a root", "/r/d", "/r/d"],
    ["on the way to a root", "/r/d/e", "/r/d"],
  ] as const
) {
  test(`a mount ${what} is reported with the path of the root`, () => {
    const trees = new Subject();
    trees.add(root);
    trees.hide(on);
    trees.disk.directory(root);
    trees.disk.file(`${root}/new`);
    const lines = trees.change([...NONE, [2, 1, "0:2", on]]).flat();
    assert.equal(lines[0], `mount ${root}`);
    assert.ok(lines.includes(`create ${root}/new`), `${lines}`);
    trees.disk.remove(on);
    trees.show(on);
    const again = trees.change(NONE).flat();
    assert.equal(again[0], `unmount ${root}`);
    assert.equal(trees.map.get(root)!.directory!.wd, trees.fake.wdAt(root));
  });
}

test("a mount that hides a root, or shows it, is reported with the path of the root", () => {
  const trees = new Subject();
  trees.add("/r/d/e", "/r/d/new");
  trees.hide("/r/d");
  trees.disk.file("/r/d/new");
  assert.deepEqual(trees.change(ON_D)[0], [
    "mount /r/d/e",
    "remove /r/d/e",
    "mount /r/d/new",
    "create /r/d/new",
  ]);
});

test("a mount at a root that another one hides is not unmounted, and its files may have been read", () => {
  const trees = new Subject();
  trees.disk.file("/r/d/e/y");
  const inner = [...NONE, [2, 1, "0:2", "/r/d/e"]] as Table;
  trees.mounts = inner;
  trees.add("/r/d/e");
  assert.deepEqual(trees.change([...inner, [3, 1, "0:3", "/r/d"]])[0], ["mount /r/d/e"]);
  assert.deepEqual(trees.change(inner), [["unmount /r/d/e"], ["modify /r/d/e/y, attrib /r/d/e/y"]]);
});

test("what a mount had hidden for a moment at a root may have been read as another file", () => {
  const trees = new Subject();
  trees.add("/r/d", "/r/f");
  const on = [...ON_D, [3, 1, "0:3", "/r/f"]] as Table;
  trees.change(on); // both are looked at when the mounts are gone
  assert.deepEqual(trees.change(NONE).flat(), [
    "unmount /r/d",
    "unmount /r/f",
    "modify /r/f, attrib /r/f",
    "modify /r/d/x, attrib /r/d/x",
  ]);
});

test("a mount on the way to a root that is not there is not reported", () => {
  const trees = new Subject();
  trees.add("/r/d/none");
  assert.deepEqual([trees.change(ON_D), trees.change(NONE)], [[[], []], [[], []]]);
});

test("a root that is removed in a report of a mount is not looked at", () => {
  const trees = new Subject();
  trees.add("/r/d", "/r/f");
  trees.onReport = () => trees.map.get("/r/f") && trees.roots.remove(trees.map.get("/r/f")!);
  const on = [...ON_D, [3, 1, "0:3", "/r/f"]] as Table;
  assert.deepEqual(trees.change(on)[0], ["mount /r/d"]);
});

test("a mount is found where a symbolic link leads, if links are followed", () => {
  for (const followSymlinks of [true, false]) {
    const trees = new Subject({ followSymlinks });
    trees.disk.directory("/other/in");
    trees.disk.link("/r/l", "/other");
    trees.add("/r");
    const on = [...NONE, [2, 1, "0:2", "/other/in"], [3, 1, "0:3", "/other"]] as Table;
    const inner = on.slice(0, 2);
    assert.deepEqual(trees.change(inner)[0], followSymlinks ? ["mount /r/l/in"] : []);
    assert.deepEqual(trees.change(on)[0], followSymlinks ? ["mount /r/l"] : []);
    assert.deepEqual(trees.change(inner)[0], followSymlinks ? ["unmount /r/l"] : []);
  }
});

test("what the kernel says is unmounted, and is mounted again alike, was unmounted and mounted", () => {
  const trees = new Subject();
  trees.add("/r", "/r/d/e");
  const [d] = [trees.at("/r/d")];
  trees.change([...ON_D, [3, 2, "0:3", "/r/d/e"]]);
  trees.points.unmounted(d);
  trees.points.unmounted(trees.at("/r/d/e"));
  assert.deepEqual([trees.looks.splice(0), trees.take()], [[true], []], "one look for both");
  trees.looked();
  assert.deepEqual(trees.take(), ["unmount /r/d", "mount /r/d", "unmount /r/d/e", "mount /r/d/e"]);
  trees.points.unmounted(d);
  assert.deepEqual(trees.looks.splice(0), [true]);
  assert.deepEqual(trees.change(NONE)[0], ["unmount /r/d", "unmount /r/d/e"]);
  trees.looked();
  assert.deepEqual(trees.take(), [], "it is reported already");
});

test("a root of which the kernel says that it is unmounted was mounted again alike", () => {
  const trees = new Subject();
  const [d] = trees.add("/r/d");
  trees.change(ON_D);
  trees.points.unmounted(d);
  trees.looked();
  assert.deepEqual(trees.take(), ["unmount /r/d", "mount /r/d"]);
  trees.points.unmounted(d);
  trees.overlap.remove(trees.map.get("/r/d")!);
  trees.looked();
  assert.deepEqual(trees.take(), [], "it is no root any more");
});

test("what has arrived has its mounts looked for once, when all is scanned", () => {
  const trees = new Subject();
  const [r] = trees.add("/r");
  trees.points.scanned();
  assert.deepEqual(trees.looks, []);
  trees.disk.directory("/r/new/in");
  trees.event(r, IN_MOVED_TO | IN_ISDIR, "new");
  trees.points.arrived();
  trees.points.arrived();
  trees.settle();
  trees.points.scanned();
  trees.points.scanned();
  assert.deepEqual(trees.looks, [true]);
});
