/** A program ends as it would without an instance that is still open, whatever waits to be read. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { command, runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** @returns the exit code of a program that ends in that way, or the signal that ended it */
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
    ["such a watcher, in a loop", 0],
    ["batches that wait for quiet, of a watcher that closes", 0],
    ["batches that wait for quiet, and return", 0],
    ["a pending read", 0],
    ["fifty pending reads", 0],
    ["an event in a listener of exit", 0],
    ["exitCode", 3],
    ["process.exit()", 4],
    ["process.exit() while it is closed", 4],
    ["an exception", 1],
    ["an exception in a listener of exit", 1],
    ["work in beforeExit", 0],
    ["a listener of exit opens the first instance", 0],
    ["a listener of exit opens another instance", 0],
    ["a listener of exit opens a watcher", 0],
    ["a listener of exit reads again", 0],
    ["a listener of exit closes", 0],
    ["a copy of process for a global", 0], // as Jest makes one
  ] as const
) {
  const skip = way === "a copy of process for a global" && runtimeName !== "node" &&
    "only on Node.js the end of the process matters to who waits";
  test(`the end is ${code}: ${way}`, { skip }, async () => {
    assert.equal(await end(way), code);
  });
}
