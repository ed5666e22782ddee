/** Properties of what a batch is brought down to, over made-up storms in a tree in memory. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { coalesce } from "../../src/watch/coalesce.ts";
import type { EntryEvent, RenameEvent, WatchEvent } from "../../src/engine/event.ts";
import { fastCheck } from "../helpers/fast_check.ts";
import { type Deed, DEEDS, isWithin, ReportedTree, type Thing } from "../helpers/reported_tree.ts";

const fc = fastCheck();

/** INOTIFY_RUNS makes it more than the suite takes time for. */
const numRuns = Number(process.env["INOTIFY_RUNS"] ?? 2000);

const any = fc.integer({ min: 0, max: 99 });
const what = fc.integer({ min: 0, max: DEEDS - 1 });
const deed = fc.record<Deed>({ what, thing: any, place: any, name: any });
const deeds = fc.array(deed, { maxLength: 30, size: "max" });
const flag = fc.integer({ min: 0, max: 1 }).map((one) => one === 1);

type Things = ReadonlyMap<string, Thing>;
type Change = EntryEvent | RenameEvent;

/** What has happened, and what it is brought down to. */
interface Batch {
  readonly before: Things;
  readonly after: Things;
  /** The ids of what was changed where it was. */
  readonly changed: ReadonlySet<number>;
  readonly result: readonly Change[];
}

/** Checks a property of batches. */
function check(property: (batch: Batch) => void): void {
  fc.assert(
    fc.property(deeds, deeds, flag, flag, (first, then, renames, initial) => {
      const tree = new ReportedTree(renames);
      for (const one of first) tree.do(one);
      const before = initial ? new Map() : structuredClone(tree.things);
      tree.changed.clear();
      tree.events.length = 0;
      if (initial) tree.reportAll();
      for (const one of then) tree.do(one);
      const { things: after, changed, events } = tree;
      const result = coalesce(events) as Change[];
      try {
        property({ before, after, changed, result });
      } catch (error) {
        const [was, is] = [before, after].map((things) => [...things.keys()].sort().join(" "));
        const [all, least] = [events, result].map((some) => some.map(toLine).join("\n  "));
        throw new Error(`${was}\n  ${all}\n${is}, reported as\n  ${least}`, { cause: error });
      }
    }),
    { numRuns },
  );
}

test("a batch makes of the paths before it those after it, and whoever reads what it names has all", () => {
  check(({ before, after, result }) => {
    const read = (path: string) => after.get(path)?.content;
    const known = new Map([...before].map(([path, thing]) => [path, { ...thing }]));
    const take = (path: string) =>
      [...known].filter(([one]) => isWithin(one, path) && known.delete(one));
    for (const event of result) {
      const { kind, path, isDirectory } = event;
      const parent = path.slice(0, path.lastIndexOf("/"));
      assert.ok(parent === "" || known.get(parent)?.isDirectory, toLine(event));
      const there = known.get(path);
      const isNews = kind === "create" || kind === "exists" || kind === "rename" && !event.replaced;
      assert.equal(there?.isDirectory, isNews ? undefined : isDirectory, toLine(event));
      if (kind === "remove") take(path);
      else if (kind === "rename") {
        assert.equal(known.get(event.from)?.isDirectory, isDirectory, toLine(event));
        assert.ok(!isWithin(path, event.from), toLine(event));
        const moved = take(event.from);
        take(path);
        for (const [one, thing] of moved) known.set(path + one.slice(event.from.length), thing);
      } else known.set(path, { id: 0, isDirectory, content: read(path) ?? NaN });
    }
    const list = (things: Things) =>
      [...things].map(([path, { isDirectory, content }]) => [path, isDirectory || content]).sort();
    assert.deepEqual(list(known), list(after));
  });
});

test("no event of a batch is about a file that neither was there nor is there in the end", () => {
  check(({ before, after, result }) => {
    for (const event of result) {
      const { kind, path, isDirectory } = event;
      if (isDirectory && STRUCTURE.has(kind)) continue; // for which there may be no other way
      const there = kind === "remove" ? before : after;
      assert.equal(there.get(path)?.isDirectory, isDirectory, toLine(event));
      if (kind === "rename") {
        assert.equal(before.get(event.from)?.isDirectory, false, toLine(event));
      }
    }
  });
});

test("a batch has one event of a file's coming, going or replacement, and none of one that stays", () => {
  check(({ before, after, changed, result }) => {
    const stays = (directory: string): boolean => {
      const old = before.get(directory);
      if (directory === "") return true;
      return old?.isDirectory === true && old.id === after.get(directory)?.id &&
        stays(parentOf(directory));
    };
    const isFrom = (path: string, event: Change) => event.kind === "rename" && event.from === path;
    for (const path of new Set([...before.keys(), ...after.keys()])) {
      const [old, now] = [before.get(path), after.get(path)];
      const events = result.filter((event) => event.path === path || isFrom(path, event));
      if (events.some(({ isDirectory }) => isDirectory) || !stays(parentOf(path))) continue;
      if (old?.isDirectory || now?.isDirectory) continue;
      const kinds = events.map((event) => isFrom(path, event) ? "remove" : event.kind);
      const structure = kinds.filter((kind) => STRUCTURE.has(kind));
      assert.equal(new Set(kinds).size, kinds.length, path);
      if (old?.id === now?.id) {
        assert.deepEqual(structure, [], path);
        assert.equal(kinds.length > 0, changed.has(now!.id), path);
      } else if (now === undefined) assert.deepEqual(structure, ["remove"], path);
      else if (structure.length === 0) {
        assert.ok(old !== undefined && kinds.includes("modify"), path);
      } else {
        assert.equal(structure.length, 1, path);
        assert.notEqual(structure[0], "remove", path);
        const isMoved = structure[0] === "rename";
        assert.ok(!kinds.includes("modify") || isMoved && changed.has(now.id), path);
      }
    }
  });
});

test("a batch of a batch is that batch", () => {
  check(({ result }) => {
    if (result.some((event) => event.kind === "rename" && event.isDirectory)) return; // any way will do
    assert.deepEqual(coalesce(result).map(toLine).sort(), result.map(toLine).sort());
  });
});

/** The kinds that say that something comes or goes. */
const STRUCTURE: ReadonlySet<string> = new Set(["exists", "create", "remove", "rename"]);

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function toLine(event: WatchEvent): string {
  if (!("isDirectory" in event)) return event.kind;
  const { kind, path, isDirectory } = event;
  const slash = isDirectory ? "/" : "";
  if (kind !== "rename") return `${kind} ${path}${slash}`;
  return `rename ${event.from}${slash} -> ${path}${slash}${event.replaced ? " replaced" : ""}`;
}
