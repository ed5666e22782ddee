/** `coalesce()`, rule by rule; see also test/properties/coalesce.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "../../src/watch/coalesce.ts";
import {
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "../../src/engine/event.ts";

/** Parses a line such as "create d/" or "rename a -> b replaced". Directories end with a slash. */
function parse(line: string): WatchEvent {
  if (line === "overflow") return { kind: "overflow" };
  const [kind, path, arrow, to, replaced] = line.split(" ");
  const isDirectory = path.endsWith("/");
  const absolute = (text: string) => `/${text.replace(/\/$/, "")}`;
  if (arrow === undefined) return entryEvent(kind as EntryKind, absolute(path), isDirectory);
  return renameEvent(absolute(path), absolute(to), isDirectory, replaced === "replaced");
}

const SAVE = ["rename a -> a~", "create a", "remove a~"];

const RULES: Record<string, [events: string[], result: string[]]> = {
  "create and modify: create": [["create a", "modify a", "attrib a"], ["create a"]],
  "two modify: one modify": [["modify a", "modify b", "modify a"], [
    "modify a",
    "modify b",
  ]],
  "create and remove: nothing": [["create a", "modify a", "remove a"], []],
  "create and remove of a directory: nothing, even for entries in it": [
    ["create d/", "create d/e/", "create d/e/f", "remove d/"],
    [],
  ],
  "modify and remove: remove": [["modify a", "remove a"], ["remove a"]],
  "remove and create of a file: modify": [["remove a", "create a", "modify a"], ["modify a"]],
  "a directory replaces a file: remove and create": [["remove a", "create a/"], [
    "remove a",
    "create a/",
  ]],
  "remove and create of a directory: both, with the entries in it": [
    ["remove d/", "create d/", "create d/f"],
    ["remove d/", "create d/", "create d/f"],
  ],
  "remove of a directory: no events for entries in it": [
    ["modify d/f", "create d/g", "remove d/h", "remove d/"],
    ["remove d/"],
  ],
  "rename out of a directory that is then removed: rename": [
    ["rename d/f -> f", "remove d/"],
    ["rename d/f -> f", "remove d/"],
  ],
  "rename into a directory that is then removed: remove": [
    ["rename f -> d/f", "remove d/"],
    ["remove f", "remove d/"],
  ],
  "an atomic save: modify": [
    ["create a.tmp", "modify a.tmp", "rename a.tmp -> a replaced"],
    ["modify a"],
  ],
  "a save with a temporary backup: modify": [
    ["rename a -> a~", "create a", "modify a", "remove a~"],
    ["modify a"],
  ],
  "a save with a temporary backup that replaces an older one: remove and modify": [
    ["rename a -> a~ replaced", "create a", "remove a~"],
    ["remove a~", "modify a"],
  ],
  "a save that keeps a backup: create and modify": [
    ["rename a -> a~", "create a", "modify a"],
    ["create a~", "modify a"],
  ],
  "a save whose backup replaces an older one: modify of both": [
    ["rename a -> a~ replaced", "create a"],
    ["modify a~", "modify a"],
  ],
  "a save with a new file and a temporary backup: modify": [
    ["create t", "modify t", "rename a -> o", "rename t -> a", "remove o"],
    ["modify a"],
  ],
  "a save with a temporary copy: modify": [
    ["create a~", "modify a~", "remove a", "create a", "modify a", "remove a~"],
    ["modify a"],
  ],
  "rename, a temporary file in its place, and rename back: modify": [
    ["rename a -> t", "create a", "remove a", "rename t -> a"],
    ["modify a"],
  ],
  "two files are exchanged in one step: modify of both": [["rename a -> b replaced", "create a"], [
    "modify b",
    "modify a",
  ]],
  "rename over another file: rename": [["rename a -> b replaced"], [
    "rename a -> b replaced",
  ]],
  "remove of the target, then rename: rename that replaces": [["remove b", "rename a -> b"], [
    "rename a -> b replaced",
  ]],
  "rotated files: modify, and create of the last one": [
    ["rename b -> c", "rename a -> b", "create a"],
    ["create c", "modify b", "modify a"],
  ],
  "create and rename: create": [["create a", "rename a -> b", "modify b"], ["create b"]],
  "create and rename to the path of a removed file: modify": [
    ["remove b", "create a", "rename a -> b"],
    ["modify b"],
  ],
  "two renames: one rename": [["rename a -> b", "rename b -> c"], ["rename a -> c"]],
  "rename and rename back: modify, since it was not there for a reader": [
    ["rename a -> b", "attrib b", "rename b -> a"],
    ["attrib a", "modify a"],
  ],
  "rename, rename back and rename elsewhere: one rename": [
    ["rename a -> b", "rename b -> a", "rename a -> c"],
    ["rename a -> c"],
  ],
  "create, rename and rename back: create": [
    ["create a", "rename a -> b", "rename b -> a"],
    ["create a"],
  ],
  "rename, modify and rename back: modify": [
    ["rename a -> b", "modify b", "rename b -> a"],
    ["modify a"],
  ],
  "modify and rename: rename and modify": [["modify a", "rename a -> b"], [
    "rename a -> b",
    "modify b",
  ]],
  "rename and remove: remove": [["rename a -> b", "remove b"], ["remove a"]],
  "rename over another file and remove: remove of both": [
    ["rename a -> b replaced", "remove b"],
    ["remove a", "remove b"],
  ],
  "two files are exchanged through a third path: modify of both": [
    ["rename a -> t", "rename b -> a", "rename t -> b"],
    ["modify b", "modify a"],
  ],
  "closeWrite is kept, once": [
    ["create a", "modify a", "closeWrite a", "closeWrite a"],
    ["create a", "closeWrite a"],
  ],
  "closeWrite follows a rename": [
    ["create t", "closeWrite t", "rename t -> a replaced"],
    ["modify a", "closeWrite a"],
  ],
  "rename of a directory: entries in it have final paths": [
    ["create d/x", "rename d/ -> e/", "modify e/y"],
    ["rename d/ -> e/", "create e/x", "modify e/y"],
  ],
  "create and rename of a directory: create, with the entries in it": [
    ["create t/", "create t/x", "rename t/ -> d/", "create d/y"],
    ["create d/", "create d/x", "create d/y"],
  ],
  "rename and rename back of a directory: both, since what is in it was not there for a reader": [
    ["rename d/ -> e/", "rename a -> b", "rename e/ -> d/", "modify d/x", "rename b -> a"],
    ["rename d/ -> e/", "rename e/ -> d/", "modify a", "modify d/x"],
  ],
  "rename, rename back and remove of a directory: remove": [
    ["rename d/ -> e/", "rename e/ -> d/", "remove d/"],
    ["remove d/"],
  ],
  "rename and remove of a directory: remove": [
    ["rename d/ -> e/", "modify e/x", "remove e/"],
    ["remove d/"],
  ],
  "a directory takes the place of a removed one: rename that replaces": [
    ["rename d/ -> old/", "rename e/ -> d/", "remove old/"],
    ["rename e/ -> d/ replaced"],
  ],
  "rename of a file in a renamed directory: remove before, create after": [
    ["rename d/x -> d/y", "rename d/ -> e/"],
    ["remove d/x", "rename d/ -> e/", "create e/y"],
  ],
  "rename and remove of entries in a renamed directory: before its rename": [
    ["rename d/ -> e/", "rename e/x -> y", "remove e/z"],
    ["rename d/x -> y", "remove d/z", "rename d/ -> e/"],
  ],
  "a file moves into a directory that takes its place: remove and create": [
    ["rename a -> t", "create a/", "rename t -> a/b"],
    ["remove a", "create a/", "create a/b"],
  ],
  "rename through a temporary directory: one rename": [
    ["create d/", "rename a -> d/a", "create d/x", "rename d/a -> b", "remove d/"],
    ["rename a -> b"],
  ],
  "a temporary directory in the place of a file: modify": [
    ["remove a", "create a/", "create a/x", "remove a/", "create a"],
    ["modify a"],
  ],
  "a cycle of directories: their events are kept, the others coalesced": [
    ["create d/x", "rename d/ -> t/", "rename e/ -> d/", "rename t/ -> e/", ...SAVE],
    ["rename d/ -> t/", "rename e/ -> d/", "rename t/ -> e/", "create e/x", "modify a"],
  ],
  "a new directory takes the place of one that moves into it: events are kept": [
    ["create t/", "rename d/ -> t/d/", "rename t/ -> d/"],
    ["create t/", "rename d/ -> t/d/", "rename t/ -> d/"],
  ],
  "a file in the way of a cycle of directories: remove before, create after": [
    ["rename a -> x", "rename d/ -> a/", "rename e/ -> d/", "rename a/ -> e/", "rename x -> a"],
    ["remove a", "rename d/ -> a/", "rename e/ -> d/", "rename a/ -> e/", "create a"],
  ],
  "exists and modify: exists": [["exists a", "modify a"], [
    "exists a",
  ]],
  "two create, without remove events: create": [
    ["create a", "modify a", "create a"],
    ["create a"],
  ],
  "an entry is reported after the directory that it is in": [
    ["create d/x", "create d/"],
    ["create d/", "create d/x"],
  ],
  "events before and after an overflow are coalesced separately": [[
    "create a",
    "overflow",
    "remove a",
  ], [
    "create a",
    "overflow",
    "remove a",
  ]],
};

/** With one root below another. */
const NESTED: typeof RULES = {
  "a directory that no event names is not reported in the place of another one": [
    ["rename a/ -> b/", "create a/r/f"],
    ["rename a/ -> b/", "create a/r/f"],
  ],
  "a directory that no event names is not reported in the place of a file": [
    ["remove a", "create a/r/f"],
    ["remove a", "create a/r/f"],
  ],
  "a directory that no event names is not reported, though a root is deep in it": [
    ["remove t/", "create t/", "create t/a/", "create t/a/b/c/"],
    ["remove t/", "create t/", "create t/a/", "create t/a/b/c/"],
  ],
  "a directory that no event names is not reported, though an entry in it was removed": [
    ["remove t/a/b/c/", "create t/a/", "create t/a/b/c/"],
    ["create t/a/", "remove t/a/b/c/", "create t/a/b/c/"],
  ],
  "a directory is reported before an entry in it that had its event first": [
    ["create t/", "create t/a/b/", "create t/a/", "remove x/"],
    ["create t/", "create t/a/", "create t/a/b/", "remove x/"],
  ],
  "create and remove of a directory: both, since what is in it may have been reported before": [
    ["create t/", "remove t/"],
    ["create t/", "remove t/"],
  ],
  "a new directory is reported before an entry that moves into it": [
    ["modify x", "create d/", "create d/e/", "rename x -> d/e/x"],
    ["create d/", "create d/e/", "rename x -> d/e/x", "modify d/e/x"],
  ],
  "a new directory in another new one is reported after that, though it moves out of it": [
    ["modify x", "create d/", "create d/e/", "rename x -> d/e/x", "rename d/e/ -> e/"],
    ["create d/", "create d/e/", "rename d/e/ -> e/", "rename x -> e/x", "modify e/x"],
  ],
  "remove in a directory that comes later: remove": [
    ["remove t/r/", "create t/"],
    ["create t/", "remove t/r/"],
  ],
};

for (const [rules, isNested] of [[RULES, false], [NESTED, true]] as const) {
  for (const [name, [events, result]] of Object.entries(rules)) {
    test(`coalesce(): ${name}`, () => {
      assert.deepEqual(coalesce(events.map(parse), isNested), result.map(parse));
    });
  }
}

test("coalesce() distinguishes names that differ only in bytes that are not UTF-8", () => {
  const events = [entryEvent("create", "/\udcff", false), entryEvent("remove", "/\udcfe", false)];
  assert.equal((events[0] as { path: string }).path, (events[1] as { path: string }).path);
  assert.deepEqual(coalesce(events, false), events);
});

test("coalesce() keeps the position of error and unmount, with final paths", () => {
  const error = new Error("not watched");
  const at = (path: string) => ({ kind: "error" as const, path, error });
  const unmount = { kind: "unmount" as const, path: "/gone/x" };
  const batch = [
    parse("create t/"),
    at("/t/x"),
    parse("rename t/ -> d/"),
    parse("create a"),
    at("/new"),
    parse("remove gone/"),
    unmount,
  ];
  assert.deepEqual(coalesce(batch, false), [
    parse("create d/"),
    at("/d/x"),
    parse("create a"),
    at("/new"),
    parse("remove gone/"),
    unmount,
  ]);
});

test("coalesce() keeps the bytes of names that are not UTF-8", () => {
  const batch = [
    entryEvent("create", "/\udcff/t", false),
    renameEvent("/\udcff/t", "/\udcff/\udcfe", false, false),
    renameEvent("/\udcff", "/\udcfd", true, false),
  ];
  assert.deepEqual(coalesce(batch, false), [
    renameEvent("/\udcff", "/\udcfd", true, false),
    entryEvent("create", "/\udcfd/\udcfe", false),
  ]);
});

test("coalesce() of 100,000 events takes linear time: less than 30 s", () => {
  const made = Array.from({ length: 20_000 }, (_, i) => [
    entryEvent("create", `/d/${i}`, true),
    entryEvent("create", `/d/${i}/f`, false),
    entryEvent("modify", `/d/${i}/f`, false),
    entryEvent("remove", `/d/${i}/f`, false),
    entryEvent("remove", `/d/${i}`, true),
  ]);
  const names = ["t", ...Array(50_000).keys(), "t"];
  const rotated = names.slice(1).map((name, i) => {
    return renameEvent(`/${name}`, `/${names[i]}`, true, false);
  });
  const deep = Array.from({ length: 2000 }, (_, i) => {
    return entryEvent("remove", "/d".repeat(2000 - i), true);
  });
  const begin = performance.now();
  assert.deepEqual(coalesce(made.flat(), false), []);
  assert.deepEqual(coalesce(deep, false), deep.slice(-1));
  assert.equal(coalesce(rotated, false).length, rotated.length);
  // It takes a second; in quadratic time, minutes.
  assert.ok(performance.now() - begin < 30_000);
});
