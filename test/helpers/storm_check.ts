/** Compares the model and the mirror that a consumer builds from a storm's events with the disk. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { InotifyError, watch } from "../../mod.ts";
import { readAll, type View } from "./disk.ts";
import { Mirror } from "./mirror.ts";
import { Model, onDisk } from "./model.ts";
import { command } from "./runtime.ts";
import { fastest, tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** The size of a storm. */
export interface Storm {
  readonly changes: number;
  /** For how many milliseconds the event loop is blocked. */
  readonly blocked: number;
  /** The number of files created at once. */
  readonly flood: number;
  readonly maxQueue?: number;
}

/** The result of a storm. */
export interface StormResult {
  /** The differences from the disk. */
  readonly wrong: readonly string[];
  /** The number of directories that could not be watched. */
  readonly uncovered: number;
}

/** Runs a storm in a watched directory. */
export async function checkStorm(seed: number, storm: Storm): Promise<StormResult> {
  const directory = tmpDir(fastest);
  const outside = tmpDir(fastest);
  const { maxQueue = 1_000_000 } = storm;
  await using watcher = watch(directory, { initial: true, maxQueue });
  const model = new Model();
  const view: View = {
    roots: new Set([directory]),
    depth: Infinity,
    followSymlinks: false,
    ignores: () => false,
  };
  const mirror = new Mirror(view, true);
  const loop = (async () => {
    for await (const event of watcher) {
      model.apply(event);
      mirror.apply(event);
    }
  })();
  await within(watcher.ready);
  const program = command("storm.ts", [
    directory,
    outside,
    String(seed),
    String(storm.changes),
    String(storm.flood),
  ]);
  const writer = spawn(...program, { stdio: "inherit" });
  const written = new Promise((resolve) => writer.on("exit", resolve));
  if (storm.blocked > 0) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const end = Date.now() + storm.blocked; Date.now() < end;);
  }
  assert.equal(await within(written), 0);
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0)); // lets the loop take the queued events
  const disk = onDisk(directory);
  const stale = mirror.differences(readAll(view), true).filter((line) => line.startsWith("stale"));
  await watcher.close();
  await loop;
  for (const made of [directory, outside]) rmSync(made, { recursive: true });
  const wrong = [
    ...model.contradictions,
    ...[...disk].filter((path) => !model.paths.has(path) && model.covers(path))
      .map((path) => `missing ${path}`),
    ...[...model.paths].filter((path) => !disk.has(path) && model.covers(path))
      .map((path) => `not there ${path}`),
    ...model.errors.filter((error) => !isNoSpace(error)).map(String),
  ];
  const uncovered = model.errors.filter(isNoSpace).length;
  // Not every runtime can read a file whose name is not UTF-8.
  if (uncovered === 0) wrong.push(...stale.filter((line) => !line.includes("\ufffd")));
  return { wrong, uncovered };
}

function isNoSpace(error: Error): boolean {
  return error instanceof InotifyError && error.code === "ENOSPC";
}
