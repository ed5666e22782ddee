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
  const [old, next] = [before, now].map((made) => pictureOf("/t", { ...made, inode: 0 }));
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
  return [...removed, ...others].filter((line) => !/^\/t.* none$/.test(line) || line.includes("->"))
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
