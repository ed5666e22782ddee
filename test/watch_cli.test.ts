/** The command behind `scripts/watch.sh`, run as a process of its own. */

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { command } from "./helpers/runtime.ts";
import { tmpDir } from "./helpers/tmp.ts";
import { until } from "./helpers/within.ts";

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly output: { stdout: string; stderr: string; code?: number | string | null };
}

function watch(args: string[], cwd?: string, under?: string[]): Running {
  const [file, argv] = command("../../src/cli/watch.ts", args, under && { under });
  const child = spawn(file, argv, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const output: Running["output"] = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => output.stdout += chunk);
  child.stderr.on("data", (chunk) => output.stderr += chunk);
  child.on("close", (code, signal) => output.code = code ?? signal);
  return { child, output };
}

async function watching(args: string[], cwd?: string, under?: string[]): Promise<Running> {
  const running = watch(args, cwd, under);
  const { output } = running;
  const ready = () => output.stderr.includes("Ctrl-C ends it.\n");
  await until(() => ready() || output.code !== undefined, () => output);
  assert.ok(ready(), output.stderr);
  return running;
}

test("prints a line for each change, of each directory", async () => {
  const [one, two] = [join(tmpDir(), "one"), join(tmpDir(), "two")];
  mkdirSync(one);
  mkdirSync(two);
  const { child, output } = await watching([one, `${two}/`]);
  writeFileSync(join(one, "file"), "x");
  renameSync(join(one, "file"), join(two, "moved"));
  mkdirSync(join(two, "sub"));
  rmSync(join(two, "moved"));
  const expected = [
    `create ${one}/file`,
    `modify ${one}/file`,
    `rename ${one}/file -> ${two}/moved`,
    `create ${two}/sub/`,
    `remove ${two}/moved`,
    "",
  ].join("\n");
  // One change or two for a write: the kernel merges what is not read between them.
  const changes = () => output.stdout.replace(/(modify .*\n)\1+/g, "$1");
  await until(() => changes().length >= expected.length, () => output);
  assert.equal(changes(), expected);
  child.kill("SIGINT");
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, "SIGINT");
});

test("watches the current directory by default", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([], directory);
  mkdirSync(join(directory, "sub"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, "create sub/\n");
  child.kill();
});

test("a terminal is not sent what a name would have it do", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([directory]);
  mkdirSync(join(directory, "\x1b[31mred\n\x9b"));
  await until(() => output.stdout !== "", () => output);
  assert.equal(output.stdout, `create ${directory}/\\u001b[31mred\\u000a\\u009b/\n`);
  child.kill();
});

test("waits for a path that does not exist, and for one that is gone", async () => {
  const directory = join(tmpDir(), "later");
  const { child, output } = await watching([directory]);
  assert.ok(output.stderr.includes(`, and waiting for ${directory}; Ctrl-C`));
  for (let round = 1; round <= 2; round++) {
    mkdirSync(directory);
    await until(() => output.stdout.split("create").length > round, () => output);
    rmSync(directory, { recursive: true });
    await until(() => output.stdout.split("remove").length > round, () => output);
  }
  assert.equal(output.stdout, `create ${directory}/\nremove ${directory}/\n`.repeat(2));
  child.kill();
});

test("ends quietly when its reader has gone away", async () => {
  const directory = tmpDir();
  const { child, output } = await watching([directory]);
  child.stdout.destroy();
  let made = 0;
  await until(() => {
    mkdirSync(join(directory, String(made++)));
    return output.code !== undefined;
  }, () => output);
  assert.equal(output.code, 0);
  assert.equal(output.stderr, `Watching ${directory} (1 watch); Ctrl-C ends it.\n`);
});

test("says what is wrong with its output, where it is not that nobody reads it", async () => {
  const directory = tmpDir();
  const under = ["sh", "-c", 'exec "$@" >/dev/full', "sh"];
  const { output } = await watching([directory], undefined, under);
  mkdirSync(join(directory, "a"));
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 1);
  assert.match(output.stderr, /\nwatch: .*(ENOSPC|[Nn]o space left).*\n$/);
});

for (
  const [args, code, stderr] of [
    [
      ["/dev/null/directory"],
      1,
      /^watch: Cannot watch "\/dev\/null\/directory": a part of the way to it is not a directory \(ENOTDIR\)\n$/,
    ],
    [["--no-such-option"], 2, /^watch: Unknown option '--no-such-option'.*\n$/],
  ] as const
) {
  test(`watch ${args[0]} says why it does not, in one line`, async () => {
    const { output } = watch([...args]);
    await until(() => output.code !== undefined, () => output);
    assert.equal(output.code, code);
    assert.match(output.stderr, stderr);
    assert.equal(output.stdout, "");
  });
}

test("--help says how to use it", async () => {
  const { output } = watch(["--help"]);
  await until(() => output.code !== undefined, () => output);
  assert.equal(output.code, 0);
  assert.match(output.stdout, /^Usage: watch/);
});
