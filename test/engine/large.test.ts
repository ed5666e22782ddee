/** A directory that is too large to be read, or compared, at a stretch. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clearImmediate, setImmediate } from "node:timers";
import { InotifyError, watch, type Watcher } from "../../mod.ts";
import { failing, inSmallPieces, loseEvents } from "../helpers/interpose.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

/** Some, for a directory that is looked at in small pieces. */
const FILES = 100;
/** Reading them one by one takes FILES of them, so more than that are of the comparing. */
const TURNS = 1.5 * FILES;
/** Several times what one call of getdents64(2) is asked for. */
const MANY = 6000;
const EINVAL = 22;

/** @returns a directory with many files, called by their numbers */
function full(files: number): string {
  const directory = tmpDir(fastest);
  execFileSync("sh", ["-c", `seq ${files} | xargs touch`], { cwd: directory });
  return directory;
}

/** Does something at each turn of the event loop, until it is disposed of. */
function atEachTurn(
  something: (turn: number) => unknown = () => {},
): Disposable & { readonly count: number } {
  let count = 0;
  let timer = setImmediate(again);
  function again() {
    something(count++);
    timer = setImmediate(again);
  }
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => clearImmediate(timer),
  };
}

/** Removes, makes and renames something in a full directory: names that are there, or were. */
function change(directory: string, turn: number): void {
  const at = (factor: number) => join(directory, String(1 + (turn * factor) % FILES));
  const remove = (path: string) => rmSync(path, { force: true, recursive: true });
  remove(at(7));
  if (turn % 2) mkdirSync(join(at(7), "sub"), { recursive: true });
  else if (turn % 3) writeFileSync(at(7), "");
  if (!existsSync(at(11))) return;
  if (turn % 5) remove(at(13));
  if (existsSync(at(11))) {
    renameSync(at(11), turn % 5 ? at(13) : join(directory, `renamed ${turn}`));
  }
}

function isOpen(directory: string): boolean {
  return readdirSync("/proc/self/fd").some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === directory;
    } catch {
      return false; // closed by now
    }
  });
}

for (
  const [what, options] of [
    ["its names are told of", { initial: true }],
    ["its names are asked about", { ignore: () => false }],
    ["nothing is told", {}],
  ] as const
) {
  test(`other things have their turn while it is set up, where ${what}`, async () => {
    const directory = full(FILES);
    using _ = inSmallPieces();
    using had = atEachTurn();
    await using watcher = watch(directory, options);
    await within(watcher.ready);
    assert.ok(had.count > TURNS, `${had.count} turns`);
  });
}

test("other things have their turn while it is looked for what was lost", async () => {
  const directory = full(FILES);
  await using watcher = watch(directory);
  await within(watcher.ready);
  const kinds: string[] = [];
  const loop = forEach(watcher, ({ kind }) => kinds.push(kind));
  using _ = inSmallPieces();
  using had = atEachTurn();
  loseEvents();
  writeFileSync(join(directory, "1"), "changed");
  await until(() => kinds.length > 0, () => kinds);
  await taken(watcher);
  assert.ok(had.count > TURNS, `${had.count} turns`);
  await watcher.close();
  await loop;
  assert.ok(kinds.includes("overflow"), String(kinds));
});

const WAYS: Record<string, (watcher: Watcher, directory: string, top: string) => void> = {
  "is set up": (watcher, directory) => watcher.add(directory),
  "comes": (_watcher, directory, top) => renameSync(directory, join(top, "comes")),
  "is to be looked through for what was lost"(watcher, directory) {
    watcher.add(directory);
    loseEvents();
  },
};

for (const [how, begin] of Object.entries(WAYS)) {
  for (const shared of [false, true]) {
    const who = shared ? "for another watcher too" : "alone";
    test(`what happens between the pieces is told, and once, when it ${how}, ${who}`, async () => {
      // What goes on for longer may make up for what was wrong.
      for (let turns = 10; turns < 3 * FILES; turns += 40) await happens(begin, shared, turns);
    });
  }
}

async function happens(begin: typeof WAYS[string], shared: boolean, turns: number): Promise<void> {
  const directory = full(FILES);
  const top = tmpDir(fastest);
  await using other = watch(shared ? directory : tmpDir(fastest));
  await within(other.ready);
  using _ = inSmallPieces();
  await using watcher = watch(top, { initial: true, maxQueue: 1_000_000 });
  const model = new Model();
  const loop = forEach(watcher, (event) => model.apply(event));
  await within(watcher.ready);
  const now = () => existsSync(directory) ? directory : join(top, "comes");
  using changes = atEachTurn((turn) => turn < turns && change(now(), turn));
  begin(watcher, directory, top);
  await until(() => changes.count > turns, () => changes.count);
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual(model.contradictions, [], `${turns} turns`);
  const disk = new Set([...onDisk(top), ...onDisk(now())]);
  assert.deepEqual(model.paths, disk, `${turns} turns`);
}

test("all that is in it is known, although nothing was told of it", async () => {
  const directory = full(MANY);
  await using watcher = watch(directory);
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => lines.push(line(event)));
  const files = ["1", `${MANY / 2}`, `${MANY}`].map((name) => join(directory, name));
  for (const file of files) {
    writeFileSync(file, "x");
    rmSync(file);
  }
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual(lines, files.flatMap((file) => [`modify ${file}`, `remove ${file}`]));
});

test("a watcher that is closed while it is read leaves it closed", async () => {
  const directory = full(FILES);
  using _ = inSmallPieces();
  await using other = watch(tmpDir());
  await within(other.ready);
  const watcher = watch(directory);
  await until(() => isOpen(directory), () => "it was not opened");
  await within(watcher.close());
  assert.equal(isOpen(directory), false);
});

test("a reading that fails in its midst is told, and leaves it closed", async () => {
  const directory = full(FILES);
  const parent = tmpDir(fastest);
  await using watcher = watch(parent);
  const errors: Error[] = [];
  const loop = forEach(watcher, (event) => event.kind === "error" && errors.push(event.error));
  await within(watcher.ready);
  using _ = inSmallPieces();
  using fault = failing({ name: "getdents64", errno: EINVAL }, 50);
  renameSync(directory, join(parent, "full"));
  await until(() => errors.length > 0, () => fault.happened);
  assert.equal(isOpen(join(parent, "full")), false);
  await watcher.close();
  await loop;
  const [error] = errors;
  assert.ok(error instanceof InotifyError);
  assert.equal(error.syscall, "getdents64");
  assert.equal(error.path, join(parent, "full"));
});

test("a link that leads back to it is not followed, and leaves it closed", async () => {
  const directory = full(FILES);
  mkdirSync(join(directory, "sub"));
  symlinkSync("..", join(directory, "sub/back"));
  using _ = inSmallPieces();
  await using watcher = watch(directory, { initial: true, followSymlinks: true });
  const model = new Model();
  const loop = forEach(watcher, (event) => model.apply(event));
  await taken(watcher);
  assert.equal(isOpen(directory), false);
  await watcher.close();
  await loop;
  assert.deepEqual(model.paths, onDisk(directory));
});
