/** A directory that is too large to be read or compared without a pause. */

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

/** The number of files in a directory that is scanned in small pieces. */
const FILES = 100;
/** Reading the files one by one takes FILES turns of the event loop; more are those of the comparison. */
const TURNS = 1.5 * FILES;
/** More entries than several calls of getdents64(2) return. */
const MANY = 6000;
const EINVAL = 22;

/** @returns a directory with files whose names are their numbers */
function full(files: number): string {
  const directory = tmpDir(fastest);
  execFileSync("sh", ["-c", `seq ${files} | xargs touch`], { cwd: directory });
  return directory;
}

/** Runs an action at each turn of the event loop until it is disposed. */
function atEachTurn(
  action: (turn: number) => unknown = () => {},
): Disposable & { readonly count: number } {
  let count = 0;
  let timer = setImmediate(again);
  function again() {
    action(count++);
    timer = setImmediate(again);
  }
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => clearImmediate(timer),
  };
}

/** Removes, creates and renames entries of a full directory, by names that exist or existed. */
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
    ["its names are reported", { initial: true }],
    ["an ignore function is called for its names", { ignore: () => false }],
    ["nothing is reported", {}],
  ] as const
) {
  test(`the event loop runs during the set-up of a large directory if ${what}`, async () => {
    const directory = full(FILES);
    using _ = inSmallPieces();
    using turns = atEachTurn();
    await using watcher = watch(directory, options);
    await within(watcher.ready);
    assert.ok(turns.count > TURNS, `${turns.count} turns`);
  });
}

test("the event loop runs while a large directory is compared after a loss", async () => {
  const directory = full(FILES);
  await using watcher = watch(directory);
  await within(watcher.ready);
  const kinds: string[] = [];
  const loop = forEach(watcher, ({ kind }) => kinds.push(kind));
  using _ = inSmallPieces();
  using turns = atEachTurn();
  loseEvents();
  writeFileSync(join(directory, "1"), "changed");
  await until(() => kinds.length > 0, () => kinds);
  await taken(watcher);
  assert.ok(turns.count > TURNS, `${turns.count} turns`);
  await watcher.close();
  await loop;
  assert.ok(kinds.includes("overflow"), String(kinds));
});

const OCCASIONS: Record<string, (watcher: Watcher, directory: string, top: string) => void> = {
  "is set up": (watcher, directory) => watcher.add(directory),
  "is moved in": (_watcher, directory, top) => renameSync(directory, join(top, "moved")),
  "is compared after a loss"(watcher, directory) {
    watcher.add(directory);
    loseEvents();
  },
};

for (const [how, begin] of Object.entries(OCCASIONS)) {
  for (const shared of [false, true]) {
    const who = shared ? "watched by another watcher too" : "watched by no other";
    test(`changes between the pieces are reported once when a large directory ${how}, ${who}`, async () => {
      // Different durations: later changes may hide an earlier error.
      for (let turns = 10; turns < 3 * FILES; turns += 40) await changeDuring(begin, shared, turns);
    });
  }
}

async function changeDuring(
  begin: typeof OCCASIONS[string],
  shared: boolean,
  turns: number,
): Promise<void> {
  const directory = full(FILES);
  const top = tmpDir(fastest);
  await using other = watch(shared ? directory : tmpDir(fastest));
  await within(other.ready);
  using _ = inSmallPieces();
  await using watcher = watch(top, { initial: true, maxQueue: 1_000_000 });
  const model = new Model();
  const loop = forEach(watcher, (event) => model.apply(event));
  await within(watcher.ready);
  const now = () => existsSync(directory) ? directory : join(top, "moved");
  using changes = atEachTurn((turn) => turn < turns && change(now(), turn));
  begin(watcher, directory, top);
  await until(() => changes.count > turns, () => changes.count);
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual(model.errors, [], `${turns} turns`);
  assert.deepEqual(model.contradictions, [], `${turns} turns`);
  const disk = new Set([...onDisk(top), ...onDisk(now())]);
  assert.deepEqual(model.paths, disk, `${turns} turns`);
}

test("changes of existing entries of a large directory are reported without `initial`", async () => {
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

test("Watcher.close() closes a directory that is being read", async () => {
  const directory = full(FILES);
  using _ = inSmallPieces();
  await using other = watch(tmpDir());
  await within(other.ready);
  const watcher = watch(directory);
  await until(() => isOpen(directory), () => "the directory was not opened");
  await within(watcher.close());
  assert.equal(isOpen(directory), false);
});

test("a failure in the middle of a listing is an error event, and the directory is closed", async () => {
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

test("a followed link that leads back to a large directory is not entered, and the directory is closed", async () => {
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
