/** What `Inotify` leaves behind, and when it keeps the process alive. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { IN_CREATE, Inotify } from "../../mod.ts";
import { openFiles, threads } from "../helpers/proc.ts";
import { command, runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

/** Threads that a runtime's own pool may have started for file functions. */
const POOL = { deno: 32, bun: 8, node: 4 }[runtimeName];

async function cycle(directory: string): Promise<void> {
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const read = inotify.read();
  await inotify.close();
  assert.deepEqual(await read, []);
}

test("2,000 cycles of open, read and close leave no descriptor, watch or thread", async () => {
  const directory = tmpDir();
  await within(cycle(directory));
  await until(() => openFiles().inotify === 0, openFiles);
  const before = { ...openFiles(), threads: threads() };
  const group = 20; // the kernel takes milliseconds for each close
  for (let i = 0; i < 2000; i += group) {
    await within(Promise.all(Array.from({ length: group }, () => cycle(directory))), () => i);
  }
  const now = () => ({ ...openFiles(), threads: threads() });
  await until(() => now().inotify === 0 && now().pipe === before.pipe, now);
  assert.ok(threads() <= before.threads + POOL, `${threads()} threads, ${before.threads} before`);
});

test("40 pending reads all get their event, and leave the runtime's file functions quick", async () => {
  const directory = tmpDir();
  const instances = Array.from({ length: 40 }, () => new Inotify());
  try {
    for (const inotify of instances) inotify.addWatch(directory, IN_CREATE);
    const reads = instances.map((inotify) => inotify.read());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const started = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => readFile("/proc/self/status")));
    const took = performance.now() - started;
    // If each instance held a thread of the pool, this would take until they release it.
    assert.ok(took < 2000, `20 files read in ${took} ms`);
    await writeFile(join(directory, "a"), "");
    for (const [{ name }] of await within(Promise.all(reads))) assert.equal(name, "a");
  } finally {
    await within(Promise.all(instances.map((inotify) => inotify.close())));
  }
});

test("pending reads need no thread, and on Deno one in all", async () => {
  const directory = tmpDir();
  const before = threads();
  const instances = Array.from({ length: 10 }, () => new Inotify());
  for (const inotify of instances) inotify.addWatch(directory, IN_CREATE);
  const reads = instances.map((inotify) => inotify.read());
  await new Promise((resolve) => setTimeout(resolve, 20));
  const extra = threads() - before;
  await within(Promise.all(instances.map((inotify) => inotify.close())));
  await within(Promise.all(reads));
  assert.ok(extra <= (runtimeName === "deno" ? 1 : 0), `${extra} threads`);
});

/** Runs `what` in another process. @returns its exit code or signal, and its output */
function stay(what: string): Promise<{ code: unknown; printed: string }> {
  const [file, args] = command("keep_alive.ts", [what, tmpDir()]);
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 15_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code ?? error.signal, printed: stdout + stderr });
    });
  });
}

for (
  const what of ["pending", "pending again", "unref, then ref", "one of two unref'd"]
) {
  test(`the process stays alive: ${what}`, async () => {
    assert.deepEqual(await stay(what), { code: 0, printed: "alive\n" });
  });
}

for (
  const [what, printed] of [
    ["idle", ""],
    ["idle again", ""],
    ["unref, then read", ""],
    ["read, then unref", ""],
    ["unref, an event, and again", "1 event\n"],
    ["unref, then close", "0 events\n"],
    ["close", ""],
  ] as const
) {
  test(`the process ends: ${what}`, async () => {
    assert.deepEqual(await stay(what), { code: 0, printed });
  });
}

test("process.exit() ends a process with a pending read", async () => {
  assert.deepEqual(await stay("exit"), { code: 5, printed: "" });
});

test("an uncaught exception ends a process with a pending read", async () => {
  const { code, printed } = await stay("throw");
  assert.equal(code, 1);
  assert.match(printed, /thrown on purpose/);
});

test("SIGTERM ends a process with a pending read", async () => {
  const { code } = await stay("signal");
  assert.equal(code, "SIGTERM");
});
