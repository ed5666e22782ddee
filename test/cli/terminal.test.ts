/** Control characters in names are escaped on a terminal, which would obey them. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lineOf, noTerminal, onTerminal } from "../helpers/terminal.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ours } from "../helpers/tools.ts";
import { until } from "../helpers/within.ts";

/** It sets the title, clears the screen by C1 control characters, and reverses the text that follows. */
const NAME = "a\x1b]0;title\x07b\u009b2Jc\u202ed\ne";
const SHOWN = String.raw`a\u001b]0;title\u0007b\u009b2Jc\u202ed\u000ae`;

const IN_JSON = SHOWN.replace(String.raw`\u000a`, String.raw`\n`);

const skip = noTerminal;

/** Whether a terminal would do anything but show this. */
const obeys = (text: string) => ["\x07", "\u009b", "\u202e"].some((one) => text.includes(one));

for (
  const [program, args, ready, expected] of [
    ["inotifywait", ["-m", "-e", "create", "."], "established.", `./ CREATE ${SHOWN}\r\n`],
    [
      "inotifywait",
      ["-m", "-e", "create", "--format", "\x1b[1m%w%f\x1b[0m", NAME],
      "established.",
      `\x1b[1m${SHOWN}/${SHOWN}\x1b[0m\r\n`,
    ],
    ["inotifywait", ["-m", "-e", "create", "-c", "."], "established.", `./,CREATE,${SHOWN}\r\n`],
    ["inotifywait", ["-m", "-e", "create", "--json", "."], "established.", `"name":"${IN_JSON}"`],
    ["watch", ["--events", "create", "."], "Ctrl-C ends it.", SHOWN],
    ["watch", ["--events", "create", "--json", "."], "Ctrl-C ends it.", IN_JSON],
  ] as [string, string[], string, string][]
) {
  test(
    `${program} ${JSON.stringify(args)} escapes control characters in names`,
    { skip },
    async () => {
      const directory = tmpDir(fastest);
      const watched = join(directory, args.at(-1)!);
      mkdirSync(watched, { recursive: true });
      using session = onTerminal(lineOf(program, args), directory);
      const { output } = session;
      await until(() => output.text.includes(ready) || output.ended, () => output);
      writeFileSync(join(watched, NAME), "");
      await until(() => output.text.includes(expected) || output.ended, () => output);
      assert.ok(output.text.includes(expected), JSON.stringify(output.text));
      assert.ok(!obeys(output.text), JSON.stringify(output.text));
    },
  );
}

for (
  const [args, expected] of [[["-e", "create"], SHOWN], [
    ["-e", "create", "--json"],
    IN_JSON,
  ]] as const
) {
  test(
    `inotifywatch ${args.join(" ")} escapes control characters in paths`,
    { skip },
    async () => {
      const directory = tmpDir(fastest);
      mkdirSync(join(directory, NAME));
      using session = onTerminal(
        lineOf("inotifywatch", [...args, "-t", "1", NAME]),
        directory,
      );
      const { output } = session;
      await until(() => output.text.includes("Finished") || output.ended, () => output);
      writeFileSync(join(directory, NAME, "file"), "");
      await until(() => output.ended, () => output);
      assert.ok(output.text.includes(expected), JSON.stringify(output.text));
      assert.ok(!obeys(output.text), JSON.stringify(output.text));
    },
  );
}

test("messages of inotifywait escape control characters in names", { skip }, async () => {
  using session = onTerminal(lineOf("inotifywait", [NAME]), tmpDir());
  const { output } = session;
  await until(() => output.ended, () => output);
  const lines = SHOWN.replace(String.raw`\u000a`, "\r\n"); // in a message it ends a line
  assert.ok(output.text.includes(lines), JSON.stringify(output.text));
  assert.ok(!obeys(output.text), JSON.stringify(output.text));
});

test("inotifywait writes names unchanged to a pipe", async () => {
  const directory = tmpDir(fastest);
  const tool = ours("inotifywait", ["-e", "create", "--format", "%f", "."], directory);
  await tool.ready();
  writeFileSync(join(directory, NAME), "");
  assert.equal(await tool.ended(), 0);
  const bytes = Uint8Array.from(tool.output.stdout, (character) => character.charCodeAt(0));
  assert.equal(new TextDecoder().decode(bytes), `${NAME}\n`);
});
