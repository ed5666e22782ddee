/** How `watch` shares its terminal with a COMMAND. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { lineOf, noTerminal, onTerminal, type Session } from "../helpers/terminal.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

/** How long a COMMAND may take to end, in milliseconds. */
const GRACE = 5000;

/** How long after the first signal a second one is ignored, in milliseconds. */
const ECHO = 100;

const skip = noTerminal;

/** `watch` on a terminal. */
interface Run extends Session {
  /** Makes a change, which runs the COMMAND. */
  change(): void;
  /**
   * Waits until the terminal shows something, and drops the output up to there.
   *
   * @returns the first group of the pattern
   */
  shows(pattern: string | RegExp): Promise<string | undefined>;
  /** Waits until it has ended. @returns its exit status */
  ended(): Promise<number>;
}

/** Watches a directory of its own with a script for sh(1). */
async function running(script: string, ...options: string[]): Promise<Run> {
  const directory = tmpDir();
  const run = session(
    lineOf("watch", [...options, directory, "--", "sh", "-c", script]),
    directory,
  );
  await run.shows("Ctrl-C ends it.");
  run.change();
  return run;
}

function session(line: string, directory: string): Run {
  const run = onTerminal(line, directory);
  const { output } = run;
  let changes = 0;
  return {
    ...run,
    change: () => mkdirSync(join(directory, String(changes++))),
    async shows(pattern) {
      const find = () =>
        typeof pattern === "string" ? output.text.indexOf(pattern) : output.text.search(pattern);
      const state = () => [String(pattern), output];
      await until(() => find() >= 0 || output.ended, state);
      const at = find();
      assert.ok(at >= 0, JSON.stringify(state()));
      const [found, part] = typeof pattern === "string" ? [pattern] : pattern.exec(output.text)!;
      output.text = output.text.slice(at + found.length);
      return part;
    },
    async ended() {
      await until(() => output.ended, () => output);
      return output.code!;
    },
  };
}

/** Presses a key again and again until `watch` has ended. */
async function insist({ output, type }: Run, key: string): Promise<void> {
  let pressed = -Infinity;
  await until(() => {
    const now = performance.now();
    if (now - pressed > 2 * ECHO) {
      type(key);
      pressed = now;
    }
    return output.ended;
  }, () => output);
}

/** Runs until it is ended, but not forever. */
const LOOP = "n=0; while [ $((n = n + 1)) -lt 3000 ]; do sleep 0.01; done";

test("a COMMAND has the terminal in the foreground, and reads from it", { skip }, async () => {
  const stat = "set -- $(cut -d' ' -f5,8 /proc/$$/stat); [ $1 = $2 ] && echo mine";
  using run = await running(`${stat}; read x; echo read $x; read y </dev/tty; echo tty $y`);
  await run.shows("mine");
  run.type("one\n");
  await run.shows("read one");
  run.type("two\n");
  await run.shows("tty two");
  run.change();
  await run.shows("mine");
  run.type("three\n");
  await run.shows("read three");
  run.type("\x03");
  assert.equal(await run.ended(), 130);
});

const KEYS = [["\x03", "INT", 130], ["\x1c", "QUIT", 131]] as const;

for (const [key, signal, status] of KEYS) {
  test(
    `the key for SIG${signal} ends the COMMAND, whatever its exit status, and watch`,
    { skip },
    async () => {
      const ends = ["exit 0", "exit 3", `trap - ${signal}; kill -${signal} $$`];
      await Promise.all(ends.map(async (end) => {
        using run = await running(
          `trap "sleep 0.1; echo caught; ${end}" ${signal}; echo open; ${LOOP}`,
        );
        await run.shows("open");
        run.type(key);
        await run.shows("caught");
        assert.equal(await run.ended(), status);
        assert.ok(!run.output.text.includes("sh "), run.output.text); // no message about it
      }));
    },
  );
}

test(
  "a COMMAND that ignores the signal of a key is killed after 5 s, or at a second key",
  { skip },
  async () => {
    const stubborn = async (signal: string) => {
      const run = await running(`trap "" ${signal}; echo open; (${LOOP}); true`);
      await run.shows("open");
      return { run, begin: performance.now() };
    };
    const once = async () => {
      const { run, begin } = await stubborn("INT");
      using _ = run;
      run.type("\x03");
      assert.equal(await run.ended(), 130);
      assert.ok(performance.now() - begin > GRACE - 100);
    };
    const twice = async ([key, signal, status]: (typeof KEYS)[number]) => {
      const { run, begin } = await stubborn(signal);
      using _ = run;
      await insist(run, key);
      assert.equal(await run.ended(), status);
      assert.ok(performance.now() - begin < GRACE);
    };
    await Promise.all([once(), ...KEYS.map(twice)]);
  },
);

test(
  "Ctrl-C ends watch between runs, with the processes that a COMMAND has left",
  { skip },
  async () => {
    using run = await running("sleep 60 & echo done");
    await run.shows("done");
    await insist(run, "\x03");
    assert.equal(await run.ended(), 130);
  },
);

test("watch on a terminal passes signals on that are sent to it", { skip }, async () => {
  for (const [name, status] of [["INT", 130], ["TERM", 143]] as const) {
    using run = await running(`trap "echo caught; exit" ${name}; echo open $PPID.; ${LOOP}`);
    const pid = Number(await run.shows(/open (\d+)\./));
    process.kill(pid, `SIG${name}`);
    await run.shows("caught");
    assert.equal(await run.ended(), status);
  }
});

test("watch takes the terminal back at the end, in its old modes", { skip }, async () => {
  const directory = tmpDir();
  const raw = `stty raw -echo; echo open; kill -KILL $$`;
  const watch = lineOf("watch", [directory, "--", "sh", "-c", raw]);
  using run = session(`trap : INT; ${watch}; echo "status $?"; read x; echo "read $x"`, directory);
  await run.shows("Ctrl-C ends it.");
  run.change();
  await run.shows("was ended by SIGKILL");
  run.type("\x03");
  await run.shows("status 130");
  run.type("one\n");
  await run.shows("read one");
});

const noShell = skip ||
  spawnSync("bash", ["--version"]).status !== 0 &&
    "bash(1), which has job control, is not installed";

test(
  "Ctrl-Z stops the COMMAND and watch, and fg continues both",
  { skip: noShell },
  async () => {
    const directory = tmpDir();
    using run = session("PS1='$ ' exec bash --norc --noediting -i", directory);
    const script = 'echo open; read x; echo "read $x"; read y; echo "read $y"';
    await run.shows("$ ");
    run.type(`${lineOf("watch", [directory, "--", "sh", "-c", script])}\n`);
    await run.shows("Ctrl-C ends it.");
    run.change();
    await run.shows("open\r\n");
    run.type("\x1a");
    await run.shows("Stopped");
    await run.shows("$ ");
    run.type("echo $((6 * 7))\n"); // the shell reads it, not the COMMAND
    await run.shows("42");
    run.type("fg\n");
    await run.shows("watch.ts");
    run.type("one\n");
    await run.shows("read one");
    run.type("\x1a");
    await run.shows("Stopped");
    run.type("bg\n");
    await until(() => {
      run.type("jobs\n");
      return run.output.text.includes("Stopped"); // again, since it reads from the terminal
    }, () => run.output);
    run.type("fg\n");
    await run.shows("watch.ts");
    run.type("two\n");
    await run.shows("read two");
    run.change();
    await run.shows("open\r\n");
    run.type("\x03");
    await run.shows("$ ");
    run.type("echo status $?\n");
    await run.shows("status 130");
    run.type("exit\n");
    await run.ended();
  },
);

test("Ctrl-Z does not stop a COMMAND if there is no shell to continue it", { skip }, async () => {
  using run = await running("echo open; read x; echo read $x");
  await run.shows("open");
  run.type("\x1a");
  run.type("one\n");
  await run.shows("read one");
  run.type("\x03");
  assert.equal(await run.ended(), 130);
});

test("the end of a terminal ends the COMMAND by SIGHUP", { skip }, async () => {
  const caught = join(tmpDir(), "caught");
  using run = await running(`trap "mkdir ${caught}; exit" HUP; echo open; ${LOOP}`);
  await run.shows("open");
  run[Symbol.dispose]();
  await until(() => existsSync(caught), () => run.output);
});

test("watch --clear clears a terminal before each run", { skip }, async () => {
  using run = await running("echo open", "--clear");
  await run.shows("\x1b[H\x1b[Jopen");
  run.change();
  await run.shows("\x1b[H\x1b[Jopen");
  run.type("\x03");
  assert.equal(await run.ended(), 130);
});
