/** What is reported of a change, over trees that no kernel knows of. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY, type WatchEvent } from "../../mod.ts";
import { Entries, type Wanted } from "../../src/engine/entries.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Directory } from "../../src/engine/directory.ts";

/** A tree with the files `a` and `b` and the directory `d` with `d/f`, and what is reported of it. */
function tree(wanted: Wanted): {
  readonly root: Directory;
  readonly d: Directory;
  readonly entries: Entries;
  readonly reported: readonly string[];
} {
  const reported: string[] = [];
  const line = (event: WatchEvent) =>
    event.kind === "rename"
      ? `rename ${event.from} ${event.path}${event.replaced ? " replaced" : ""}`
      : "path" in event
      ? `${event.kind} ${event.path}`
      : event.kind;
  const entries = new Entries((events) => void reported.push(events.map(line).join(", ")), wanted);
  const root = new Directory("/r", NOBODY);
  const d = new Directory("d", root);
  for (const name of ["a", "b"]) entries.know(root, name, false);
  entries.know(root, "d", d);
  entries.know(d, "f", false);
  return { root, d, entries, reported };
}

const all: Wanted = {
  content: IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB,
  renames: true,
  creations: true,
};

test("Entries.rename() reports one rename, and whether it replaced an entry of the same type", () => {
  const { root, entries, reported } = tree(all);
  entries.rename(root, "a", root, "c", false, undefined);
  entries.rename(root, "c", root, "b", false, false);
  assert.deepEqual(reported, ["rename /r/a /r/c", "rename /r/c /r/b replaced"]);
});

test("Entries.rename() reports an entry of another type that it replaces as removed", () => {
  const { root, d, entries, reported } = tree(all);
  entries.rename(root, "a", root, "d", false, d);
  assert.deepEqual(reported, ["remove /r/d, rename /r/a /r/d"]);
});

test("Entries.rename() reports all that is below a directory as created where renames are not wanted", () => {
  const { root, d, entries, reported } = tree({ content: 0, renames: false, creations: true });
  entries.rename(root, "d", root, "e", d, undefined);
  entries.rename(root, "a", root, "b", false, false);
  assert.deepEqual(reported, [
    "remove /r/d, create /r/e, create /r/e/f",
    "remove /r/b, remove /r/a, create /r/b",
  ]);
});

for (
  const [kinds, content, expected] of [
    ["modify, closeWrite and attrib", all.content, "modify /r/a, closeWrite /r/a, attrib /r/a"],
    ["closeWrite", IN_CLOSE_WRITE, "closeWrite /r/a"],
    ["nothing of content", 0, "remove /r/a, create /r/a"],
  ] as const
) {
  test(`Entries.replaced() reports another file where ${kinds} is wanted`, () => {
    const { root, entries, reported } = tree({ content, renames: true, creations: true });
    entries.replaced(root, "a");
    assert.deepEqual(reported, [expected]);
  });
}

test("Entries.mayHaveChanged() reports attributes alone of a directory, and nothing that is not wanted", () => {
  const { root, entries, reported } = tree(all);
  entries.mayHaveChanged(root, "d", true);
  entries.mayHaveChanged(root, "a", false);
  const unwanted = tree({ content: 0, renames: true, creations: true });
  unwanted.entries.mayHaveChanged(unwanted.root, "a", false);
  assert.deepEqual(reported, ["attrib /r/d", "modify /r/a, closeWrite /r/a, attrib /r/a"]);
  assert.deepEqual(unwanted.reported, []);
});
