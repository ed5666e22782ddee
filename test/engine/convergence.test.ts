/**
 * The central promise of the watcher: after a random storm of changes by another process, the copy that a
 * consumer builds from the events, reading the bytes at each, equals the disk, and no event contradicts
 * an earlier one.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds.
 */

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import process from "node:process";
import { limits, watch } from "../../mod.ts";
import { inSmallPieces } from "../helpers/interpose.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { limited, LIMITS } from "../helpers/namespace.ts";
import { runForJson } from "../helpers/program.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { checkStorm, type Storm, type StormResult } from "../helpers/storm_check.ts";
import { within } from "../helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-16").split("-").map(Number);

const STORMS: Record<string, (changes: number) => Storm> = {
  "a storm": (changes) => ({ changes, blocked: 0, flood: 0 }),
  "a storm while the event loop is blocked": (changes) => ({ changes, blocked: 300, flood: 0 }),
  "a storm for a loop with a small queue": (changes) => ({
    changes,
    blocked: 0,
    flood: 0,
    maxQueue: 40,
  }),
  "a storm that overflows the kernel's queue": (changes) => ({
    changes,
    blocked: 1500,
    flood: limits().maxQueuedEvents,
  }),
};

for (let seed = from; seed <= to; seed++) {
  const [name, storm] = Object.entries(STORMS)[seed % 4];
  test(`after ${name} the copy equals the disk (seed ${seed})`, async () => {
    const { wrong, uncovered } = await checkStorm(seed, storm(800));
    assert.equal(uncovered, 0, "this system has no free watch");
    if (wrong.length === 0) return;
    const [changes, smallest] = await shrink(seed, storm, wrong);
    assert.fail(`seed ${seed}, ${changes} changes:\n${smallest.slice(0, 10).join("\n")}`);
  });
}

for (let seed = from; seed <= from + (to - from) / 2; seed++) {
  const [name, storm] = Object.entries(STORMS)[seed % 4];
  test(`after ${name} the copy equals the disk if scans are made in small pieces (seed ${seed})`, async () => {
    using _ = inSmallPieces();
    assert.deepEqual((await checkStorm(seed, storm(800))).wrong, []);
  });
}

test("after storms without enough watches the copy equals what is watched", {
  skip: LIMITS.skip,
}, () => {
  let uncovered = 0;
  for (let seed = from; seed <= from + (to - from) / 4; seed++) {
    const result = runForJson<StormResult>(
      "storm_check.ts",
      [String(seed), "800"],
      limited("watches", 9),
    );
    assert.deepEqual(result.wrong, [], `seed ${seed}`);
    uncovered += result.uncovered;
  }
  assert.ok(uncovered > 0, "there were enough watches");
});

test("a scan is not committed while an overflow before its fence is unread", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { initial: true, maxQueue: 1_000_000 });
  const model = new Model();
  const loop = (async () => {
    for await (const event of watcher) model.apply(event);
  })();
  await within(watcher.ready);
  const { maxQueuedEvents } = limits();
  const fill = () => {
    for (let i = 0; i < maxQueuedEvents / 2; i++) {
      writeFileSync(join(directory, `${i}`), "");
      rmSync(join(directory, `${i}`));
    }
  };
  writeFileSync(join(directory, "before"), "");
  fill(); // the last event is lost, and IN_Q_OVERFLOW is behind the others
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // some events are read
    writeFileSync(join(directory, `${turn} is reported`), "");
    fill();
    rmSync(join(directory, `${turn} is reported`));
  }
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  assert.ok(model.overflows > 0);
  assert.deepEqual(model.paths, onDisk(directory));
});

/** Finds a shorter storm that fails too. */
async function shrink(
  seed: number,
  storm: (changes: number) => Storm,
  wrong: readonly string[],
): Promise<[changes: number, wrong: readonly string[]]> {
  let smallest: [number, readonly string[]] = [storm(800).changes, wrong];
  for (let changes = 400; changes > 10; changes = Math.floor(changes / 2)) {
    const shorter = await checkStorm(seed, storm(changes));
    if (shorter.wrong.length > 0) smallest = [changes, shorter.wrong];
  }
  return smallest;
}
