/** What a batch is brought down to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "../src/coalesce.ts";
import { entryEvent, type EntryKind, renameEvent, type WatchEvent } from "../src/event.ts";
import { generator } from "./helpers/random.ts";

/** A line a change, as in "create d/", "rename a -> b replaced". A directory ends with a slash. */
function parse(line: string): WatchEvent {
  if (line === "overflow") return { kind: "overflow" };
  const [kind, path, arrow, to, replaced] = line.split(" ");
  const isDirectory = path.endsWith("/");
  const absolute = (text: string) => `/${text.replace(/\/$/, "")}`;
  if (arrow === undefined) return entryEvent(kind as EntryKind, absolute(path), isDirectory);
  return renameEvent(absolute(path), absolute(to), isDirectory, replaced === "replaced");
}

const RULES: Record<string, [events: string[], result: string[]]> = {
  "created and changed is created": [["create a", "modify a", "attrib a"], ["create a"]],
  "changed and changed is changed": [["modify a", "modify b", "modify a"], [
    "modify a",
    "modify b",
  ]],
  "created and removed is nothing": [["create a", "modify a", "remove a"], []],
  "a directory created and removed is nothing, with what was in it": [
    ["create d/", "create d/e/", "create d/e/f", "remove d/"],
    [],
  ],
  "changed and removed is removed": [["modify a", "remove a"], ["remove a"]],
  "removed and created is changed": [["remove a", "create a", "modify a"], ["modify a"]],
  "a file that becomes a directory is removed and created": [["remove a", "create a/"], [
    "remove a",
    "create a/",
  ]],
  "a directory removed and created is both, with what is in it": [
    ["remove d/", "create d/", "create d/f"],
    ["remove d/", "create d/", "create d/f"],
  ],
  "what a directory takes along needs no event": [
    ["modify d/f", "create d/g", "remove d/h", "remove d/"],
    ["remove d/"],
  ],
  "a file moved out of a directory that is then removed is moved": [
    ["rename d/f -> f", "remove d/"],
    ["rename d/f -> f", "remove d/"],
  ],
  "a file moved into a directory that is then removed is removed": [
    ["rename f -> d/f", "remove d/"],
    ["remove f", "remove d/"],
  ],
  "an atomic save is a change": [
    ["create a.tmp", "modify a.tmp", "rename a.tmp -> a replaced"],
    ["modify a"],
  ],
  "an atomic save with a backup renames, and creates": [
    ["rename a -> a~", "create a", "modify a"],
    ["rename a -> a~", "create a"],
  ],
  "created and renamed is created": [["create a", "rename a -> b", "modify b"], ["create b"]],
  "created and renamed to where one was removed is changed": [
    ["remove b", "create a", "rename a -> b"],
    ["modify b"],
  ],
  "two renames are one": [["rename a -> b", "rename b -> c"], ["rename a -> c"]],
  "a rename and back is nothing": [["rename a -> b", "rename b -> a"], []],
  "a rename, a change and back is a change": [
    ["rename a -> b", "modify b", "rename b -> a"],
    ["modify a"],
  ],
  "changed and renamed is renamed and changed": [["modify a", "rename a -> b"], [
    "rename a -> b",
    "modify b",
  ]],
  "renamed and removed is removed": [["rename a -> b", "remove b"], ["remove a"]],
  "renamed over something and removed is both removed": [
    ["rename a -> b replaced", "remove b"],
    ["remove a", "remove b"],
  ],
  "a swap is three renames": [
    ["rename a -> t", "rename b -> a", "rename t -> b"],
    ["rename a -> t", "rename b -> a", "rename t -> b"],
  ],
  "the end of writing is kept, once": [
    ["create a", "modify a", "closeWrite a", "closeWrite a"],
    ["create a", "closeWrite a"],
  ],
  "the end of writing goes along with a rename": [
    ["create t", "closeWrite t", "rename t -> a replaced"],
    ["modify a", "closeWrite a"],
  ],
  "the rename of a directory is not passed": [
    ["create d/x", "rename d/ -> e/", "modify e/x"],
    ["create d/x", "rename d/ -> e/", "modify e/x"],
  ],
  "an overflow is not passed": [["create a", "overflow", "remove a"], [
    "create a",
    "overflow",
    "remove a",
  ]],
};

for (const [name, [events, result]] of Object.entries(RULES)) {
  test(name, () => {
    assert.deepEqual(coalesce(events.map(parse)), result.map(parse));
  });
}

test("names that look alike but are not are told apart", () => {
  const events = [entryEvent("create", "/\udcff", false), entryEvent("remove", "/\udcfe", false)];
  assert.equal((events[0] as { path: string }).path, (events[1] as { path: string }).path);
  assert.deepEqual(coalesce(events), events);
});

test("100,000 events take no more than their share", () => {
  const events: WatchEvent[] = [];
  for (let i = 0; i < 20_000; i++) {
    const directory = `/d/${i}`;
    events.push(
      entryEvent("create", directory, true),
      entryEvent("create", `${directory}/f`, false),
      entryEvent("modify", `${directory}/f`, false),
      entryEvent("remove", `${directory}/f`, false),
      entryEvent("remove", directory, true),
    );
  }
  assert.deepEqual(coalesce(events), []);
});

/** A tree in memory: what is at each path, a directory or one of the contents that ever were. */
type Tree = Map<string, "directory" | number>;

test("whatever is left out, paths and changes come out the same", () => {
  for (let seed = 1; seed <= 5000; seed++) {
    const random = generator(seed);
    const below = (n: number) => Math.floor(random() * n);
    const path = () => Array.from({ length: 1 + below(3) }, () => `/${"abc"[below(3)]}`).join("");
    const tree: Tree = new Map();
    let contents = 0;
    for (let i = 0; i < 6; i++) change(tree, path(), path(), below(9), () => contents++);
    const before: Tree = new Map(tree);
    const events: WatchEvent[] = [];
    for (let i = 2 + below(12); i > 0; i--) {
      events.push(...change(tree, path(), path(), below(9), () => contents++));
    }
    const result = coalesce(events);
    const why = () => [seed, [...before.keys()], events, "became", result];
    const told = apply(before, result, why);
    assert.deepEqual([...told.keys()].sort(), [...tree.keys()].sort(), JSON.stringify(why()));
    for (const [path, content] of tree) {
      const known = told.get(path);
      assert.ok(known === "changed" || known === content, `${path}: ${JSON.stringify(why())}`);
    }
  }
});

/** Makes a change, if it can be made. @returns its events */
function change(
  tree: Tree,
  a: string,
  b: string,
  what: number,
  content: () => number,
): WatchEvent[] {
  const parent = (path: string) => path.slice(0, path.lastIndexOf("/"));
  const hasPlace = (path: string) => parent(path) === "" || tree.get(parent(path)) === "directory";
  const children = (path: string) => [...tree.keys()].filter((one) => one.startsWith(`${path}/`));
  const there = tree.get(a);
  const isDirectory = there === "directory";
  if (there === undefined) {
    if (!hasPlace(a)) return [];
    tree.set(a, what < 4 ? "directory" : content());
    return [entryEvent("create", a, what < 4)];
  }
  if (what < 3) {
    for (const path of [a, ...children(a)]) tree.delete(path);
    return [entryEvent("remove", a, isDirectory)];
  }
  if (what < 5) {
    if (isDirectory) return [];
    tree.set(a, content());
    return [entryEvent("modify", a, false)];
  }
  const replaced = tree.get(b);
  const fits = replaced === undefined ||
    (replaced === "directory") === isDirectory && children(b).length === 0;
  if (a === b || b.startsWith(`${a}/`) || a.startsWith(`${b}/`) || !hasPlace(b) || !fits) return [];
  for (const path of [a, ...children(a)]) {
    tree.set(b + path.slice(a.length), tree.get(path)!);
    tree.delete(path);
  }
  return [renameEvent(a, b, isDirectory, replaced !== undefined)];
}

/** What one who knew `before` knows after the events; fails if they are not possible. */
function apply(
  before: Tree,
  events: readonly WatchEvent[],
  why: () => unknown,
): Map<string, "directory" | "changed" | number> {
  const told = new Map<string, "directory" | "changed" | number>(before);
  const take = (path: string) =>
    [...told].filter(([one]) => (one === path || one.startsWith(`${path}/`)) && told.delete(one));
  const require = (condition: boolean) => assert.ok(condition, JSON.stringify(why()));
  for (const event of events) {
    if (event.kind === "create") {
      require(!told.has(event.path));
      told.set(event.path, event.isDirectory ? "directory" : "changed");
    } else if (event.kind === "modify") {
      require(told.has(event.path));
      told.set(event.path, "changed");
    } else if (event.kind === "remove") {
      require(take(event.path).length > 0);
    } else if (event.kind === "rename") {
      require(take(event.path).length > 0 === event.replaced);
      const taken = take(event.from);
      require(taken.length > 0);
      for (const [path, known] of taken) {
        told.set(event.path + path.slice(event.from.length), known);
      }
    }
  }
  return told;
}
