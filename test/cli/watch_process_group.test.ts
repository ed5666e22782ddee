/** What the `watch` command does with all that a COMMAND starts, without a terminal. */

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

/** A COMMAND, and what makes it run. */
interface Run extends Running, Disposable {
  /** Changes something. */
  change(): void;
  /** Waits until the COMMAND has printed so many lines. @returns them */
  lines(count: number): Promise<string[]>;
  /** Sends a signal to `watch`. */
  signal(name: keyof typeof NUMBERS): void;
  /** Waits until `watch` has ended, and expects it to say by which signal. */
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
    // Not child.kill(): after it Deno says that the signal was the end, whatever the status.
    signal: (name) => void process.kill(child.pid!, name),
    async ended(name) {
      await until(() => "code" in output, () => output);
      assert.equal(output.code, 128 + NUMBERS[name], JSON.stringify(output));
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** What goes on until it is ended, but not for ever. */
const LOOP = "n=0; while [ $((n = n + 1)) -lt 3000 ]; do sleep 0.01; done";

/** A server that is no child of `watch`, takes its time to end, and says so. */
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

test("--restart begins anew when all that the COMMAND has started is gone", async () => {
  using run = await running(`${SERVER}; true`, "--restart");
  await run.lines(1);
  run.change();
  assert.deepEqual(await run.lines(3), ["open", "closed", "open"]);
  run.signal("SIGTERM");
  await run.ended("SIGTERM");
  assert.deepEqual(await run.lines(4), ["open", "closed", "open", "closed"]);
});

test("what a COMMAND leaves running goes on, and is ended before the next run and in the end", async () => {
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

test("a daemon outlives the COMMAND that has started it", { skip: noSetsid }, async () => {
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

test("--signal chooses by which signal a COMMAND is ended", async () => {
  const trap = 'for s in HUP INT TERM USR1; do trap "echo $s; exit" $s; done';
  const script = `${trap}; echo open; ${LOOP}`;
  const chosen = [["SIGINT", "INT"], ["usr1", "USR1"], ["1", "HUP"]];
  await Promise.all(chosen.map(async ([signal, told]) => {
    using run = await running(script, "--restart", "--signal", signal);
    await run.lines(1);
    run.change();
    assert.deepEqual(await run.lines(3), ["open", told, "open"]);
    run.signal("SIGTERM");
    await run.ended("SIGTERM");
    assert.deepEqual(await run.lines(4), ["open", told, "open", told]);
  }));
});

/** Does not end by what it is asked to. */
const STUBBORN = `trap '' HUP INT QUIT TERM; echo open; ${LOOP}`;

test("what ignores the signal is killed after 5 s, at a restart and in the end", async () => {
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

test("what ignores the signal is killed at once at the second one", async () => {
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

test("a signal that comes twice, as by way of npm, is one wish", async () => {
  using run = await running(
    `trap "sleep 0.2; echo closed; exit" INT; echo open; ${LOOP}`,
  );
  await run.lines(1);
  run.signal("SIGINT");
  run.signal("SIGINT");
  await run.ended("SIGINT");
  assert.deepEqual(await run.lines(2), ["open", "closed"]);
});

test("a script without #! is run as by a shell", async () => {
  const directory = tmpDir();
  const script = join(tmpDir(), "script");
  writeFileSync(script, 'echo "$0 $*"\n', { mode: 0o755 });
  const { child, output } = await watching([directory, "--", script, "a", "b"]);
  mkdirSync(join(directory, "a"));
  await until(() => output.stdout !== "" || "code" in output, () => output);
  assert.equal(output.stdout, `${script} a b\n`);
  child.kill();
});
