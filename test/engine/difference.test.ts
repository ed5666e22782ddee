/** `difference()`: the events between two pictures, applied one after the other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { WatchEvent } from "../../mod.ts";
import type { ChangeKinds } from "../../src/engine/change_kinds.ts";
import { eventsBetween } from "../../src/engine/pictures.ts";
import type { Picture } from "../../src/engine/picture.ts";
import { type Made, make, pictureOf } from "../helpers/pictures.ts";
import { generator } from "../helpers/random.ts";

const KINDS: ChangeKinds = {
  renames: true,
  changes: ["modify"],
  replacement: ["modify"],
  incomplete: ["modify"],
};

/** A tree from paths with their inodes and versions; a path that ends with a slash is a directory. */
function tree(entries: Readonly<Record<string, readonly [inode: number, version?: number]>>): Made {
  const root = make(true);
  const top = { ...root, inode: 1000 };
  for (const [path, [inode, version = 1]] of Object.entries(entries)) {
    const names = path.split("/").filter((name) => name !== "");
    const parent = names.slice(0, -1).reduce((at, name) => at.entries.get(name)!, top as Made);
    const isDirectory = path.endsWith("/");
    parent.entries.set(names.at(-1)!, { inode, isDirectory, version, entries: new Map() });
  }
  return top;
}

function lines(before: Picture, now: Picture, kinds = KINDS): string[] {
  return eventsBetween(before, now, kinds).map((event) => {
    const { kind, path, isDirectory } = event as Extract<WatchEvent, { isDirectory: boolean }>;
    const shown = (one: string) => one.replace("/t/", "") + (isDirectory ? "/" : "");
    if (kind !== "rename") return `${kind} ${shown(path)}`;
    const { from, replaced } = event as Extract<WatchEvent, { kind: "rename" }>;
    return `rename ${shown(from)} -> ${shown(path)}${replaced ? " replaced" : ""}`;
  });
}

function between(
  before: Parameters<typeof tree>[0],
  now: Parameters<typeof tree>[0],
  kinds = KINDS,
): string[] {
  return lines(pictureOf("/t", tree(before)), pictureOf("/t", tree(now)), kinds);
}

test("difference() of equal pictures is empty", () => {
  assert.deepEqual(between({ "a/": [1], "a/f": [2] }, { "a/": [1], "a/f": [2] }), []);
});

test("difference() reports what came, went and changed, a directory's removal once", () => {
  assert.deepEqual(
    between(
      { "a/": [1], "a/f": [2], "g": [3], "h": [4, 1] },
      { "g": [3], "h": [4, 2], "n/": [5], "n/x": [6] },
    ),
    ["modify h", "create n/", "create n/x", "remove a/"],
  );
});

test("difference() reports a file that another one replaced as changed, and one of another type as removed", () => {
  assert.deepEqual(between({ "a": [1], "b": [2] }, { "a": [3], "b/": [4] }), [
    ...["modify a", "remove b", "create b/"],
  ]);
});

test("difference() reports the same inode at another path as a rename, with its change", () => {
  assert.deepEqual(
    between({ "a": [1], "d/": [2], "d/f": [3] }, { "b": [1, 2], "e/": [2], "e/f": [3] }),
    [
      ...["rename a -> b", "modify b", "rename d/ -> e/"],
    ],
  );
});

test("difference() reports a chain from its end", () => {
  assert.deepEqual(between({ "a": [1], "b": [2] }, { "b": [1], "c": [2] }), [
    ...["rename b -> c", "rename a -> b"],
  ]);
});

test("difference() reports a swap by way of a name that is free before and after", () => {
  assert.deepEqual(
    between({ "a/": [1], "b/": [2], "b~": [3] }, { "a/": [2], "b/": [1], "b~": [3] }),
    [
      ...["rename b/ -> b~~/", "rename a/ -> b/", "rename b~~/ -> a/"],
    ],
  );
});

test("difference() reports a rename over a file as replacing it, and over a directory after its removal", () => {
  assert.deepEqual(between({ "a": [1], "b": [2] }, { "b": [1] }), ["rename a -> b replaced"]);
  assert.deepEqual(between({ "a/": [1], "b/": [2], "b/f": [3] }, { "b/": [1] }), [
    ...["remove b/", "rename a/ -> b/"],
  ]);
});

test("difference() moves what stays out of a directory before its removal", () => {
  assert.deepEqual(between({ "a/": [1], "a/f": [2] }, { "f": [2] }), [
    ...["rename a/f -> f", "remove a/"],
  ]);
});

test("difference() turns directories inside out", () => {
  assert.deepEqual(between({ "a/": [1], "a/b/": [2] }, { "b/": [2], "b/a/": [1] }), [
    ...["rename a/b/ -> b/", "rename a/ -> b/a/"],
  ]);
});

test("difference() reports another name of the same inode as created, while the first one is there", () => {
  assert.deepEqual(between({ "a": [1] }, { "a": [1], "b": [1] }), ["create b"]);
});

test("difference() without renames removes and creates", () => {
  const kinds = { ...KINDS, renames: false };
  assert.deepEqual(between({ "d/": [1], "d/f": [2] }, { "e/": [1], "e/f": [2] }, kinds), [
    ...["create e/", "create e/f", "remove d/"],
  ]);
});

test("difference() finds no rename where inodes have no time of birth, since their numbers are used again", () => {
  const before = pictureOf("/t", tree({ "a": [1] }), false);
  const now = pictureOf("/t", tree({ "b": [1] }), false);
  assert.deepEqual(lines(before, now), ["create b", "remove a"]);
});

test("difference() is of the paths that both pictures have", () => {
  const [before, now] = [pictureOf("/t", tree({})), pictureOf("/u", tree({ "a": [1] }))];
  assert.deepEqual(eventsBetween(before, now, KINDS), []);
  assert.deepEqual(lines(pictureOf("/t", undefined), pictureOf("/t", tree({}))), ["create /t/"]);
  assert.deepEqual(lines(pictureOf("/t", tree({})), pictureOf("/t", undefined)), ["remove /t/"]);
});

test("difference() compares a path that was, or is, in another one's tree", () => {
  const whole = pictureOf("/t", tree({ "a/": [1], "a/f": [2], "g": [3] }));
  const part = pictureOf("/t/a", { ...tree({ "f": [2, 2], "n": [4] }), inode: 1 });
  assert.deepEqual(lines(whole, part), ["modify a/f", "create a/n"]);
  assert.deepEqual(lines(part, whole), ["modify a/f", "remove a/n"]);
});

/** Applies events strictly: each must fit what is there. */
function apply(root: Map<string, Made>, event: WatchEvent): void {
  const at = (path: string): [Map<string, Made>, string] => {
    const names = path.slice("/t/".length).split("/");
    const parent = names.slice(0, -1).reduce((entries, name) => {
      assert.ok(entries.get(name)?.isDirectory, `${path} is in no directory`);
      return entries.get(name)!.entries;
    }, root);
    return [parent, names.at(-1)!];
  };
  assert.ok(
    event.kind === "create" || event.kind === "remove" || event.kind === "modify" ||
      event.kind === "rename",
  );
  const [parent, name] = at(event.path);
  const known = parent.get(name);
  if (event.kind === "create") {
    assert.equal(known, undefined, `create ${event.path}`);
    parent.set(name, { ...make(event.isDirectory), version: FRESH });
  } else if (event.kind === "rename") {
    const [source, from] = at(event.from);
    const moved = source.get(from);
    assert.equal(moved?.isDirectory, event.isDirectory, `rename ${event.from}`);
    assert.equal(known !== undefined, event.replaced, `rename to ${event.path}`);
    assert.ok(known === undefined || !known.isDirectory && !event.isDirectory);
    source.delete(from);
    const [target] = at(event.path);
    target.set(name, moved!);
  } else {
    assert.equal(known?.isDirectory, event.isDirectory, `${event.kind} ${event.path}`);
    if (event.kind === "remove") parent.delete(name);
    else parent.set(name, { ...known!, version: FRESH });
  }
}

/** The version of a file that was read again. */
const FRESH = NaN;

/** Checks that a consumer has what is there, and has read again each file that is another one. */
function compare(mine: Map<string, Made>, disk: Map<string, Made>, path: string): void {
  assert.deepEqual([...mine.keys()].sort(), [...disk.keys()].sort(), path);
  for (const [name, one] of mine) {
    const right = disk.get(name)!;
    const at = `${path}/${name}`;
    assert.equal(one.isDirectory, right.isDirectory, at);
    if (one.isDirectory) compare(one.entries, right.entries, at);
    else if (!Number.isNaN(one.version)) {
      assert.deepEqual([one.inode, one.version], [right.inode, right.version], at);
    }
  }
}

/** An entry, and all below it. */
function treeOf(made: Made): Made[] {
  return [made, ...[...made.entries.values()].flatMap(treeOf)];
}

test("difference() applied to the old picture gives the new one, after random changes", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = generator(seed);
    const below = (n: number) => Math.floor(random() * n);
    const disk = make(true);
    const change = () => {
      const directories = treeOf(disk).filter(({ isDirectory }) => isDirectory);
      const parent = directories[below(directories.length)];
      const name = "abcd~"[below(5)];
      const entry = parent.entries.get(name);
      const how = random();
      if (entry === undefined) {
        if (how < 0.7) parent.entries.set(name, make(how < 0.4));
        return;
      }
      if (how < 0.15) parent.entries.delete(name);
      else if (how < 0.3 && !entry.isDirectory) {
        parent.entries.set(name, { ...entry, version: entry.version + 1 });
      } else {
        const target = directories[below(directories.length)];
        if (treeOf(entry).includes(target)) return;
        const to = "abcd~"[below(5)];
        const other = target.entries.get(to);
        if (other === entry) return;
        if (how < 0.6 && other !== undefined) {
          if (treeOf(other).includes(parent)) return;
          parent.entries.set(name, other); // an exchange
        } else parent.entries.delete(name);
        target.entries.set(to, entry);
      }
    };
    for (let i = 0; i < 12; i++) change();
    const mine = structuredClone(disk.entries);
    const before = pictureOf("/t", disk);
    for (let i = 0; i < 1 + below(12); i++) change();
    const events = eventsBetween(before, pictureOf("/t", disk), KINDS);
    try {
      for (const event of events) apply(mine, event);
      compare(mine, disk.entries, "");
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(events)}`, { cause: error });
    }
  }
});
