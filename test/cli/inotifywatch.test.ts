/** What inotifywatch does beyond inotify-tools, and what is checked without these. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { limits } from "../../mod.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ours } from "../helpers/tools.ts";
import { until } from "../helpers/within.ts";

test("inotifywatch reports an interrupt during the set-up, and ends at the second one", async () => {
  const directory = tmpDir(fastest);
  for (let i = 0; i < 100; i++) {
    mkdirSync(join(directory, String(i)));
    for (let j = 0; j < 200; j++) mkdirSync(join(directory, String(i), String(j)));
  }
  const tool = ours("inotifywatch", ["-r", "."], directory);
  const { output } = tool;
  await until(() => output.stderr.includes("Establishing watches...\n"), () => output);
  process.kill(tool.child.pid!, "SIGINT");
  await until(() => output.stderr.includes("interrupt me again.\n"), () => output);
  process.kill(tool.child.pid!, "SIGINT");
  assert.equal(await tool.ended(), 1);
  assert.match(output.stderr, /\nNo statistics collected, asked to abort before all watches could/);
});

test("inotifywatch counts events of new directories, and of moved ones by their new path", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "a"));
  const tool = ours("inotifywatch", ["-r", "-e", "create", "--json", "."], directory);
  await tool.ready();
  mkdirSync(join(directory, "a/b"));
  await tool.watches(3);
  mkdirSync(join(directory, "a/b/d"));
  await tool.watches(4);
  renameSync(join(directory, "a/b"), join(directory, "c"));
  mkdirSync(join(directory, "c/e"));
  await tool.watches(5);
  process.kill(tool.child.pid!, "SIGTERM");
  assert.equal(await tool.ended(), 0);
  assert.deepEqual(tool.output.stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { filename: "./c/", total: 2, create: 2 },
    { filename: "./a/", total: 1, create: 1 },
  ]);
});

test("inotifywatch counts all events before an interrupt", async () => {
  const directory = tmpDir();
  const tool = ours("inotifywatch", ["-e", "create", "--json", "."], directory);
  await tool.ready();
  process.kill(tool.child.pid!, "SIGSTOP");
  for (const name of ["a", "b", "c"]) mkdirSync(join(directory, name));
  process.kill(tool.child.pid!, "SIGINT");
  process.kill(tool.child.pid!, "SIGCONT");
  assert.equal(await tool.ended(), 0);
  assert.deepEqual(JSON.parse(tool.output.stdout), { filename: "./", total: 3, create: 3 });
});

test("inotifywatch ends at an interrupt while the queue of the kernel is full", async () => {
  const directory = tmpDir(fastest);
  const tool = ours("inotifywatch", ["-e", "create", "--json", "."], directory);
  await tool.ready();
  process.kill(tool.child.pid!, "SIGSTOP");
  for (let i = 0; i <= limits().maxQueuedEvents; i++) mkdirSync(join(directory, String(i)));
  process.kill(tool.child.pid!, "SIGINT");
  process.kill(tool.child.pid!, "SIGCONT");
  assert.equal(await tool.ended(), 0);
  assert.match(
    tool.output.stderr,
    /\nEvents were lost: the kernel's queue was full\.\n$/,
  );
  const total = limits().maxQueuedEvents;
  assert.deepEqual(JSON.parse(tool.output.stdout), { filename: "./", total, create: total });
});

test("inotifywatch prints a table at each SIGUSR1", async () => {
  const directory = tmpDir();
  const tool = ours("inotifywatch", ["-e", "create", "."], directory);
  await tool.ready();
  for (const expected of ["1", "2"]) {
    mkdirSync(join(directory, expected));
    await until(() => {
      process.kill(tool.child.pid!, "SIGUSR1");
      return tool.output.stdout.includes(`\n${expected}      ${expected}       ./\n\n`);
    }, () => tool.output);
  }
  process.kill(tool.child.pid!, "SIGINT");
  assert.equal(await tool.ended(), 0);
});
