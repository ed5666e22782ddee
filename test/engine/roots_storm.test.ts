/**
 * Roots that are created, removed and replaced in a storm, as are their parents: in the end the model of
 * each watcher equals the disk. Some roots are below others.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { InotifyError, watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-8").split("-").map(Number);

/** The roots of each watcher, which are names that a storm uses. */
const PATHS = [["a"], ["b/c"], ["a/b/c/d"], ["c", "d", "e/f"], [".", "a", "a/b/c", "c/d"]];

/** A root and all paths below it; the root may be a link. */
function below(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch {
    return []; // it does not exist
  }
  return [...onDisk(`${path}/.`)].map((one) => path + one.slice(path.length + "/.".length));
}

/** Whether a storm may have made a root's path invalid for a while. */
function isPassing(error: Error): boolean {
  return error instanceof InotifyError && (error.code === "ELOOP" || error.code === "ENOTDIR");
}

for (let seed = from; seed <= to; seed++) {
  test(`after a storm that removes and replaces roots the model equals the disk (seed ${seed})`, async () => {
    const base = tmpDir(fastest);
    const followed = PATHS.map((names) => {
      const paths = names.map((name) => join(base, name));
      const watcher = watch(paths, { initial: true });
      const model = new Model(names.includes("."));
      return { paths, watcher, model, loop: forEach(watcher, (event) => model.apply(event)) };
    });
    for (const { watcher } of followed) await within(watcher.ready);
    const program = command("storm.ts", [base, tmpDir(fastest), String(seed), "600", "0"]);
    assert.deepEqual(await within(once(spawn(...program, { stdio: "inherit" }), "exit")), [
      0,
      null,
    ]);
    for (const { watcher } of followed) await taken(watcher);
    for (const { paths, watcher, model, loop } of followed) {
      await within(watcher.close());
      await loop;
      assert.deepEqual([...model.paths].sort(), [...new Set(paths.flatMap(below))].sort());
      assert.deepEqual(model.contradictions, []);
      assert.deepEqual(model.errors.filter((error) => !isPassing(error)), []);
    }
  });
}
