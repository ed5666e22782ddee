/**
 * Mirrors across restarts: after a storm during a run, one between the runs, and a start with `since`, a mirror
 * has the paths, types and bytes of the disk.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds, INOTIFY_TRACE=1 prints what was done and reported.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { restartsOf, restartStorm } from "../helpers/restart_storm.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-6").split("-").map(Number);

for (let seed = from; seed <= to; seed++) {
  test(`a mirror equals the disk after restarts, seed ${seed}`, async () => {
    const lines: string[] = [];
    const wrong = await restartStorm(seed, restartsOf(seed), (line) => lines.push(line));
    const shown = process.env["INOTIFY_TRACE"] ? `\n${lines.join("\n")}` : "";
    assert.deepEqual(wrong.slice(0, 12), [], JSON.stringify(restartsOf(seed)) + shown);
  });
}
