/** What `--gitignore` leaves out, held against git. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gitignore } from "../src/cli/gitignore.ts";
import { tmpDir } from "./helpers/tmp.ts";

/** Entries of a tree; those that end with a slash are directories. */
const TREE = [
  "a",
  "a.log",
  ".log",
  "a]b",
  "a b ",
  "#a",
  "!a",
  "a*b",
  "build/",
  "build/a",
  "src/",
  "src/a.log",
  "src/build/",
  "src/build/b",
  "src/x/",
  "src/x/y/",
  "src/x/y/a",
  "src/x/y/keep.log",
  "Z9",
];

const PATTERNS = [
  "a",
  "/a",
  "*.log",
  "!keep.log",
  "!.log",
  "*",
  "!*/",
  "?",
  "build",
  "build/",
  "/build/",
  "src/build",
  "src/*",
  "src/**",
  "!src/x",
  "**/y",
  "**/a",
  "src/**/a",
  "src/**/y/",
  "x/y",
  "a**",
  "a\\*b",
  "a[]]b",
  "a[!b]b",
  "[#!]a",
  "[[:upper:]][[:digit:]]",
  "[A-Z]?",
  "[a-",
  "[z-a]",
  "[[:nothing:]a]",
  "src[!b]*.log",
  "src[!b]*",
  "\\#a",
  "\\!a",
  "#a",
  "a b\\ ",
  "a b ",
  "a ",
  "a\\",
  "",
  "/",
  "+(a)",
  "{a,b}",
];

function git(directory: string, args: readonly string[], input?: string): string {
  const { stdout, error } = spawnSync("git", args, { cwd: directory, input, encoding: "utf8" });
  if (error) throw error;
  return stdout;
}

function bare(entry: string): string {
  return entry.replace(/\/$/, "");
}

/** The entries that `ignored` does not prune, from the top down. */
function remaining(ignored: (entry: string) => boolean): string[] {
  const pruned = new Set<string>();
  return TREE.filter((entry) => {
    const above = dirname(entry);
    if (!pruned.has(`${above}/`) && !ignored(entry)) return true;
    if (entry.endsWith("/")) pruned.add(entry);
    return false;
  });
}

const hasGit = spawnSync("git", ["--version"]).status === 0;

test("ignores what git ignores", { skip: hasGit ? false : "git is missing" }, () => {
  const directory = tmpDir();
  git(directory, ["init", "--quiet"]);
  for (const entry of TREE) {
    if (entry.endsWith("/")) mkdirSync(join(directory, entry));
    else writeFileSync(join(directory, entry), "");
  }
  const files = PATTERNS.flatMap((pattern) => [
    [[pattern], []],
    [["*", "!/src", pattern], []],
    [["*.log", "y"], [pattern]],
    [[pattern], ["!a.log", "!x", "!y"]],
  ]);
  for (const [top, nested] of files) {
    writeFileSync(join(directory, ".gitignore"), top.join("\n"));
    writeFileSync(join(directory, "src/.gitignore"), nested.join("\n"));
    const input = TREE.map((entry) => `${bare(entry)}\0`).join("");
    const args = ["-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"];
    const ignored = new Set(git(directory, args, input).split("\0"));
    const ours = gitignore();
    assert.deepEqual(
      remaining((entry) => ours(join(directory, bare(entry)), entry.endsWith("/"))),
      remaining((entry) => ignored.has(bare(entry))),
      JSON.stringify({ top, nested }),
    );
  }
});

test("ignores .git, and nothing where there is no repository", () => {
  const directory = tmpDir();
  writeFileSync(join(directory, ".gitignore"), "a");
  assert.equal(gitignore()(join(directory, "a"), false), false);
  assert.equal(gitignore()(join(directory, ".git"), true), true);
  mkdirSync(join(directory, ".git"));
  assert.equal(gitignore()(join(directory, "a"), false), true);
});
