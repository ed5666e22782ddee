/** Brace expansion, compared with bash(1). */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { expand } from "../../src/watch/braces.ts";
import { globs } from "../helpers/globs.ts";

const PARTS = [
  ..."{{{}}},,,,ab1-*[]\\",
  ...["..", "{a,b}", "{1..3}", "{3..1}", "{a..e..2}", "{01..3}", "{-1..1}", "{}", "\\{", "\\,"],
];
const ENDS = ["0", "1", "03", "-2", "-02", "+4", "12", "a", "c", "k", "A", "", "-", "1a", "aa"];

/** Expands words by bash, in which only braces and backslashes are special. */
function bash(words: readonly string[]): string[][] {
  // Quoted, so that a backslash and the character after it stay as they are.
  const quoted = words.map((word) =>
    word.replace(/\\(.)/gs, (_, next) => next === "\\" ? "\\\\\\\\" : `\\\\\\${next}`)
  );
  const input = ["set -f", ...quoted.map((word) => `printf '%s\\0' ${word}; echo`)].join("\n");
  const { stdout, stderr } = spawnSync("bash", { input, encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\0\n").slice(0, -1).map((line) => line.split("\0").filter(Boolean));
}

const hasBash = spawnSync("bash", ["--version"]).status === 0;

test("expand() gives the same words as bash", { skip: hasBash ? false : "bash is missing" }, () => {
  const seed = Date.now() % 1_000_000;
  const { pick } = globs(seed);
  const some = (count: number, make: () => string) => Array.from({ length: count }, make);
  const words = some(1000, () => some(pick([1, 3, 5, 8]), () => pick(PARTS)).join(""));
  const ranges = some(300, () => {
    const [from, to, step] = some(3, () => pick(ENDS));
    return `x{${from}..${to}${pick(["", `..${step}`])}}`;
  });
  const all = [...words, ...ranges].map((word) => /^(\\.|[^\\])*$/s.test(word) ? word : `${word}a`)
    // Bash omits the characters between "Z" and "a".
    .filter((word) => !/[A-Z]\.\.[a-z]|[a-z]\.\.[A-Z]/.test(word));
  const theirs = bash(all);
  all.forEach((word, i) => {
    assert.deepEqual(expand(word).filter(Boolean), theirs[i], `${word}, seed ${seed}`);
  });
});

test("expand() escapes the characters between Z and a", () => {
  assert.deepEqual(expand("{Z..a}"), ["Z", "\\[", "\\\\", "\\]", "\\^", "\\_", "\\`", "a"]);
});

test("expand() throws for more than 10,000 globs", () => {
  assert.equal(expand("{1..100}{1..100}").length, 10_000);
  assert.equal(expand("{1,2}".repeat(13)).length, 8192);
  for (const glob of ["{1..10001}", "{0..9999999999}", "{1,2}".repeat(14), "{a,b}".repeat(1000)]) {
    assert.throws(() => expand(glob), /^TypeError: its braces stand for more than 10000 globs$/);
  }
});
