/** The package leaves nothing behind that fails somebody's tests. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

const root = join(import.meta.dirname!, "../..");

/** The runtime's own test runner: the code that declares `test`, and the command that runs a file. */
const [declaration, ...command] = {
  deno: [
    `const sanitizers = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true };
     const test = (name, fn) => Deno.test({ ...sanitizers, name, fn });`,
    ...["test", "--allow-all", "--no-check"],
  ],
  bun: ['import { test } from "bun:test";', "test"],
  node: ['import { test } from "node:test";', "--disable-warning=ExperimentalWarning", "--test"],
}[runtimeName];

/** Runs tests given as source text, and `before` before the package is used. */
function runTests(tests: string, before = ""): { status: number | null; output: string } {
  const directory = tmpDir();
  const file = join(directory, "some.test.ts");
  writeFileSync(
    file,
    `${declaration}
import { appendFileSync } from "node:fs";
import { IN_MODIFY, Inotify, watch } from "${root}/mod.ts";
import { watchFs } from "${root}/src/compat/watchfs.ts";
const change = () => appendFileSync("${join(directory, "changed")}", "x");
const directory = "${directory}";
${before}
await (async () => {
  // Deno reports a library that a test opens as a leak, so it is opened before.
  await using watcher = watch([]);
  await watcher.ready;
})();
${tests}`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, file], {
    cwd: directory,
    encoding: "utf8",
    // node --test behaves as a child of the outer runner if this variable is set.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: "1" },
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

test("tests that use the package pass, and the runner ends", () => {
  const { status, output } = runTests(`
test("Inotify", async () => {
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_MODIFY);
  const read = inotify.read();
  change();
  await read;
});
test("Inotify, closed while it is read", async () => {
  const inotify = new Inotify();
  const read = inotify.read();
  await inotify.close();
  await read;
});
test("watch", async () => {
  await using watcher = watch(directory);
  await watcher.ready;
  change();
  for await (const _ of watcher) break;
});
test("watch, left by break", async () => {
  const watcher = watch(directory);
  await watcher.ready;
  change();
  for await (const _ of watcher) break;
});
test("watch, in batches", async () => {
  const watcher = watch(directory);
  await watcher.ready;
  change();
  for await (const _ of watcher.batches({ settle: 1 })) break;
});
test("watchFs", async () => {
  const watcher = watchFs(directory);
  change();
  for await (const _ of watcher) break;
});
`);
  assert.equal(status, 0, output);
  assert.match(output, /\b6 (pass|passed)\b|pass 6\b/);
});

test("a file of tests passes though it leaves a watcher open, and the last change comes as it ends", () => {
  // Deno goes on with its event loop after this event. The pause lets poll(2) return.
  const before = `globalThis.addEventListener?.("unload", () => {
    change();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  });`;
  const { status, output } = runTests(
    `
const left = watch(directory);
if (!("Deno" in globalThis)) left.unref(); // or the program would not end
void (async () => { for await (const _ of left); })();
await left.ready;
test("test", change);
`,
    before,
  );
  assert.equal(status, 0, output);
});

test("Deno's sanitizers are active in these tests", {
  skip: runtimeName !== "deno" && "only Deno has them",
}, () => {
  const { status, output } = runTests('test("leak", () => void setTimeout(() => {}, 1e6));');
  assert.equal(status, 1);
  assert.match(output, /Leaks detected/);
});
