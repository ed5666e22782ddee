/**
 * `blocking: true`: every change after the call of watch() is reported, even before `ready` resolves.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds than 1 to 4.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch, type Watcher, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { line } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-4").split("-").map(Number);

/** The events of changes that are made before the event loop has a turn. */
async function eventsOf(watcher: Watcher, makeChanges: () => void): Promise<WatchEvent[]> {
  makeChanges();
  const events: WatchEvent[] = [];
  const loop = (async () => {
    for await (const event of watcher) events.push(event);
  })();
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  return events;
}

/** A directory with files four levels below it. */
function deepDir(): string {
  const directory = tmpDir();
  mkdirSync(join(directory, "a/b/c/d"), { recursive: true });
  for (const name of ["changed", "moved", "removed"]) {
    writeFileSync(join(directory, "a/b/c/d", name), "");
  }
  return directory;
}

/** Changes every file of a {@link deepDir}. */
function change(directory: string): void {
  const deep = join(directory, "a/b/c/d");
  appendFileSync(join(deep, "changed"), "x");
  renameSync(join(deep, "moved"), join(directory, "a/away"));
  rmSync(join(deep, "removed"));
  mkdirSync(join(deep, "new/newer"), { recursive: true });
}

/** The events of {@link change}. */
const CHANGE = [
  "modify a/b/c/d/changed",
  "rename a/away",
  "remove a/b/c/d/removed",
  "create a/b/c/d/new",
  "create a/b/c/d/new/newer",
];

const lines = (events: readonly WatchEvent[], directory: string) =>
  events.map((event) => line(event).replace(`${directory}/`, ""));

for (
  const [name, options] of Object.entries<WatchOptions>({
    "": {},
    ", with ignore": { ignore: "*.tmp" },
    ", with followSymlinks": { followSymlinks: true },
  })
) {
  test(`blocking reports changes deep in a tree right after the call${name}`, async () => {
    const directory = deepDir();
    const events = await eventsOf(
      watch(directory, { ...options, blocking: true }),
      () => change(directory),
    );
    assert.deepEqual(lines(events, directory), CHANGE);
  });
}

test("blocking with initial reports each existing entry once, before changes", async () => {
  const directory = deepDir();
  const events = await eventsOf(
    watch(directory, { blocking: true, initial: true }),
    () => rmSync(join(directory, "a/b/c/d/removed")),
  );
  assert.deepEqual(lines(events, directory).slice(-1), ["remove a/b/c/d/removed"]);
  const exist = events.slice(0, -1).map(line).sort();
  assert.deepEqual(
    exist,
    [...onDisk(directory), join(directory, "a/b/c/d/removed")].map((path) => `exists ${path}`)
      .sort(),
  );
});

test("blocking reports changes right after the call in a tree that another watcher watches", async () => {
  const directory = deepDir();
  await using other = watch(directory);
  await within(other.ready);
  const events = await eventsOf(watch(directory, { blocking: true }), () => change(directory));
  assert.deepEqual(lines(events, directory), CHANGE);
});

test("blocking reports changes right after Watcher.add()", async () => {
  const directory = deepDir();
  const watcher = watch(tmpDir(), { blocking: true });
  await within(watcher.ready);
  const events = await eventsOf(watcher, () => {
    void watcher.add(directory);
    change(directory);
  });
  assert.deepEqual(lines(events, directory), CHANGE);
});

test("blocking reports changes in a root that is ignored by the root above it", async () => {
  const directory = deepDir();
  const events = await eventsOf(
    watch([directory, join(directory, "a/b/c")], { blocking: true, ignore: "b" }),
    () => change(directory),
  );
  assert.deepEqual(lines(events, directory), CHANGE);
});

test("blocking sets up 3000 directories before watch() returns", async () => {
  const directory = tmpDir(fastest);
  const all = Array.from({ length: 3000 }, (_, i) => join(directory, `${i}`));
  for (const one of all) mkdirSync(one);
  const events = await eventsOf(watch(directory, { blocking: true }), () => {
    for (const one of all) writeFileSync(join(one, "new"), "");
  });
  const created = events.filter(({ kind }) => kind === "create");
  assert.equal(created.length, all.length);
});

const storm = (directory: string, outside: string, seed: number, changes: number) =>
  command("storm.ts", [directory, outside, String(seed), String(changes), "0"]);

for (let seed = from; seed <= to; seed++) {
  test(`blocking: entries before the call and events of a storm give the entries on disk (seed ${seed})`, async () => {
    const directory = tmpDir(fastest);
    const outside = tmpDir(fastest);
    spawnSync(...storm(directory, outside, seed, 300));
    const model = new Model();
    for (const path of onDisk(directory)) model.paths.add(path);
    const watcher = watch(directory, { blocking: true, maxQueue: 1_000_000 });
    const events = await eventsOf(
      watcher,
      () => spawnSync(...storm(directory, outside, seed + 1e6, 300)),
    );
    for (const event of events) model.apply(event);
    assert.deepEqual(model.contradictions, []);
    assert.deepEqual(model.paths, onDisk(directory));
    for (const made of [directory, outside]) rmSync(made, { recursive: true });
  });

  test(`blocking: events of watchers that begin during a storm give the entries on disk (seed ${seed})`, async () => {
    const directory = tmpDir(fastest);
    const outside = tmpDir(fastest);
    const writer = spawn(...storm(directory, outside, seed, 2000));
    const written = new Promise((resolve) => writer.on("exit", resolve));
    const begun: { watcher: Watcher; model: Model; loop: Promise<void> }[] = [];
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const watcher = watch(directory, { blocking: true, initial: true, maxQueue: 1_000_000 });
      const model = new Model();
      const loop = (async () => {
        for await (const event of watcher) model.apply(event);
      })();
      begun.push({ watcher, model, loop });
    }
    assert.equal(await within(written), 0);
    for (const { watcher, model, loop } of begun) {
      await within(watcher.sync());
      await new Promise((resolve) => setTimeout(resolve, 0));
      await watcher.close();
      await loop;
      assert.deepEqual(model.contradictions, []);
      assert.deepEqual(model.paths, onDisk(directory));
    }
    for (const made of [directory, outside]) rmSync(made, { recursive: true });
  });
}
