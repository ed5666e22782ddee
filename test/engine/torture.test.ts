/**
 * Storms for a watcher whose process is interrupted by signals, stopped and continued, or collecting
 * garbage all the time: the copy of the events equals the disk.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import { GC_FLAGS } from "../helpers/collect_garbage.ts";
import { openFiles } from "../helpers/proc.ts";
import { command, runtimeName } from "../helpers/runtime.ts";
import type { StormResult } from "../helpers/storm_check.ts";
import { until, within } from "../helpers/within.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-2").split("-").map(Number);

/** Disturbs the process until it ends. */
const DISTURBANCES: Record<string, (pid: number, ended: Promise<unknown>) => Promise<void>> = {
  "interrupted by signals all the time": async (pid, ended) => {
    // Deno panics if signals arrive faster than it handles them.
    const pause = runtimeName === "deno" ? "sleep 0.001" : ":";
    const script = `while kill -WINCH ${pid} 2>/dev/null; do ${pause}; done`;
    const sender = spawn("sh", ["-c", script], { stdio: "ignore" });
    await ended;
    sender.kill();
  },
  "stopped and continued again and again": async (pid, ended) => {
    let running = true;
    void ended.then(() => running = false);
    while (running) {
      for (const signal of ["SIGSTOP", "SIGCONT"] as const) {
        if (running) process.kill(pid, signal);
        await new Promise((resolve) => setTimeout(resolve, signal === "SIGSTOP" ? 150 : 50));
      }
    }
  },
  "collecting garbage all the time": async () => {},
};

for (const [name, disturb] of Object.entries(DISTURBANCES)) {
  for (let seed = from; seed <= to; seed++) {
    test(`a watcher that is ${name} loses no change (seed ${seed})`, async () => {
      const args = [String(seed), "3000", ...name.includes("garbage") ? ["gc"] : []];
      const [file, rest] = command("storm_check.ts", args, { flags: GC_FLAGS });
      const child = spawn(file, rest, { stdio: ["ignore", "pipe", "inherit"] });
      let stdout = "";
      child.stdout.on("data", (chunk) => stdout += chunk);
      const closed = once(child, "close");
      await until(() => isWatching(child.pid!), () => stdout);
      await disturb(child.pid!, once(child, "exit"));
      assert.deepEqual(await within(closed, () => stdout), [0, null], stdout);
      const { wrong, uncovered }: StormResult = JSON.parse(stdout);
      assert.deepEqual(wrong, []);
      assert.equal(uncovered, 0);
    });
  }
}

/** Whether a process has an inotify instance, or has ended, which the test finds later. */
function isWatching(pid: number): boolean {
  try {
    return openFiles(pid).inotify > 0;
  } catch {
    return true;
  }
}
