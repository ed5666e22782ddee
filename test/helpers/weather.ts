/** Whether what a consumer builds from the events of a storm is what is on the disk. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { type InotifyError, watch } from "../../mod.ts";
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
  /** Whether watches run out. */
  readonly scarce?: boolean;
}

/** @returns what is wrong in the end, if anything is */
export async function weather(seed: number, storm: Storm): Promise<string | undefined> {
  const directory = tmpDir(fastest);
  const outside = tmpDir(fastest);
  const { maxQueue = 1_000_000 } = storm;
  await using watcher = watch(directory, { initial: true, maxQueue });
  const model = new Model();
  const loop = (async () => {
    for await (const event of watcher) model.apply(event);
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
  await watcher.close();
  await loop;
  for (const made of [directory, outside]) rmSync(made, { recursive: true });
  const wrong = [
    ...model.contradictions,
    ...[...disk].filter((path) => !model.paths.has(path) && model.covers(path))
      .map((path) => `missing ${path}`),
    ...[...model.paths].filter((path) => !disk.has(path) && model.covers(path))
      .map((path) => `not there ${path}`),
    ...model.errors.filter((error) => !storm.scarce || (error as InotifyError).code !== "ENOSPC")
      .map(String),
  ];
  if (storm.scarce && model.errors.length === 0) wrong.push("the watches have not run out");
  return wrong.length === 0 ? undefined : wrong.slice(0, 10).join("\n");
}
