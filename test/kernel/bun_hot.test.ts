/** `bun --hot`: all reloads of a program share one instance, and each watcher stays open until it is closed. */

import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { openFiles } from "../helpers/proc.ts";
import { start } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const RELOADS = 12;
const skip = runtimeName !== "bun" && "only Bun has --hot";

/** Changes a file by a single write: Bun may reload once for each write. */
function change(file: string): void {
  const fd = openSync(file, "r+");
  writeSync(fd, "//");
  closeSync(fd);
}

for (
  const [way, reporting] of [
    ["keeps", Array.from({ length: RELOADS + 1 }, (_, i) => i)],
    ["closes", [RELOADS]],
  ] as const
) {
  test(
    `bun --hot: a reload that ${way} the previous watcher opens no further files`,
    { skip },
    async () => {
      const directory = tmpDir();
      const trigger = join(tmpDir(), "trigger.ts");
      writeFileSync(trigger, "");
      const flags = ["--hot", "--no-clear-screen"];
      const program = start("hot.ts", [directory, trigger, way], { flags });
      try {
        const open = [];
        for (let i = 0; i <= RELOADS; i++) {
          assert.equal(await program.line(), i);
          open.push(openFiles(program.pid));
          if (i < RELOADS) change(trigger);
        }
        assert.deepEqual(open.at(-1), open[0]);
        for (const name of ["a", "b"]) {
          mkdirSync(join(directory, name));
          const lines: number[] = [];
          while (lines.length < reporting.length) lines.push(await program.line());
          assert.deepEqual(lines.sort((a, b) => a - b), reporting);
        }
      } finally {
        process.kill(program.pid, "SIGKILL");
      }
    },
  );
}

test("watch() shares its instance by a symbol that names the package's version", async () => {
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname!, "../../deno.json"), "utf8"),
  ) as { version: string };
  const shared = globalThis as Record<symbol, unknown>;
  const key = Symbol.for(`@inotify/inotify ${version}: instance`);
  assert.equal(shared[key], undefined);
  await using watcher = watch(tmpDir());
  await within(watcher.ready);
  assert.notEqual(shared[key], undefined);
  await watcher.close();
  assert.equal(shared[key], undefined);
});
