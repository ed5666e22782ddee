/** A watcher that does not keep the process alive does so all the same while somebody waits for it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** Waits in a process of its own. @returns its exit code or signal, and what it printed */
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
    "ready and sync(), again and again",
    "sync() after unref()",
    "sync(), and unref() meanwhile",
    "sync() of one of two",
    "sync() of one of two, the other one closed",
  ]
) {
  test(`the process waits for ${what}, and then ends by itself`, async () => {
    assert.deepEqual(await waitFor(what), { code: 0, printed: "done\n" });
  });
}

for (const what of ["sync() and ref() after it", "sync(), and ref() meanwhile"]) {
  test(`the process waits for ${what}, and stays`, async () => {
    assert.deepEqual(await waitFor(what), { code: 0, printed: "done\nalive\n" });
  });
}
