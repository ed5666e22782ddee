/** `INOTIFY_DEBUG`: what a watcher does, a line each on stderr. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { command } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

function stderrOf(directory: string, debug: string | undefined): string[] {
  const { INOTIFY_DEBUG: _, ...env } = process.env;
  const [file, args] = command("debugged.ts", [directory]);
  const { status, stderr } = spawnSync(file, args, {
    encoding: "utf8",
    env: debug === undefined ? env : { ...env, INOTIFY_DEBUG: debug },
  });
  assert.equal(status, 0, stderr);
  return stderr.split("\n").filter((line) => line.startsWith("inotify"));
}

test("INOTIFY_DEBUG=1 prints kernel events, scans, fences, commits and reports, with times", () => {
  const directory = tmpDir();
  const lines = stderrOf(directory, "1");
  for (const line of lines) {
    assert.match(line, /^inotify +\d+\.\d{3} (event|rename|scan|fence|commit|report) /);
  }
  const all = lines.map((line) => line.replace(/^inotify +\S+ /, "")).join("\n");
  const path = JSON.stringify(`${directory}/d`);
  assert.match(all, /^event +watch \d+ IN_CREATE\|IN_ISDIR "d"$/m);
  assert.ok(all.includes(`scan   ${path} watch `), all);
  assert.match(all, /^fence +sent for \d+\n(.*\n)*fence +back$/m);
  assert.ok(all.includes(`commit ${path} live 0 held`), all);
  assert.ok(all.includes(`report {"kind":"create","path":${path},"isDirectory":true}`), all);
});

test("nothing is printed without INOTIFY_DEBUG, or with an empty one", () => {
  assert.deepEqual([...stderrOf(tmpDir(), undefined), ...stderrOf(tmpDir(), "")], []);
});
