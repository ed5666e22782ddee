/** Properties of `coalesce()`, for random storms in a tree in memory. */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { coalesce } from "../../src/watch/coalesce.ts";
import type { EntryEvent, RenameEvent, WatchEvent } from "../../src/engine/event.ts";
import { fastCheck } from "../helpers/fast_check.ts";
import {
  type Change as TreeChange,
  CHANGE_CODES,
  isWithin,
  ReportedTree,
  type Thing,
} from "../helpers/reported_tree.ts";

const fc = fastCheck();

/** INOTIFY_RUNS sets another number of runs. */
const numRuns = Number(process.env["INOTIFY_RUNS"] ?? 2000);

const any = fc.integer({ min: 0, max: 99 });
const code = fc.integer({ min: 0, max: CHANGE_CODES - 1 });
const change = fc.record<TreeChange>({ code, thing: any, directory: any, name: any });
const changes = fc.array(change, { maxLength: 30, size: "max" });
const flag = fc.integer({ min: 0, max: 1 }).map((one) => one === 1);

type Things = ReadonlyMap<string, Thing>;
type Change = EntryEvent | RenameEvent;

/** A storm, and its coalesced events. */
interface Batch {
  readonly before: Things;
  readonly after: Things;
  /** The ids of the things with a change event. */
  readonly changed: ReadonlySet<number>;
  /** The ids of the things with a rename event. */
  readonly renamed: ReadonlySet<number>;
  readonly result: readonly Change[];
}

/** Checks a property of random batches. */
function check(property: (batch: Batch) => void): void {
  fc.assert(
    fc.property(changes, changes, flag, flag, (first, then, renames, initial) => {
      const tree = new ReportedTree(renames);
      for (const one of first) tree.apply(one);
      const before = initial ? new Map() : structuredClone(tree.things);
      tree.changed.clear();
      tree.renamed.clear();
      tree.events.length = 0;
      if (initial) tree.reportAll();
      for (const one of then) tree.apply(one);
      const { things: after, changed, renamed, events } = tree;
      const result = coalesce(events, false) as Change[];
      try {
        property({ before, after, changed, renamed, result });
      } catch (error) {
        const [was, is] = [before, after].map((things) => [...things.keys()].sort().join(" "));
        const [all, least] = [events, result].map((some) => some.map(toLine).join("\n  "));
        throw new Error(`${was}\n  ${all}\n${is}, reported as\n  ${least}`, { cause: error });
      }
    }),
    { numRuns },
  );
}

test("coalesce() turns the paths before a batch into those after it, and names every changed file", () => {
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

test("coalesce() names no file that exists neither before nor after the batch", () => {
  check(({ before, after, result }) => {
    for (const event of result) {
      const { kind, path, isDirectory } = event;
      if (isDirectory && STRUCTURE.has(kind)) continue; // a cycle of directories needs paths in between
      const there = kind === "remove" ? before : after;
      assert.equal(there.get(path)?.isDirectory, isDirectory, toLine(event));
      if (kind === "rename") {
        assert.equal(before.get(event.from)?.isDirectory, false, toLine(event));
      }
    }
  });
});

test("coalesce() gives one event for a file that arrives, is removed or replaced, and none for one that stays", () => {
  check(({ before, after, changed, renamed, result }) => {
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
        const { id } = now!;
        assert.equal(kinds.length > 0, changed.has(id) || renamed.has(id), path);
        assert.ok(!renamed.has(id) || kinds.includes("modify"), path); // it was away
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

test("coalesce() of its own result changes nothing", () => {
  check(({ result }) => {
    if (result.some((event) => event.kind === "rename" && event.isDirectory)) return; // several results are valid
    assert.deepEqual(coalesce(result, false).map(toLine).sort(), result.map(toLine).sort());
  });
});

/** The kinds that report an arrival or a removal. */
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
