/**
 * Paths that are watched and, in a storm, come, go, are replaced by other things, and lead by what comes,
 * goes and is replaced: in the end what is told of each is what is there. So it is of paths that are below
 * others.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds than the few of the suite.
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

/** The paths that a watcher watches; names that a storm uses. */
const PATHS = [["a"], ["b/c"], ["a/b/c/d"], ["c", "d", "e/f"], [".", "a", "a/b/c", "c/d"]];

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

for (let seed = from; seed <= to; seed++) {
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
      assert.deepEqual([...model.paths].sort(), [...new Set(paths.flatMap(below))].sort());
      assert.deepEqual(model.contradictions, []);
      assert.deepEqual(model.errors.filter((error) => !isPassing(error)), []);
    }
  });
}
