/** What becomes of the answers to Deno's questions, which it asks on a terminal only. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command, runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const skip = runtimeName !== "deno"
  ? "only Deno asks"
  : spawnSync("script", ["--version"]).status !== 0 &&
    "script(1), which has a terminal, is not installed";

interface Session extends Disposable {
  /** Waits for a question that has this in it, the next one, and answers until Deno takes it. */
  answer(question: string, answer: string): Promise<void>;
  /** Waits for something in the output. */
  shows(expected: string): Promise<void>;
  /** Waits for the end. @returns how many questions there were */
  ended(): Promise<number>;
}

/** Runs a program on a terminal, without a permission. */
function onTerminal(program: string, ...args: string[]): Session {
  // With no flag of this kind at all, a Deno that starts a Deno permits everything.
  const flags = ["run", "--no-check", "--deny-net"];
  const words = command(program, args, { flags }).flat();
  const line = words.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], { stdio: ["pipe", "pipe", "ignore"] });
  let output = "";
  let hasEnded = false;
  child.stdout.setEncoding("utf8").on("data", (text) => output += text);
  child.on("close", () => hasEnded = true);
  // deno-lint-ignore no-control-regex
  const text = () => output.replaceAll(/\x1b\[[\d;]*[A-Za-z]/g, "");
  const count = (pattern: RegExp) => text().match(pattern)?.length ?? 0;
  const questions = () => count(/Deno requests /g);
  const answered = () => count(/(Granted|Denied) .* access/g);
  const shows = async (expected: string) => {
    await until(() => text().includes(expected) || hasEnded, text);
    assert.ok(text().includes(expected), text());
  };
  return {
    async answer(question, answer) {
      const before = answered();
      await shows(question);
      assert.equal(questions(), before + 1, text());
      // What was typed before Deno listens it throws away.
      const type = () => void child.stdin.write(`${answer}\n`);
      type();
      const typing = setInterval(type, 500);
      await until(() => answered() > before || hasEnded, text).finally(() => clearInterval(typing));
    },
    shows,
    async ended() {
      await until(() => hasEnded, text);
      return questions();
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

for (const answer of ["y", "A"]) {
  test(`"${answer}" to Deno's question for FFI lets an instance read`, { skip }, async () => {
    const directory = tmpDir();
    using session = onTerminal("first_event.ts", directory);
    await session.answer("ffi access", answer);
    await session.shows('"limits"');
    writeFileSync(join(directory, "file"), "");
    await session.shows('"name":"file"');
    assert.equal(await session.ended(), 1);
  });
}

test(
  '"n" to it is the error that says what to run with, and no second question',
  { skip },
  async () => {
    using session = onTerminal("new_inotify.ts");
    await session.answer("ffi access", "n");
    await session.shows("Cannot use inotify: Deno may not call libc; run with --allow-ffi");
    assert.equal(await session.ended(), 1);
  },
);

for (const [answer, outcome] of [["y", '"told"'], ["n", '{"refused":"EACCES"']]) {
  test(`watch() asks for FFI and for its path: "${answer}" to the latter`, { skip }, async () => {
    const directory = tmpDir();
    using session = onTerminal("permitted.ts", "{}", directory);
    await session.answer("ffi access", "y");
    await session.answer(`read access to "${directory}"`, answer);
    await session.shows(outcome);
    assert.equal(await session.ended(), 2);
  });
}
