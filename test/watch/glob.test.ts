/** `Glob`, compared with git(1). */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Glob } from "../../src/watch/glob.ts";
import { globs } from "../helpers/globs.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

const hasGit = spawnSync("git", ["--version"]).status === 0;

/** Whether a line of a `.gitignore` file matches a path, or a directory above it. */
function isIgnored(line: string, path: string): boolean {
  const [, body, slash] = /^(.*?)(\/?)$/s.exec(line)!;
  const anchored = body.includes("/");
  try {
    const glob = new Glob(body.replace(/^\//, ""), false);
    const names = path.split("/");
    return names.some((_, i) =>
      (slash === "" || i < names.length - 1) &&
      glob.matches(names.slice(anchored ? 0 : i, i + 1).join("/"), 0)
    );
  } catch {
    return false; // invalid, which matches nothing in git
  }
}

test("Glob matches the same paths as git", { skip: hasGit ? false : "git is missing" }, () => {
  const seed = Date.now() % 1_000_000;
  const { glob, path } = globs(seed);
  const directory = tmpDir(fastest);
  const lines = Array.from({ length: 300 }, () => glob().replace(/^(?=[!#])/, "\\"));
  const pairs = lines.flatMap((line, i) => {
    mkdirSync(join(directory, String(i)));
    writeFileSync(join(directory, String(i), ".gitignore"), `${line}\n`);
    return Array.from({ length: 10 }, () => [i, path(line)] as const);
  });
  const git = (args: string[], input?: string) => {
    const { stdout, stderr } = spawnSync("git", args, { cwd: directory, input, encoding: "utf8" });
    assert.equal(stderr, "");
    return stdout;
  };
  git(["init", "--quiet"]);
  const ignored = new Set(
    git(
      ["-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"],
      pairs.map(([i, name]) => `${i}/${name}\0`).join(""),
    ).split("\0"),
  );
  assert.ok(ignored.size > 100, `${ignored.size} of ${pairs.length} paths are matched`);
  for (const [i, name] of pairs) {
    const which = `${JSON.stringify(lines[i])} and ${JSON.stringify(name)}, seed ${seed}`;
    assert.equal(isIgnored(lines[i], name), ignored.has(`${i}/${name}`), which);
  }
});

for (
  const [glob, text, expected] of [
    ["*a*a*a*a*a*a*a*a*a*b", "a".repeat(4000), false],
    ["**/**/**/**/**/**/x", "a/".repeat(2000) + "a", false],
    ["**/*a*a*a/**/*a*a*a/**/*a*a*a*b", "aaaaaaaaaaaaaaaaaaa/".repeat(200) + "a", false],
    ["**/*a*a*a/**/*a*a*a/**/*a*a*a*b", "aaaaaaaaaaaaaaaaaaa/".repeat(200) + "aaab", true],
    ["*".repeat(4000), "a".repeat(4000), true],
    ["*?".repeat(1000), "a".repeat(4000), true],
    ["[a-b]*".repeat(100) + "c", "ab".repeat(2000), false],
  ] as const
) {
  test(`Glob does not backtrack: ${glob.slice(0, 32)} and ${text.length} characters take less than 2 s`, () => {
    const begin = performance.now();
    assert.equal(new Glob(glob, false).matches(text, 0), expected);
    // It takes milliseconds; with backtracking, years.
    assert.ok(performance.now() - begin < 2000, `${performance.now() - begin} ms`);
  });
}

test("Glob counts a character as one, however many code units or bytes it has", () => {
  for (const text of ["ü", "€", "😀", "\udcff", "\u0000", "\n"]) {
    assert.ok(new Glob("?", false).matches(text, 0), JSON.stringify(text));
    assert.ok(new Glob("[!a]", false).matches(text, 0), JSON.stringify(text));
    assert.ok(!new Glob("??", false).matches(text, 0), JSON.stringify(text));
    assert.ok(new Glob("*?", false).matches(`a${text}`, 0), JSON.stringify(text));
    assert.ok(new Glob("?b", false).matches(`${text}b`, 0), JSON.stringify(text));
  }
  assert.ok(new Glob("[😀-😂]", false).matches("😁", 0));
});

test("Glob takes an unclosed [ and a final backslash as literal if lenient, and throws if not", () => {
  for (const [glob, text] of [["[a", "[a"], ["a[", "a["], ["[a*", "[abc"], ["a\\", "a\\"]]) {
    assert.ok(new Glob(glob, true).matches(text, 0), glob);
    assert.throws(() => new Glob(glob, false), /^TypeError: its "(\[|\\\\)" is incomplete$/, glob);
  }
  for (const lenient of [true, false]) {
    assert.throws(() => new Glob("[[:word:]]", lenient), /there is no class \[:word:\]/);
  }
});
