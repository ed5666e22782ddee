/** A program with an open instance and unread events ends as it would without them. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { command, runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** @returns the exit code of a program that ends in this way, or the signal that ended it */
function end(way: string): Promise<unknown> {
  const [file, args] = command("end.ts", [way, tmpDir()]);
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 20_000 }, (error) => {
      resolve(error === null ? 0 : error.signal ?? error.code);
    });
  });
}

for (
  const [way, code] of [
    ["a watcher that is not persistent", 0],
    ["a loop over a watcher that is not persistent", 0],
    ["close() while a batch settles", 0],
    ["return() while a batch settles", 0],
    ["a pending read", 0],
    ["forty pending reads", 0],
    ["an event during the exit listeners", 0],
    ["exitCode", 3],
    ["process.exit()", 4],
    ["process.exit() during close()", 4],
    ["an exception", 1],
    ["an exception in an exit listener", 1],
    ["timers in a beforeExit listener", 0],
    ["an exit listener opens the first instance", 0],
    ["an exit listener opens another instance", 0],
    ["an exit listener opens a watcher", 0],
    ["an exit listener reads again", 0],
    ["an exit listener closes the instance", 0],
    ["a global process that is a copy", 0], // as Jest makes one
  ] as const
) {
  const skip = way === "a global process that is a copy" && runtimeName !== "node" &&
    "only on Node.js the waiter follows the end of the process";
  test(`the process ends with ${code}: ${way}`, { skip }, async () => {
    assert.equal(await end(way), code);
  });
}
