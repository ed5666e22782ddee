/**
 * Changes during a loss are made up for: a consumer that reads a file again at each of its events ends with the
 * bytes that are on the disk, whatever kinds it requests. The loss is one of a loop, or of the kernel.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type WatchEvent, type WatchKind, type WatchOptions } from "../../mod.ts";
import { line } from "../helpers/events.ts";
import { exchange } from "../helpers/exchange.ts";
import { overflowQueue } from "../helpers/overflow.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** The path of a name in the directory of one change. */
type At = (name: string) => string;

/** The content of each file by its path; "/" for a directory. */
type Copy = Map<string, string | "/">;

/** Reads a path and everything below it. */
function copyOf(path: string, copy: Copy = new Map()): Copy {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return copy;
  copy.set(path, stat.isDirectory() ? "/" : readFileSync(path, "utf8"));
  if (stat.isDirectory()) { for (const name of readdirSync(path)) copyOf(join(path, name), copy); }
  return copy;
}

function apply(copy: Copy, event: WatchEvent): void {
  if (!("isDirectory" in event)) return;
  const take = (top: string) => {
    const taken = [...copy].filter(([path]) => path === top || path.startsWith(`${top}/`));
    for (const [path] of taken) copy.delete(path);
    return taken;
  };
  if (event.kind === "remove") {
    take(event.path);
  } else if (event.kind === "rename") {
    const moved = take(event.from);
    take(event.path);
    for (const [path, content] of moved) {
      copy.set(event.path + path.slice(event.from.length), content);
    }
  } else if (event.isDirectory) {
    copy.set(event.path, "/");
  } else {
    const stat = statSync(event.path, { throwIfNoEntry: false });
    if (stat?.isFile()) copy.set(event.path, readFileSync(event.path, "utf8"));
  }
}

/** Changes, each in a directory of its own with `d`, `e` and `link`; a directory like it, `other`, is not watched. */
const changes: Record<string, (at: At, other: At) => void> = {
  "a file is written": (at) => appendFileSync(at("d/f"), "more"),
  "a file is overwritten with as many bytes, and its times are set back": (at) => {
    writeFileSync(at("d/f"), "DIFF");
    utimesSync(at("d/f"), 1, 1);
  },
  "a file is saved by a rename": (at) => {
    writeFileSync(at("d/new"), "new");
    renameSync(at("d/new"), at("d/f"));
  },
  "a file is removed and created again": (at) => {
    rmSync(at("d/f"));
    writeFileSync(at("d/f"), "again");
  },
  "a file from outside replaces another one": (at, other) => renameSync(other("d/f"), at("d/f")),
  "a directory replaces a file": (at) => {
    rmSync(at("d/f"));
    mkdirSync(at("d/f/in"), { recursive: true });
  },
  "another directory with the same names replaces a directory": (at, other) => {
    renameSync(at("d"), other("away"));
    renameSync(other("d"), at("d"));
  },
  "a directory moves out, its files are written, and it moves back": (at, other) => {
    renameSync(at("d"), other("away"));
    writeFileSync(other("away/f"), "elsewhere");
    renameSync(other("away"), at("d"));
  },
  "a followed link gets another target": (at, other) => {
    symlinkSync(other("d"), at("next"));
    renameSync(at("next"), at("link"));
  },
  "another directory replaces the whole directory": (at, other) => {
    renameSync(at("."), `${other(".")}-away`);
    renameSync(other("."), at("."));
  },
  "two files are exchanged": (at) => exchange(at("d/f"), at("d/g")),
  "two directories are exchanged": (at) => exchange(at("d"), at("e")),
};

/** Changes of files that are given paths. */
const changesOfFiles: Record<string, (path: string, other: string) => void> = {
  "a watched file is written": (path) => appendFileSync(path, "more"),
  "a watched file is replaced": (path, other) => renameSync(other, path),
  "a watched file is removed and created again": (path) => {
    rmSync(path);
    writeFileSync(path, "again");
  },
};

/** Sets of kinds, each of which suffices to keep a copy. */
const KINDS: readonly (readonly WatchKind[])[] = [
  ["create", "modify", "remove", "rename"],
  ["create", "closeWrite", "remove", "rename"],
  ["create", "modify", "remove"],
];

interface LossCase {
  readonly options: WatchOptions;
  /** Begins a loss, which lasts until the loop takes events. @param path a file in a watched directory */
  readonly beginLoss: (path: string) => void;
}

const cases: Record<string, LossCase> = {
  "a loop is idle": {
    options: { maxQueue: 2 },
    beginLoss(path) {
      for (let i = 0; i < 3; i++) appendFileSync(path, "");
      for (let i = 0; i < 3; i++) writeFileSync(path, "filled");
    },
  },
  "the kernel's queue is full": {
    options: { maxQueue: 1_000_000 },
    beginLoss: overflowQueue,
  },
};

function makeTree(at: At, content: string, target: string): void {
  for (const directory of ["d/sub", "e"]) mkdirSync(at(directory), { recursive: true });
  for (const file of ["d/f", "d/g", "d/sub/f", "e/f"]) writeFileSync(at(file), content);
  symlinkSync(target, at("link"));
}

for (const [loss, { options, beginLoss }] of Object.entries(cases)) {
  test(`watch() makes up for every kind of change while ${loss}, whatever kinds are requested`, async () => {
    const base = tmpDir(fastest);
    const at = (...names: string[]) => join(base, ...names);
    for (const what of Object.keys(changes)) {
      const target = at("targets", what); // which no path of its own is watched of
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, "f"), "same");
      makeTree((name) => at("root", what, name), "same", target);
      makeTree((name) => at("other", what, name), "DIFF", target);
    }
    mkdirSync(at("files"));
    for (const what of Object.keys(changesOfFiles)) {
      writeFileSync(at("files", what), "same");
      writeFileSync(at("other", what), "DIFF");
    }
    writeFileSync(at("root/spare"), "");
    const files = Object.keys(changesOfFiles).map((what) => at("files", what));
    const there = () => {
      const copy = copyOf(at("root"));
      for (const file of files) copyOf(file, copy);
      return [...copy].toSorted();
    };
    await new Promise((resolve) => setTimeout(resolve, 20)); // so that the files are older than a clock tick

    const consumers = KINDS.map((events) => {
      const watcher = watch([at("root"), ...files], { events, followSymlinks: true, ...options });
      const iterator = watcher[Symbol.asyncIterator]();
      return { events, watcher, iterator, copy: new Map(there()), lines: [] as string[] };
    });
    const synced = () => within(Promise.all(consumers.map(({ watcher }) => watcher.sync())));
    await synced();
    beginLoss(at("root/spare"));
    if (options.maxQueue === 2) await synced();
    for (const [what, change] of Object.entries(changes)) {
      change((name) => at("root", what, name), (name) => at("other", what, name));
    }
    for (const [what, change] of Object.entries(changesOfFiles)) {
      change(at("files", what), at("other", what));
    }
    await synced();

    const loops = consumers.map(async ({ iterator, copy, lines }) => {
      for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
        lines.push(line(event));
        apply(copy, event);
      }
    });
    await synced();
    await new Promise((resolve) => setTimeout(resolve, 0)); // the loops take what is queued
    await Promise.all(consumers.map(({ watcher }) => watcher.close()));
    await Promise.all(loops);
    for (const { events, copy, lines } of consumers) {
      assert.ok(lines.includes("overflow"));
      assert.deepEqual([...copy].toSorted(), there(), `${events}:\n${lines.join("\n")}`);
    }
    rmSync(base, { recursive: true });
  });
}
