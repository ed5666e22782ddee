/** `reconsider()`: the rules of `ignore` change while a watcher is open. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { reconsider } from "../../src/watch/watcher.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { generator } from "../helpers/random.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

test("reconsider() reports nothing, and watches exactly what is not ignored now", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  for (const name of ["a/deep", "b/deep"]) mkdirSync(at(name), { recursive: true });
  let ignored = at("a");
  await using watcher = watch(directory, { ignore: (path) => path === ignored });
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => void lines.push(line(event)));
  assert.deepEqual(watcher.watched().sort(), [directory, at("b"), at("b/deep")]);
  ignored = at("b");
  await within(reconsider(watcher));
  assert.deepEqual(watcher.watched().sort(), [directory, at("a"), at("a/deep")]);
  for (const name of ["a/new", "b/new", "a/deep/new", "b/deep/new"]) mkdirSync(at(name));
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual(lines.sort(), [`create ${at("a/deep/new")}`, `create ${at("a/new")}`]);
});

test("reconsider() reports entries created before and during its scan", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  mkdirSync(at("d"));
  await using watcher = watch(directory, { ignore: () => false });
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => void lines.push(line(event)));
  mkdirSync(at("d/before"));
  const reconsidered = reconsider(watcher);
  mkdirSync(at("d/after"));
  await within(reconsidered);
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual(lines.sort(), [`create ${at("d/after")}`, `create ${at("d/before")}`]);
});

test("reconsider() loses no change made meanwhile: 40 random storms give the entries on disk", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = generator(seed);
    const directory = tmpDir(fastest);
    const at = (name: string) => join(directory, name);
    const pick = () => ["a", "b", "c", "a/x", "b/x", "c/x", "a/x/y"][Math.floor(random() * 7)];
    mkdirSync(at("kept/a/x"), { recursive: true });
    let ignored = /never/;
    await using watcher = watch(at("kept"), {
      initial: true,
      ignore: (path) => ignored.test(path),
    });
    const model = new Model();
    const loop = forEach(watcher, (event) => model.apply(event));
    await within(watcher.ready);
    let reconsidered = Promise.resolve();
    for (let i = 0; i < 60; i++) {
      const path = at(`kept/${pick()}`);
      const choice = random();
      if (choice < 0.5) mkdirSync(path, { recursive: true });
      else if (choice < 0.7) rmSync(path, { recursive: true, force: true });
      else if (choice < 0.8) writeFileSync(at(`kept/f${i % 5}`), "");
      else if (choice < 0.9) tryTo(() => renameSync(path, at(`kept/${pick()}`)));
      else {
        ignored = random() < 0.5 ? /\/never/ : /\/other/; // neither matches anything
        reconsidered = reconsider(watcher);
      }
      if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await within(reconsidered);
    await taken(watcher);
    await watcher.close();
    await loop;
    assert.deepEqual([...model.paths].sort(), [...onDisk(at("kept"))].sort(), `seed ${seed}`);
    assert.deepEqual(model.contradictions, [], `seed ${seed}`);
    rmSync(directory, { recursive: true });
  }
});

function tryTo(change: () => void): void {
  try {
    change();
  } catch {
    // The random paths may not exist, or not allow a rename.
  }
}

test("ignore: a function is not called again about what is beside a path that is added or removed", async () => {
  const directory = tmpDir();
  for (const name of ["a/in", "b/in"]) mkdirSync(join(directory, name), { recursive: true });
  let asked: string[] = [];
  await using watcher = watch(directory, {
    ignore: (path) => {
      asked.push(path);
      return false;
    },
  });
  await watcher.ready;
  asked = [];
  await watcher.add(join(directory, "a"));
  watcher.remove(join(directory, "a"));
  await watcher.sync();
  assert.deepEqual(asked.filter((path) => path.startsWith(join(directory, "b"))), []);
});
