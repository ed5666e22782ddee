/** `deno run --watch`: programs that run one after the other in a process leave nothing behind. */

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type OpenFiles, openFiles, threads, watches } from "../helpers/proc.ts";
import { start } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** After so many milliseconds Deno has missed a change: one that comes before it watches again. */
const PATIENCE = 4000;

/** What a process has open. */
interface Held {
  readonly files: OpenFiles;
  /** Watches on the directory. */
  readonly watches: number;
  readonly threads: number;
}

/** @returns what the process has open after three restarts, and after `times` restarts */
async function restart(flag: string, way: string, times: number): Promise<[Held, Held]> {
  const directory = tmpDir();
  const inode = statSync(directory).ino;
  const trigger = join(tmpDir(), "trigger");
  writeFileSync(trigger, "");
  const flags = ["run", `${flag}=${trigger}`, "--allow-all", "--no-check", "--quiet"];
  const program = start("restarted.ts", [directory, way], { flags });
  const samples: Held[] = [];
  try {
    for (let i = 0; i <= times; i++) {
      const again = setInterval(() => writeFileSync(trigger, "again"), PATIENCE);
      assert.equal(await program.line().finally(() => clearInterval(again)), "open");
      if (i === 3 || i === times) {
        const { pid } = program;
        const held = { files: openFiles(pid), watches: watches(pid, inode), threads: threads(pid) };
        samples.push(held);
      }
      if (ENDS.includes(way)) {
        process.kill(program.pid, "SIGUSR2");
        assert.equal(await program.line(), "ends");
      }
      writeFileSync(trigger, String(i));
    }
  } finally {
    process.kill(program.pid, "SIGKILL");
  }
  const [first, last] = samples;
  return [first, last];
}

/** The ways in which a program ends by itself. */
const ENDS = ["throws", "exits"];

const cases = [
  ["--watch", "keeps running", 34], // more often than Deno has threads for blocking calls
  ["--watch", "waits at the top level", 8],
  ["--watch", "throws", 8],
  ["--watch", "exits", 8],
  ["--watch-hmr", "keeps running", 8],
  ["--watch-hmr", "throws", 8],
  ["--watch-hmr", "exits", 8],
] as const;

if (runtimeName === "deno") {
  // At once, since Deno mostly waits for further changes.
  const runs = cases.map(([flag, way, times]) => restart(flag, way, times));
  for (const run of runs) run.catch(() => {});
  for (const [i, [flag, way, times]] of cases.entries()) {
    test(`deno run ${flag} leaves nothing open in ${times} restarts of a program that ${way}`, async () => {
      const [first, last] = await runs[i];
      assert.deepEqual(last.files, first.files);
      assert.deepEqual([first.watches, last.watches], [3, 3]);
      // Deno's own thread pool may grow.
      assert.ok(
        last.threads <= first.threads + 6,
        `${last.threads} threads, ${first.threads} before`,
      );
    });
  }
} else {
  test("a restarted program leaves nothing open", { skip: "only Deno restarts in one process" });
}
