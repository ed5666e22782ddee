/** `getopt()`, which parses as getopt_long(3) does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { getopt, GetoptError, type Given, type Option } from "../../src/cli/inotifytools/getopt.ts";

const OPTIONS: readonly Option[] = [
  { name: "monitor", letter: "m" },
  { name: "quiet", letter: "q" },
  { name: "event", letter: "e", argument: true },
  { name: "exclude", argument: true },
  { name: "excludei", argument: true },
  { name: "no-newline" },
  { name: "extra", extra: true },
];

/** An option by its name, or an operand. */
type Named = { option: string; argument: string } | { operand: string };

function named(given: Given): Named {
  return "operand" in given ? given : { ...given, option: given.option.name };
}

const quiet = { option: "quiet", argument: "" };
const monitor = { option: "monitor", argument: "" };
const event = (argument: string) => ({ option: "event", argument });
const operand = (operand: string) => ({ operand });

for (
  const [args, expected] of [
    [[], []],
    [["a", "-m", "b"], [operand("a"), monitor, operand("b")]],
    [["-mq", "-qm"], [monitor, quiet, quiet, monitor]],
    [["-e", "x"], [event("x")]],
    [["-ex"], [event("x")]],
    [["-e", "-m"], [event("-m")]],
    [["-me", "x"], [monitor, event("x")]],
    [["-mex"], [monitor, event("x")]],
    [["-e", ""], [event("")]],
    [["-e", "--"], [event("--")]],
    [["--event", "x"], [event("x")]],
    [["--event=x=y"], [event("x=y")]],
    [["--event="], [event("")]],
    [["--ev", "x"], [event("x")]],
    [["--exclude=a"], [{ option: "exclude", argument: "a" }]],
    [["--excludei=a"], [{ option: "excludei", argument: "a" }]],
    [["--no"], [{ option: "no-newline", argument: "" }]],
    [["--extra"], [{ option: "extra", argument: "" }]],
    [["-", "--", "-m", "--"], [operand("-"), operand("-m"), operand("--")]],
    [["", "-m"], [operand(""), monitor]],
  ] as [string[], Named[]][]
) {
  test(`getopt() takes ${JSON.stringify(args)}`, () => {
    assert.deepEqual([...getopt(args, OPTIONS)].map(named), expected);
  });
}

for (
  const [args, before, message] of [
    [["-m", "-x", "-q"], [monitor], "invalid option -- 'x'"],
    [["-mx"], [monitor], "invalid option -- 'x'"],
    [["-e"], [], "option requires an argument -- 'e'"],
    [["-me"], [monitor], "option requires an argument -- 'e'"],
    [["--event"], [], "option '--event' requires an argument"],
    [["--ev"], [], "option '--event' requires an argument"],
    [["--monitor=1"], [], "option '--monitor' doesn't allow an argument"],
    [["--mon=1"], [], "option '--monitor' doesn't allow an argument"],
    [["--nothing=1"], [], "unrecognized option '--nothing=1'"],
    [["--extr"], [], "unrecognized option '--extr'"],
    [
      ["--e=1"],
      [],
      "option '--e=1' is ambiguous; possibilities: '--event' '--exclude' '--excludei'",
    ],
    [["--ex", "1"], [], "option '--ex' is ambiguous; possibilities: '--exclude' '--excludei'"],
  ] as [string[], Named[], string][]
) {
  test(`getopt() refuses ${JSON.stringify(args)}`, () => {
    const given: Named[] = [];
    assert.throws(() => {
      for (const one of getopt(args, OPTIONS)) given.push(named(one));
    }, (error) => error instanceof GetoptError && error.message === message);
    assert.deepEqual(given, before);
  });
}
