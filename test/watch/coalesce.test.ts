/** What a batch is brought down to: see also test/properties/coalesce.ts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesce } from "../../src/watch/coalesce.ts";
import {
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "../../src/engine/event.ts";

/** A line a change, as in "create d/", "rename a -> b replaced". A directory ends with a slash. */
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
  "a directory that is watched for nothing but what is deep in it is not reported": [
    ["remove t/", "create t/", "create t/a/", "create t/a/b/c/"],
    ["remove t/", "create t/", "create t/a/", "create t/a/b/c/"],
  ],
  "nor is it if something in it was removed before": [
    ["remove t/a/b/c/", "create t/a/", "create t/a/b/c/"],
    ["create t/a/", "create t/a/b/c/"],
  ],
  "a directory is reported, though what is in it was reported before": [
    ["create t/", "create t/a/b/", "create t/a/", "remove x/"],
    ["create t/", "create t/a/", "create t/a/b/", "remove x/"],
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
  "a save by way of a backup is a change": [
    ["rename a -> a~", "create a", "modify a", "remove a~"],
    ["modify a"],
  ],
  "so it is if the backup replaces an older one": [
    ["rename a -> a~ replaced", "create a", "remove a~"],
    ["remove a~", "modify a"],
  ],
  "a backup that is kept is created": [
    ["rename a -> a~", "create a", "modify a"],
    ["create a~", "modify a"],
  ],
  "a backup that replaces an older one is changed": [
    ["rename a -> a~ replaced", "create a"],
    ["modify a~", "modify a"],
  ],
  "a save by way of a new file and a backup is a change": [
    ["create t", "modify t", "rename a -> o", "rename t -> a", "remove o"],
    ["modify a"],
  ],
  "a save by way of a copy is a change": [
    ["create a~", "modify a~", "remove a", "create a", "modify a", "remove a~"],
    ["modify a"],
  ],
  "what is taken out of the way and put back is nothing": [
    ["rename a -> t", "create a", "remove a", "rename t -> a"],
    [],
  ],
  "two files that were exchanged are changed": [["rename a -> b replaced", "create a"], [
    "modify b",
    "modify a",
  ]],
  "a file that replaces another one for good is renamed": [["rename a -> b replaced"], [
    "rename a -> b replaced",
  ]],
  "so it is if that one was removed before": [["remove b", "rename a -> b"], [
    "rename a -> b replaced",
  ]],
  "rotated files are changed, and the last one is created": [
    ["rename b -> c", "rename a -> b", "create a"],
    ["create c", "modify b", "modify a"],
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
  "two files that were swapped are changed": [
    ["rename a -> t", "rename b -> a", "rename t -> b"],
    ["modify b", "modify a"],
  ],
  "the end of writing is kept, once": [
    ["create a", "modify a", "closeWrite a", "closeWrite a"],
    ["create a", "closeWrite a"],
  ],
  "the end of writing goes along with a rename": [
    ["create t", "closeWrite t", "rename t -> a replaced"],
    ["modify a", "closeWrite a"],
  ],
  "what is in a directory that is renamed has its path in the end": [
    ["create d/x", "rename d/ -> e/", "modify e/y"],
    ["rename d/ -> e/", "create e/x", "modify e/y"],
  ],
  "a new directory that is renamed is created, with what is in it": [
    ["create t/", "create t/x", "rename t/ -> d/", "create d/y"],
    ["create d/", "create d/x", "create d/y"],
  ],
  "a directory that is renamed and renamed back is nothing": [
    ["rename d/ -> e/", "rename e/ -> d/"],
    [],
  ],
  "a directory that is renamed and removed is removed": [
    ["rename d/ -> e/", "modify e/x", "remove e/"],
    ["remove d/"],
  ],
  "a directory in the place of another one replaces it": [
    ["rename d/ -> old/", "rename e/ -> d/", "remove old/"],
    ["rename e/ -> d/ replaced"],
  ],
  "a file moved within a directory that is renamed is removed before, and created after it": [
    ["rename d/x -> d/y", "rename d/ -> e/"],
    ["remove d/x", "rename d/ -> e/", "create e/y"],
  ],
  "what leaves a directory that is renamed leaves it before": [
    ["rename d/ -> e/", "rename e/x -> y", "remove e/z"],
    ["rename d/x -> y", "remove d/z", "rename d/ -> e/"],
  ],
  "a file moved to a directory in its own place is removed, and created there": [
    ["rename a -> t", "create a/", "rename t -> a/b"],
    ["remove a", "create a/", "create a/b"],
  ],
  "what came by way of a directory that came and went is where it is": [
    ["create d/", "rename a -> d/a", "create d/x", "rename d/a -> b", "remove d/"],
    ["rename a -> b"],
  ],
  "a file that is a directory for a while is changed": [
    ["remove a", "create a/", "create a/x", "remove a/", "create a"],
    ["modify a"],
  ],
  "directories that change places do it as they did it, and the rest is brought down": [
    ["create d/x", "rename d/ -> t/", "rename e/ -> d/", "rename t/ -> e/", ...SAVE],
    ["rename d/ -> t/", "rename e/ -> d/", "rename t/ -> e/", "create e/x", "modify a"],
  ],
  "a directory that a new one is put around does it as it did it": [
    ["create t/", "rename d/ -> t/d/", "rename t/ -> d/"],
    ["create t/", "rename d/ -> t/d/", "rename t/ -> d/"],
  ],
  "a file is out of the way while directories change places": [
    ["rename a -> x", "rename d/ -> a/", "rename e/ -> d/", "rename a/ -> e/", "rename x -> a"],
    ["remove a", "rename d/ -> a/", "rename e/ -> d/", "rename a/ -> e/", "create a"],
  ],
  "what was there in the beginning and changed is only there": [["exists a", "modify a"], [
    "exists a",
  ]],
  "where removals were not asked for, what is created twice is created": [
    ["create a", "modify a", "create a"],
    ["create a"],
  ],
  "what is reported before the directory that it is in is reported after it": [
    ["create d/x", "create d/"],
    ["create d/", "create d/x"],
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

test("errors stay where they are, with the path that a directory has in the end", () => {
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
  assert.deepEqual(coalesce(batch), [
    parse("create d/"),
    at("/d/x"),
    parse("create a"),
    at("/new"),
    parse("remove gone/"),
    unmount,
  ]);
});

test("names that are not UTF-8 go along", () => {
  const batch = [
    entryEvent("create", "/\udcff/t", false),
    renameEvent("/\udcff/t", "/\udcff/\udcfe", false, false),
    renameEvent("/\udcff", "/\udcfd", true, false),
  ];
  assert.deepEqual(coalesce(batch), [
    renameEvent("/\udcff", "/\udcfd", true, false),
    entryEvent("create", "/\udcfd/\udcfe", false),
  ]);
});

test("100,000 events take no more than their share", () => {
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
  assert.deepEqual(coalesce(made.flat()), []);
  assert.deepEqual(coalesce(deep), deep.slice(-1));
  assert.equal(coalesce(rotated).length, rotated.length);
  // It takes a second; each with each would take minutes.
  assert.ok(performance.now() - begin < 30_000);
});
