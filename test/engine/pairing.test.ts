/** `Pairing`: what becomes of each entry between two pictures. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pairing, pathOf } from "../../src/engine/pairing.ts";
import { INODE, LENGTH, type Status, type Statuses } from "../../src/engine/statuses.ts";
import { type Made, make, pictureOf } from "../helpers/pictures.ts";

/** A directory with entries, which are files unless they are given otherwise. */
function directory(entries: Readonly<Record<string, Made>>): Made {
  const made = make(true);
  for (const [name, entry] of Object.entries(entries)) made.entries.set(name, entry);
  return made;
}

const byInode = ({ words }: Statuses, status: Status) => `${words[status * LENGTH + INODE]}`;

/** What differs between two directories, as lines. */
function pairs(before: Made, now: Made, ...[identity = byInode, mayMove]: unknown[]): string[] {
  return pairsAt("/t", before, now, identity, mayMove);
}

function pairsAt(
  path: string,
  before: Made,
  now: Made,
  ...[identity, mayMove]: unknown[]
): string[] {
  const [old, next] = [before, now].map((made) => pictureOf(path, { ...made, inode: 0 }));
  const pairing = new Pairing(old.statuses, next.statuses);
  type Parameters4 = Parameters<Pairing["pair"]>;
  pairing.pair(
    old.roots,
    next.roots,
    identity as Parameters4[2],
    mayMove as Parameters4[3],
  );
  const removed = pairing.olds.filter(({ target }) => target === undefined)
    .map((one) => `- ${pathOf(one)}`);
  const others = pairing.news.map((one) => {
    const path = pathOf(one);
    if (one.source === undefined) return `+ ${path}`;
    const from = pathOf(one.source);
    return `${from === path ? "" : `${from} -> `}${path} ${one.change}`;
  });
  return [...removed, ...others].filter((line) => !/^\/.* none$/.test(line) || line.includes("->"))
    .sort();
}

test("Pairing.pair() joins an entry and its new path by the inode, also in another directory", () => {
  const [a, d] = [make(false), directory({})];
  const now = directory({ e: { ...d, entries: new Map([["b", a]]) } });
  assert.deepEqual(pairs(directory({ a, d }), now), ["/t/a -> /t/e/b none", "/t/d -> /t/e none"]);
});

test("Pairing.pair() without an identity removes and creates", () => {
  const a = make(false);
  const [before, now] = [directory({ a }), directory({ b: a })];
  assert.deepEqual(pairs(before, now, () => undefined), ["+ /t/b", "- /t/a"]);
});

test("Pairing.pair() has another inode at a path as the same entry, replaced", () => {
  const [before, now] = [directory({ a: make(false) }), directory({ a: make(false) })];
  assert.deepEqual(pairs(before, now), ["/t/a replaced"]);
});

test("Pairing.pair() has an entry that moves over another one as moved, and the other one as removed", () => {
  const [a, b] = [make(false), make(false)];
  assert.deepEqual(pairs(directory({ a, b }), directory({ b: a })), [
    "- /t/b",
    "/t/a -> /t/b none",
  ]);
});

test("Pairing.pair() tells changed content from what stays as it was", () => {
  const [a, b] = [make(false), make(false)];
  const now = directory({ a: { ...a, version: 2 }, b });
  assert.deepEqual(pairs(directory({ a, b }), now), ["/t/a modified"]);
});

test("Pairing.pair() moves no directory that may not move, and the files in it by themselves", () => {
  const f = make(false);
  const d = directory({ f });
  const [before, now] = [directory({ d }), directory({ e: d })];
  const paths: string[][] = [];
  const mayMove = (...both: string[]) => paths.push(both) === 0;
  assert.deepEqual(pairs(before, now, byInode, mayMove), [
    "+ /t/e",
    "- /t/d",
    "/t/d/f -> /t/e/f none",
  ]);
  assert.deepEqual(paths, [["/t/d", "/t/e"]]);
});

test("Pairing.pair() has a file whose status alone has changed as modified, unless it is renamed", () => {
  const [a, b, c] = [make(false), make(false), make(false)];
  const changed = 2;
  const before = directory({ a, b, d: directory({ c }) });
  const [, , d] = before.entries.values();
  const now = directory({
    a: { ...a, changed },
    B: { ...b, changed },
    d: { ...d, entries: new Map() },
    c: { ...c, changed },
  });
  assert.deepEqual(pairs(before, now), [
    "/t/a modified",
    "/t/b -> /t/B none",
    "/t/d/c -> /t/c none",
  ]);
});

test("Pairing.pair() has what is in a directory as it was that is not listed in one picture", () => {
  const d = directory({ f: make(false) });
  const unlisted: Made = { ...d, isUnlisted: true };
  assert.deepEqual(pairs(directory({ d }), directory({ d: unlisted })), []);
  assert.deepEqual(pairs(directory({ d: unlisted }), directory({ d })), []);
  assert.deepEqual(pairs(unlisted, d), []);
  assert.deepEqual(pairs(d, unlisted), []);
});

test("Pairing.pair() joins the names of an inode one by one, and no name that stays", () => {
  const a = make(false);
  const changed = { ...a, version: 2 };
  assert.deepEqual(pairs(directory({ a }), directory({ a: changed, b: changed })), [
    "+ /t/b",
    "/t/a modified",
  ]);
  assert.deepEqual(pairs(directory({ a, b: a }), directory({ a: changed })), [
    "- /t/b",
    "/t/a modified",
  ]);
  assert.deepEqual(pairs(directory({ a, b: a }), directory({ c: a, d: a, e: a })), [
    "+ /t/e",
    "/t/a -> /t/c none",
    "/t/b -> /t/d none",
  ]);
});

test("Pairing.pair() joins no directory with a file, though the inode is the same", () => {
  const a = make(false);
  const d: Made = { ...directory({}), inode: a.inode };
  assert.deepEqual(pairs(directory({ a }), directory({ d })), ["+ /t/d", "- /t/a"]);
  assert.deepEqual(pairs(directory({ d }), directory({ a })), ["+ /t/a", "- /t/d"]);
  assert.deepEqual(pairs(directory({ a }), directory({ a: d })), ["+ /t/a", "- /t/a"]);
});

test("Pairing.pair() takes a file out of no directory that is not listed at its new path", () => {
  const f = make(false);
  const e = directory({ f });
  const d = directory({ e });
  const before = directory({ d });
  const [listed, unlisted] = [{ ...d }, { ...d, isUnlisted: true }];
  const moved = (D: Made) => directory({ D, f }); // a second name, or the one that it has now
  assert.deepEqual(
    pairs(before, moved(unlisted)),
    [
      "+ /t/f",
      "- /t/d/e/f",
      "/t/d -> /t/D none",
    ].concat("- /t/d/e").sort(),
  );
  listed.entries = new Map();
  assert.deepEqual(pairs(before, moved(listed)), [
    "- /t/d/e",
    "/t/d -> /t/D none",
    "/t/d/e/f -> /t/f none",
  ]);
  // A directory has one path.
  const out = directory({ D: { ...d, isUnlisted: true }, e });
  assert.ok(pairs(before, out).includes("/t/d/e -> /t/e none"));
});

test("the paths of pairs begin with one slash, at / too", () => {
  const a = make(false);
  assert.deepEqual(pairsAt("/", directory({ a }), directory({ b: a }), byInode), ["/a -> /b none"]);
});
