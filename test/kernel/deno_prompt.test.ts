/** Deno's permission prompts, which need a terminal, and the effect of each answer. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { command, runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const skip = runtimeName !== "deno"
  ? "only Deno prompts"
  : spawnSync("script", ["--version"]).status !== 0 &&
    "script(1), which provides a terminal, is not installed";

interface Session extends Disposable {
  /** Waits until the next prompt, which must contain `question`, and answers until Deno accepts it. */
  answer(question: string, answer: string): Promise<void>;
  /** Waits until the output contains `expected`. */
  shows(expected: string): Promise<void>;
  /** Waits for the end. @returns the number of prompts */
  ended(): Promise<number>;
}

/** Runs a program on a terminal, without permissions. */
function onTerminal(program: string, ...args: string[]): Session {
  // Without any permission flag, a Deno that starts a Deno permits everything.
  const flags = ["run", "--no-check", "--deny-net"];
  const words = command(program, args, { flags }).flat();
  const line = words.map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], { stdio: ["pipe", "pipe", "ignore"] });
  let output = "";
  let hasEnded = false;
  child.stdout.setEncoding("utf8").on("data", (text) => output += text);
  child.on("close", () => hasEnded = true);
  const text = () => stripVTControlCharacters(output);
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
      // Deno discards what is typed before it listens.
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
  test(
    `new Inotify() prompts for FFI, and reads after the answer "${answer}"`,
    { skip },
    async () => {
      const directory = tmpDir();
      using session = onTerminal("first_event.ts", directory);
      await session.answer("ffi access", answer);
      await session.shows('"limits"');
      writeFileSync(join(directory, "file"), "");
      await session.shows('"name":"file"');
      assert.equal(await session.ended(), 1);
    },
  );
}

test(
  'new Inotify() prompts for FFI once, and fails after the answer "n"',
  { skip },
  async () => {
    using session = onTerminal("new_inotify.ts");
    await session.answer("ffi access", "n");
    await session.shows("Cannot use inotify: Deno may not call libc; run with --allow-ffi");
    assert.equal(await session.ended(), 1);
  },
);

for (const [answer, outcome] of [["y", '"told"'], ["n", '{"refused":"EACCES"']]) {
  test(
    `watch() prompts for FFI and for its path, and accepts "${answer}" for the path`,
    { skip },
    async () => {
      const directory = tmpDir();
      using session = onTerminal("permitted.ts", "{}", directory);
      await session.answer("ffi access", "y");
      await session.answer(`read access to "${directory}"`, answer);
      await session.shows(outcome);
      assert.equal(await session.ended(), 2);
    },
  );
}
