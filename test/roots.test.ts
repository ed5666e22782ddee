/**
 * Paths that are watched and, in a storm, come, go, are replaced by other things, and lead by what comes,
 * goes and is replaced: in the end what is told of each is what is there.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InotifyError, watch } from "../mod.ts";
import { forEach, taken } from "./helpers/events.ts";
import { Model, onDisk } from "./helpers/model.ts";
import { command } from "./helpers/runtime.ts";
import { fastest, tmpDir } from "./helpers/tmp.ts";
import { within } from "./helpers/within.ts";

/** The paths that a watcher watches; names that a storm uses. */
const PATHS = [["a"], ["b/c"], ["a/b/c/d"], ["c", "d", "e/f"]];

/** All paths below one that is watched, and may be a link itself. */
function below(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch {
    return []; // it leads nowhere
  }
  return [...onDisk(`${path}/.`)].map((one) => path + one.slice(path.length + "/.".length));
}

/** Whether a path led nowhere for a reason that a storm may have. */
function isPassing(error: Error): boolean {
  return error instanceof InotifyError && (error.code === "ELOOP" || error.code === "ENOTDIR");
}

for (let seed = 1; seed <= 8; seed++) {
  test(`after a storm paths that came and went lead to what was told (seed ${seed})`, async () => {
    const base = tmpDir(fastest);
    const followed = PATHS.map((names) => {
      const paths = names.map((name) => join(base, name));
      const watcher = watch(paths, { initial: true });
      const model = new Model();
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
      assert.deepEqual([...model.paths].sort(), paths.flatMap(below).sort());
      assert.deepEqual(model.contradictions, []);
      assert.deepEqual(model.errors.filter((error) => !isPassing(error)), []);
    }
  });
}
