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
import { dirname, join } from "node:path";
import { test } from "node:test";
import { limits, watch, type WatchEvent, type WatchKind, type WatchOptions } from "../../mod.ts";
import { line } from "../helpers/events.ts";
import { exchange } from "../helpers/exchange.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** Where a name is, in a directory that is new each time. */
type At = (name: string) => string;

/** By path, the bytes of a file, or that it is a directory. */
type Copy = Map<string, string | "/">;

/** What is there, below a path. */
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

/** What changes: each in a directory of its own, with `d` and `e` in it, and `link`, and an `other` one elsewhere. */
const changes: Record<string, (at: At, other: At) => void> = {
  "a file is written": (at) => appendFileSync(at("d/f"), "more"),
  "a file is written with as many bytes, and its times are set back": (at) => {
    writeFileSync(at("d/f"), "DIFF");
    utimesSync(at("d/f"), 1, 1);
  },
  "a file is saved by a rename": (at) => {
    writeFileSync(at("d/new"), "new");
    renameSync(at("d/new"), at("d/f"));
  },
  "a file is removed and made again": (at) => {
    rmSync(at("d/f"));
    writeFileSync(at("d/f"), "again");
  },
  "a file moves in over another one": (at, other) => renameSync(other("d/f"), at("d/f")),
  "a file makes way for a directory": (at) => {
    rmSync(at("d/f"));
    mkdirSync(at("d/f/in"), { recursive: true });
  },
  "a directory makes way for another one with the same names": (at, other) => {
    renameSync(at("d"), other("away"));
    renameSync(other("d"), at("d"));
  },
  "a directory goes, its files are written, and it comes back": (at, other) => {
    renameSync(at("d"), other("away"));
    writeFileSync(other("away/f"), "elsewhere");
    renameSync(other("away"), at("d"));
  },
  "a link that is followed is pointed elsewhere": (at, other) => {
    symlinkSync(other("d"), at("next"));
    renameSync(at("next"), at("link"));
  },
  "all makes way for something else": (at, other) => {
    renameSync(at("."), `${other(".")}-away`);
    renameSync(other("."), at("."));
  },
  "two files change places": (at) => exchange(at("d/f"), at("d/g")),
  "two directories change places": (at) => exchange(at("d"), at("e")),
};

/** What changes of files that are watched themselves. */
const changesOfFiles: Record<string, (path: string, other: string) => void> = {
  "a watched file is written": (path) => appendFileSync(path, "more"),
  "a watched file is replaced": (path, other) => renameSync(other, path),
  "a watched file is removed and made again": (path) => {
    rmSync(path);
    writeFileSync(path, "again");
  },
};

/** Kinds by which everything that comes and goes is reported, and every change of content. */
const KINDS: readonly (readonly WatchKind[])[] = [
  ["create", "modify", "remove", "rename"],
  ["create", "closeWrite", "remove", "rename"],
  ["create", "modify", "remove"],
];

interface Way {
  readonly options: WatchOptions;
  /** Has events lost, until the loop takes some. @param path in a directory that is watched, or a watched file */
  readonly lose: (path: string) => void;
}

const ways: Record<string, Way> = {
  "a loop takes nothing": {
    options: { maxQueue: 2 },
    lose(path) {
      for (let i = 0; i < 3; i++) appendFileSync(path, "");
      for (let i = 0; i < 3; i++) writeFileSync(path, "filled");
    },
  },
  "the kernel's queue is full": {
    options: { maxQueue: 1_000_000 },
    lose(path) {
      const other = join(dirname(path), "passing");
      writeFileSync(other, "");
      for (let i = 0; i <= limits().maxQueuedEvents / 4; i++) {
        renameSync(path, `${path}~`);
        renameSync(`${path}~`, path);
      }
    },
  },
};

function makeTree(at: At, content: string): void {
  for (const directory of ["d/sub", "e"]) mkdirSync(at(directory), { recursive: true });
  for (const file of ["d/f", "d/g", "d/sub/f", "e/f"]) writeFileSync(at(file), content);
  symlinkSync(at("e"), at("link"));
}

for (const [loss, { options, lose }] of Object.entries(ways)) {
  test(`watch() makes up for every kind of change while ${loss}, whatever kinds are requested`, async () => {
    const base = tmpDir(fastest);
    const at = (...names: string[]) => join(base, ...names);
    for (const what of Object.keys(changes)) {
      makeTree((name) => at("root", what, name), "same");
      makeTree((name) => at("other", what, name), "DIFF");
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
    await new Promise((resolve) => setTimeout(resolve, 20)); // older than a tick of the clock

    const consumers = KINDS.map((events) => {
      const watcher = watch([at("root"), ...files], { events, followSymlinks: true, ...options });
      const iterator = watcher[Symbol.asyncIterator]();
      return { events, watcher, iterator, copy: new Map(there()), lines: [] as string[] };
    });
    const synced = () => within(Promise.all(consumers.map(({ watcher }) => watcher.sync())));
    await synced();
    lose(at("root/spare"));
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
    await new Promise((resolve) => setTimeout(resolve, 0)); // the loops take what waits
    await Promise.all(consumers.map(({ watcher }) => watcher.close()));
    await Promise.all(loops);
    for (const { events, copy, lines } of consumers) {
      assert.ok(lines.includes("overflow"));
      assert.deepEqual([...copy].toSorted(), there(), `${events}:\n${lines.join("\n")}`);
    }
    rmSync(base, { recursive: true });
  });
}
