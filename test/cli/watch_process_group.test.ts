/** How `watch` ends a COMMAND and the processes that it has started, without a terminal. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { lives } from "../helpers/proc.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { type Running, watching } from "../helpers/watch_command.ts";
import { until } from "../helpers/within.ts";

/** How long a COMMAND may take to end, in milliseconds. */
const GRACE = 5000;

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/** A running `watch` with a COMMAND. */
interface Run extends Running, Disposable {
  /** Makes a change, which runs the COMMAND. */
  change(): void;
  /** Waits until the COMMAND has printed so many lines. @returns them */
  lines(count: number): Promise<string[]>;
  /** Sends a signal to `watch`. */
  signal(name: keyof typeof NUMBERS): void;
  /** Waits until `watch` has ended, and checks that its exit status is that of a signal. */
  ended(name: keyof typeof NUMBERS): Promise<void>;
}

/** Watches a directory of its own with a script for sh(1). */
async function running(script: string, ...options: string[]): Promise<Run> {
  const directory = tmpDir();
  const run = await watching([...options, directory, "--", "sh", "-c", script]);
  const { child, output } = run;
  let changes = 0;
  const printed = () => output.stdout.split("\n").slice(0, -1);
  const change = () => mkdirSync(join(directory, String(changes++)));
  change();
  return {
    ...run,
    change,
    async lines(count) {
      await until(() => printed().length >= count || "code" in output, () => output);
      assert.equal(printed().length, count, JSON.stringify(output));
      return printed();
    },
    // Without child.kill(): after that Deno reports the signal instead of the exit status.
    signal: (name) => void process.kill(child.pid!, name),
    async ended(name) {
      await until(() => "code" in output, () => output);
      assert.equal(output.code, 128 + NUMBERS[name], JSON.stringify(output));
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** Runs until it is ended, but not forever. */
const LOOP = "n=0; while [ $((n = n + 1)) -lt 3000 ]; do sleep 0.01; done";

/** A server that is no child of `watch`, and prints a line 0.2 s after the signal that ends it. */
const SERVER = `(trap "sleep 0.2; echo closed; exit" TERM; echo open; ${LOOP})`;

test("a COMMAND has a process group of its own", async () => {
  using run = await running("cut -d' ' -f1,5 /proc/$$/stat");
  const [line] = await run.lines(1);
  const [pid, group] = line.split(" ").map(Number);
  assert.equal(group, pid);
  assert.notEqual(pid, run.child.pid);
  run.signal("SIGTERM");
  await run.ended("SIGTERM");
});

test("watch --restart waits until all processes of the COMMAND have ended", async () => {
  using run = await running(`${SERVER}; true`, "--restart");
  await run.lines(1);
  run.change();
  assert.deepEqual(await run.lines(3), ["open", "closed", "open"]);
  run.signal("SIGTERM");
  await run.ended("SIGTERM");
  assert.deepEqual(await run.lines(4), ["open", "closed", "open", "closed"]);
});

test("a process that a COMMAND leaves runs until the next run or the end", async () => {
  using run = await running("sleep 60 >/dev/null 2>&1 & echo $!");
  const [first] = (await run.lines(1)).map(Number);
  assert.ok(lives(first));
  run.change();
  const [, second] = (await run.lines(2)).map(Number);
  assert.ok(!lives(first) && lives(second));
  run.signal("SIGTERM");
  await run.ended("SIGTERM");
  assert.ok(!lives(second));
});

const noSetsid = spawnSync("setsid", ["--version"]).status !== 0 && "setsid(1) is not installed";

test("a daemon that a COMMAND has started is not ended", { skip: noSetsid }, async () => {
  using run = await running("setsid sleep 60 >/dev/null 2>&1 & echo $!");
  const [daemon] = (await run.lines(1)).map(Number);
  await until(() => sessionOf(daemon) === daemon, () => daemon);
  run.signal("SIGTERM");
  await run.ended("SIGTERM");
  assert.ok(lives(daemon));
  process.kill(daemon);
});

function sessionOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[5]);
}

test("watch --signal chooses the signal that ends a COMMAND", async () => {
  const trap = 'for s in HUP INT TERM USR1; do trap "echo $s; exit" $s; done';
  const script = `${trap}; echo open; ${LOOP}`;
  const chosen = [["SIGINT", "INT"], ["usr1", "USR1"], ["1", "HUP"]];
  await Promise.all(chosen.map(async ([signal, name]) => {
    using run = await running(script, "--restart", "--signal", signal);
    await run.lines(1);
    run.change();
    assert.deepEqual(await run.lines(3), ["open", name, "open"]);
    run.signal("SIGTERM");
    await run.ended("SIGTERM");
    assert.deepEqual(await run.lines(4), ["open", name, "open", name]);
  }));
});

/** Ignores the signals that end it. */
const STUBBORN = `trap '' HUP INT QUIT TERM; echo open; ${LOOP}`;

test("a COMMAND that ignores the signal is killed after 5 s, at a restart and at the end", async () => {
  const runs = await Promise.all([
    running(`${STUBBORN} & wait`, "--restart"),
    running(`(${STUBBORN}); true`),
  ]);
  await Promise.all(runs.map((run) => run.lines(1)));
  const begin = performance.now();
  runs[0].change();
  runs[1].signal("SIGINT");
  await Promise.all([runs[0].lines(2), runs[1].ended("SIGINT")]);
  assert.ok(performance.now() - begin > GRACE - 100);
  await insist(runs[0], "SIGTERM");
});

test("a COMMAND that ignores the signal is killed at a second one", async () => {
  const names = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;
  await Promise.all(names.map(async (name) => {
    using run = await running(`(${STUBBORN}); true`);
    await run.lines(1);
    const begin = performance.now();
    await insist(run, name);
    assert.ok(performance.now() - begin < GRACE);
  }));
});

/** Sends a signal again and again until `watch` ends by it. */
async function insist(run: Run, name: keyof typeof NUMBERS): Promise<void> {
  await until(() => {
    if (lives(run.child.pid!)) run.signal(name);
    return "code" in run.output;
  }, () => run.output);
  await run.ended(name);
}

test("a signal that is repeated at once, as by npm, does not kill a COMMAND", async () => {
  using run = await running(
    `trap "sleep 0.2; echo closed; exit" INT; echo open; ${LOOP}`,
  );
  await run.lines(1);
  run.signal("SIGINT");
  run.signal("SIGINT");
  await run.ended("SIGINT");
  assert.deepEqual(await run.lines(2), ["open", "closed"]);
});

test("a COMMAND that is a script without #! is run by sh(1)", async () => {
  const directory = tmpDir();
  const script = join(tmpDir(), "script");
  writeFileSync(script, 'echo "$0 $*"\n', { mode: 0o755 });
  const { child, output } = await watching([directory, "--", script, "a", "b"]);
  mkdirSync(join(directory, "a"));
  await until(() => output.stdout !== "" || "code" in output, () => output);
  assert.equal(output.stdout, `${script} a b\n`);
  child.kill();
});
