/** `Entries`: the events that it reports for a change, without a kernel. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY, type WatchEvent } from "../../mod.ts";
import { Entries, type Wanted } from "../../src/engine/entries.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Directory } from "../../src/engine/directory.ts";

/** A tree with the files `a`, `b` and `d/f`, and the lines of its reported events. */
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

test("Entries.rename() reports one rename, with `replaced` for an entry of the same type", () => {
  const { root, entries, reported } = tree(all);
  entries.rename(root, "a", root, "c", false, undefined);
  entries.rename(root, "c", root, "b", false, false);
  assert.deepEqual(reported, ["rename /r/a /r/c", "rename /r/c /r/b replaced"]);
});

test("Entries.rename() reports a replaced entry of another type as removed", () => {
  const { root, d, entries, reported } = tree(all);
  entries.rename(root, "a", root, "d", false, d);
  assert.deepEqual(reported, ["remove /r/d, rename /r/a /r/d"]);
});

test("Entries.rename() reports everything below a directory as created if renames are not requested", () => {
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
    ["no content kind", 0, "remove /r/a, create /r/a"],
  ] as const
) {
  test(`Entries.replaced() reports a replaced file if ${kinds} is requested`, () => {
    const { root, entries, reported } = tree({ content, renames: true, creations: true });
    entries.replaced(root, "a");
    assert.deepEqual(reported, [expected]);
  });
}

test("Entries.mayHaveChanged() reports only requested kinds, and only attrib for a directory", () => {
  const { root, entries, reported } = tree(all);
  entries.mayHaveChanged(root, "d", true);
  entries.mayHaveChanged(root, "a", false);
  const unwanted = tree({ content: 0, renames: true, creations: true });
  unwanted.entries.mayHaveChanged(unwanted.root, "a", false);
  assert.deepEqual(reported, ["attrib /r/d", "modify /r/a, closeWrite /r/a, attrib /r/a"]);
  assert.deepEqual(unwanted.reported, []);
});
