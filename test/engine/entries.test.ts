/** `Entries`: the events that it reports for a change, without a kernel. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY, type WatchEvent } from "../../mod.ts";
import type { Wanted } from "../../src/engine/change_kinds.ts";
import type { CandidateReason, Candidates } from "../../src/engine/candidates.ts";
import { Entries } from "../../src/engine/entries.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Directory } from "../../src/engine/directory.ts";

/** Who is told which files may be complete, and has lines of it. */
class Told implements Candidates {
  readonly lines: string[] = [];

  add(directory: Directory | undefined, name: string, why?: CandidateReason): void {
    this.lines.push(`${why === undefined ? "" : `${why} `}${directory?.pathOf(name) ?? name}`);
  }

  delete(directory: Directory | undefined, name: string): void {
    this.lines.push(`not ${directory?.pathOf(name) ?? name}`);
  }

  transfer(
    source: Directory | undefined,
    from: string,
    target: Directory | undefined,
    to: string,
  ): void {
    const shown = [[source, from], [target, to]] as const;
    this.lines.push(
      shown.map(([one, name]) => one ? `entry ${one.pathOf(name)}` : `root ${name}`).join(" to "),
    );
  }
}

/** A tree with the files `a`, `b` and `d/f`, and the lines of its reported events. */
function tree(wanted: Wanted, candidates?: Candidates): {
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
  const report = (events: readonly WatchEvent[]) => void reported.push(events.map(line).join(", "));
  const entries = new Entries(report, wanted, candidates);
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
    ["modify, closeWrite and attrib", all.content, ["modify /r/a, attrib /r/a"]],
    ["closeWrite", IN_CLOSE_WRITE, []],
    ["no content kind", 0, ["remove /r/a, create /r/a"]],
  ] as const
) {
  test(`Entries.replaced() reports a replaced file if ${kinds} is requested`, () => {
    const { root, entries, reported } = tree({ content, renames: true, creations: true });
    entries.replaced(root, "a");
    assert.deepEqual(reported, expected);
  });
}

test("Entries.mayHaveChanged() reports only requested kinds, and only attrib for a directory", () => {
  const { root, entries, reported } = tree(all);
  entries.mayHaveChanged(root, "d", true);
  entries.mayHaveChanged(root, "a", false);
  const unwanted = tree({ content: 0, renames: true, creations: true });
  unwanted.entries.mayHaveChanged(unwanted.root, "a", false);
  assert.deepEqual(reported, ["attrib /r/d", "modify /r/a, attrib /r/a"]);
  assert.deepEqual(unwanted.reported, []);
});

test("Entries tells which files appear, come to another name or may have changed, and which are gone", () => {
  const told = new Told();
  const { root, d, entries } = tree(all, told);
  const take = () => told.lines.splice(0);
  entries.add(root, "c", false, "create");
  entries.add(root, "dir", true, "create");
  entries.add(root, "e", false, "exists");
  entries.addRoot("/f", false, "create");
  entries.addRoot("/g", false, "exists");
  assert.deepEqual(take(), ["/r/c", "/f"]);
  entries.rename(root, "c", d, "c", false, undefined);
  entries.rename(root, "d", root, "x", d, undefined);
  assert.deepEqual(take(), ["not /r/c", "renamed /r/d/c", "not /r/d", "not /r/x"]);
  entries.rename(root, "x", root, "e", d, false); // as one half of an exchange
  assert.deepEqual(take(), ["not /r/x", "not /r/e"]);
  entries.rename(root, "e", root, "x", d, undefined);
  take();
  entries.replaced(root, "a");
  entries.mayHaveChanged(root, "b", false);
  entries.mayHaveChanged(root, "x", true);
  assert.deepEqual(take(), ["/r/a", "/r/b"]);
  entries.content(root, "a", IN_MODIFY, false);
  entries.content(root, "a", IN_CLOSE_WRITE, false);
  entries.delete(root, "b");
  entries.leaveOut(root, "e");
  entries.forgetRoot("/f");
  assert.deepEqual(take(), ["not /r/a", "not /r/b", "not /r/e", "not /f"]);
  entries.moveIn(root, "m", false);
  entries.moveOut(root, "m", "/r/m");
  assert.deepEqual(take(), ["root /r/m to entry /r/m", "entry /r/m to root /r/m"]);
});

test("Entries tells that a replaced link is to be reported, too, if no other kind reports it", () => {
  const told = new Told();
  const { root, entries, reported } = tree({ ...all, content: IN_CLOSE_WRITE }, told);
  entries.replaced(root, "a");
  entries.mayHaveChanged(undefined, "/f", false);
  entries.complete(root, "a");
  assert.deepEqual(told.lines, ["any type /r/a", "any type /f"]);
  assert.deepEqual(reported, ["closeWrite /r/a"]);
});
