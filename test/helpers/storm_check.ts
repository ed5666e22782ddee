/** Whether what a consumer builds from the events of a storm, and copies, is what is on the disk. */

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

/** What kind of storm a seed is. */
export interface Storm {
  readonly changes: number;
  /** Milliseconds for which the event loop does nothing else. */
  readonly blocked: number;
  /** Files made at once. */
  readonly flood: number;
  readonly maxQueue?: number;
}

/** What became of a storm. */
export interface Weather {
  /** What is wrong in the end. */
  readonly wrong: readonly string[];
  /** For how many directories no watch was left. */
  readonly uncovered: number;
}

/** Has a storm while a watcher watches. */
export async function weather(seed: number, storm: Storm): Promise<Weather> {
  const directory = tmpDir(fastest);
  const outside = tmpDir(fastest);
  const { maxQueue = 1_000_000 } = storm;
  await using watcher = watch(directory, { initial: true, maxQueue });
  const model = new Model();
  const view: View = {
    roots: new Set([directory]),
    recursive: true,
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
  await new Promise((resolve) => setTimeout(resolve, 0)); // the loop takes what waits
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
    ...model.errors.filter((error) => !isScarcity(error)).map(String),
  ];
  const uncovered = model.errors.filter(isScarcity).length;
  // Not every runtime can read what has a name that is not UTF-8.
  if (uncovered === 0) wrong.push(...stale.filter((line) => !line.includes("\ufffd")));
  return { wrong, uncovered };
}

function isScarcity(error: Error): boolean {
  return error instanceof InotifyError && error.code === "ENOSPC";
}
