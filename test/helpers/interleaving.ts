/**
 * Interleaves a change with the system calls of a watcher: each case is run with the change before the
 * first call, before the second one, and so on. Each time the reported entries must equal those on the
 * disk, also after further changes.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { watch } from "../../mod.ts";
import { forEach, line, taken } from "./events.ts";
import { before, loseEvents } from "./interpose.ts";
import { Model, onDisk } from "./model.ts";
import { fastest, tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** The path of a name in the directory of the run. */
type At = (name: string) => string;

/** A change, and the work that it interrupts. */
export interface Case {
  readonly watched: string;
  /** Creates the entries before the watcher starts. */
  readonly given: (at: At) => void;
  /** What the ready watcher reacts to when the change comes; without it the change interrupts the set-up. */
  readonly first?: (at: At) => void;
  /** Made between two calls. */
  readonly change: (at: At) => void;
  /** The file that the change writes, for which an event must follow. */
  readonly written?: string;
}

function make(at: At, ...files: string[]): void {
  for (const file of files) {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "");
  }
}

function makeTree(at: At): void {
  make(at, "root/a/b/f", "root/a/g", "root/c/h", "other/d/i");
}

/** Changes of a tree. */
const changes: Record<string, (at: At) => void> = {
  "a directory is created": (at) => make(at, "root/c/new/deep/f"),
  "a directory is removed": (at) => rmSync(at("root/a"), { recursive: true }),
  "a directory is renamed": (at) => renameSync(at("root/a/b"), at("root/c/b")),
  "a directory is replaced by a new one": (at) => {
    renameSync(at("root/a"), at("root/z"));
    make(at, "root/a/other/f");
  },
  "a directory is replaced by one from outside": (at) => {
    renameSync(at("root/a"), at("away"));
    renameSync(at("other"), at("root/a"));
  },
  "a file is replaced by a directory": (at) => {
    rmSync(at("root/a/g"));
    mkdirSync(at("root/a/g"));
  },
  "the root is replaced by another directory": (at) => {
    renameSync(at("root"), at("away"));
    renameSync(at("other"), at("root"));
  },
};

/** Changes of the tree, or of the path that leads to the root. */
const changesOfPath: Record<string, Case> = {
  "a missing root is created": {
    watched: "x/y/root",
    given: () => {},
    change: (at) => make(at, "x/y/root/z/f"),
  },
  "a parent of the root is replaced": {
    watched: "x/root",
    given: (at) => make(at, "x/root/a/f"),
    change(at) {
      renameSync(at("x"), at("away"));
      make(at, "x/root/b/f");
    },
  },
  "a link in the path is replaced": {
    watched: "current/root",
    given(at) {
      make(at, "v1/root/one/f", "v2/root/two/f");
      symlinkSync("v1", at("current"));
    },
    change(at) {
      symlinkSync("v2", at("next"));
      renameSync(at("next"), at("current"));
    },
  },
};

/** All cases, by name. */
export const cases: Record<string, Case> = {
  "a file is created in a new directory": {
    watched: "root",
    given: (at) => mkdirSync(at("root")),
    first: (at) => mkdirSync(at("root/new")),
    change: (at) => make(at, "root/new/f"),
  },
  "a new directory is removed": {
    watched: "root",
    given: (at) => mkdirSync(at("root")),
    first: (at) => make(at, "root/new/f"),
    change: (at) => rmSync(at("root/new"), { recursive: true }),
  },
  "a new parent of a missing root is removed": {
    watched: "x/root",
    given: () => {},
    first: (at) => mkdirSync(at("x")),
    change: (at) => rmdirSync(at("x")),
  },
  "a file is written while another one replaces it": {
    watched: "f",
    given: (at) => make(at, "f"),
    first(at) {
      make(at, "f.tmp");
      renameSync(at("f.tmp"), at("f"));
    },
    change: (at) => appendFileSync(at("f"), "more"),
    written: "f",
  },
  "a file root is written while its parents are new": {
    watched: "x/f",
    given: () => {},
    first: (at) => make(at, "x/f"),
    change: (at) => appendFileSync(at("x/f"), "more"),
    written: "x/f",
  },
  "a file is written while its directory is moved in": {
    watched: "root",
    given: makeTree,
    first: (at) => renameSync(at("other"), at("root/other")),
    change: (at) => appendFileSync(at("root/other/d/i"), "more"),
    written: "root/other/d/i",
  },
  "a file is written while events are lost": {
    watched: "root",
    given: makeTree,
    first: loseEvents,
    change: (at) => appendFileSync(at("root/a/g"), "more"),
    written: "root/a/g",
  },
};
for (const [what, change] of Object.entries(changes)) {
  changesOfPath[what] = { watched: "root", given: makeTree, change };
  cases[`${what} while the tree is moved in`] = {
    watched: "in",
    given(at) {
      mkdirSync(at("in"));
      makeTree(at);
    },
    first: (at) => renameSync(at("root"), at("in/root")),
    change: (at) => change((name) => at(name.replace(/^root/, "in/root"))),
  };
}
for (const [what, one] of Object.entries(changesOfPath)) {
  cases[`${what} during set-up`] = one;
  cases[`${what} while events are lost`] = { ...one, first: loseEvents };
}

/**
 * Runs a case with its change before each system call.
 *
 * @param stride the number of calls between two runs
 * @param parent the directory of the runs
 */
export async function interleave(
  one: Case,
  stride: number,
  parent: string = fastest,
): Promise<void> {
  await using idle = watch(tmpDir(fastest)); // keeps the instance open, which is slow to close
  await within(idle.ready);
  let calls = 0;
  while (await run(one, calls, parent)) calls += stride;
  assert.ok(calls > 5, `${calls} calls`);
}

/** @returns whether there were more than `n` calls */
async function run(one: Case, n: number, parent: string): Promise<boolean> {
  const base = tmpDir(parent);
  const at = (name: string) => join(base, name);
  const path = at(one.watched);
  one.given(at);
  const lines: string[] = [];
  const change = () => {
    one.change(at);
    lines.push("the change");
  };
  using early = one.first === undefined ? before(n, change) : undefined;
  await using watcher = watch(path, { initial: true });
  const model = new Model();
  const loop = forEach(watcher, (event) => {
    lines.push(line(event));
    model.apply(event);
  });
  await within(watcher.ready);
  using interposed = early ?? before(n, change);
  one.first?.(at);
  // The overflow replaces the bytes of a read, possibly the one after the first sync()'s fence.
  if (one.first === loseEvents) await taken(watcher);
  await taken(watcher);
  interposed[Symbol.dispose]();
  await taken(watcher); // sync() does not cover changes made after the call

  const state = () => `before call ${n}: ${JSON.stringify(lines, null, 1)}`;
  const compare = () => {
    assert.deepEqual([...model.paths].sort(), there(path), state());
    assert.deepEqual([...model.contradictions, ...model.errors], [], state());
  };
  compare();
  assert.equal(model.overflows > 0, one.first === loseEvents);
  if (one.written !== undefined && interposed.happened) {
    const written = at(one.written);
    const later = lines.slice(lines.indexOf("the change"));
    assert.ok(later.some((line) => line.endsWith(` ${written}`)), state());
  }
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  for (const one of there(path)) if (statSync(one).isDirectory()) mkdirSync(join(one, "more"));
  await taken(watcher);
  compare();
  await watcher.close();
  await loop;
  return interposed.happened;
}

function there(path: string): string[] {
  return existsSync(path) ? [...onDisk(path)].sort() : [];
}
