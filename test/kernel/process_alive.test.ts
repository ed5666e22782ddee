/** A pending ready, sync() or add() keeps the process alive, even if the watcher does not. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** Waits in another process. @returns its exit code or signal, and its output */
function waitFor(what: string): Promise<{ code: unknown; printed: string }> {
  const directory = tmpDir();
  for (let i = 0; i < 100; i++) {
    mkdirSync(join(directory, `directory-${i}/below`), { recursive: true });
  }
  const [file, args] = command("wait_for.ts", [what, directory]);
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code ?? error.signal, printed: stdout + stderr });
    });
  });
}

for (
  const what of [
    "ready",
    "sync()",
    "add()",
    "ready and sync(), repeatedly",
    "sync() after unref()",
    "sync() during which unref() is called",
    "sync() of one of two",
    "sync() of one of two, the other being closed",
  ]
) {
  test(`the process waits for ${what}, and then ends`, async () => {
    assert.deepEqual(await waitFor(what), { code: 0, printed: "done\n" });
  });
}

for (const what of ["sync() after which ref() is called", "sync() during which ref() is called"]) {
  test(`the process waits for ${what}, and stays alive`, async () => {
    assert.deepEqual(await waitFor(what), { code: 0, printed: "done\nalive\n" });
  });
}
