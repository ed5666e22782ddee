/** `gitignore()`, compared with git. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { gitignore } from "../../src/cli/gitignore.ts";
import { fromBytes } from "../../src/kernel/byte_string.ts";
import { globs } from "../helpers/globs.ts";
import { UNPRIVILEGED } from "../helpers/namespace.ts";
import { runForJson } from "../helpers/program.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

const skip = spawnSync("git", ["--version"]).status !== 0 && "git is missing";

// A user without git settings, for git and for gitignore().
const home = tmpDir(fastest);
for (const name of Object.keys(process.env)) if (name.startsWith("GIT_")) delete process.env[name];
Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: "", GIT_CONFIG_NOSYSTEM: "1" });

function git(directory: string, args: readonly string[], input: string = ""): string {
  const { error, status, stdout, stderr } = spawnSync(
    "git",
    ["-c", "protocol.file.allow=always", ...args],
    { cwd: directory, input: Buffer.from(input, "latin1") },
  );
  if (error) throw error;
  assert.ok(status === 0 || args.includes("check-ignore"), stderr.toString());
  return stdout.toString("latin1");
}

/** Makes files by name, with one character per byte; `undefined` makes a directory. */
function make(directory: string, files: Record<string, string | undefined>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(content === undefined ? path : dirname(path), { recursive: true });
    if (content !== undefined) writeFileSync(path, content, "latin1");
  }
}

/** Makes a repository. */
function repository(files: Record<string, string | undefined> = {}): string {
  const directory = tmpDir(fastest);
  git(directory, ["init", "--quiet", "--initial-branch=main"]);
  make(directory, files);
  return directory;
}

/** Whether a path is a directory. */
function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Which paths gitignore() ignores, and which git ignores; also below an ignored directory. Paths have one
 * character per byte; those that do not exist count as files.
 */
function both(directory: string, paths: readonly string[], warn?: (text: string) => void) {
  const args = ["check-ignore", "--no-index", "-z", "--stdin"];
  const input = paths.map((path) => `${path}\0`).join("");
  const theirs = new Set(git(directory, args, input).split("\0"));
  const isIgnored = gitignore(libc(), warn);
  const ours = paths.filter((path) => {
    const names = path.split("/");
    return names.some((_, i) => {
      const above = Buffer.from(names.slice(0, i + 1).join("/"), "latin1");
      const isDirectory = i < names.length - 1 || isThere(join(directory, path));
      // Without join(): on Bun it replaces text that is not well-formed.
      return isIgnored(`${directory}/${fromBytes(above)}`, isDirectory);
    });
  });
  return { ours, theirs: paths.filter((path) => theirs.has(path)) };
}

/** Asserts which paths gitignore() and git ignore. Spaces separate them; ␣ is a space in a name. */
function ignores(directory: string, paths: string, expected: string): void {
  const split = (text: string) => text.split(" ").map((path) => path.replace("␣", " "));
  const { ours, theirs } = both(directory, split(paths));
  const wanted = expected === "" ? [] : split(expected);
  assert.deepEqual({ ours, theirs }, { ours: wanted, theirs: wanted });
}

for (let round = 1; round <= 4; round++) {
  test(`gitignore() equals git in a random tree (${round})`, { skip }, () => {
    const seed = (Date.now() + round) % 1_000_000;
    const { glob, path, pick } = globs(seed);
    const latin1 = (text: string, encoding: "utf8" | "latin1" = "utf8") =>
      Buffer.from(text, encoding).toString("latin1");
    const list = (most: number) => {
      const made = Array.from({ length: pick([1, 2, most]) }, glob);
      const lines = made.map((pattern) =>
        latin1(pick(["", "", "", "", "!", "!", "\\!", "#", "é"]) + pattern) +
        pick(["", "", "", "", "/", " ", "\\ ", "\t", "\0a"])
      );
      const end = pick(["\n", "\r\n"]);
      return { made, text: pick(["", "\xef\xbb\xbf"]) + lines.join(end) + pick(["", end]) };
    };
    const outer = [list(1), list(2), list(2)];
    const directory = repository({
      ".gitignore": outer[0].text,
      ".git/info/exclude": outer[1].text,
    });
    make(home, { ".config/git/ignore": outer[2].text });
    const names = Array.from({ length: 40 }, (_, i) => `${i}/${pick(["a", "b", "b/a", "c/a/b"])}`)
      .flatMap((folder) => {
        const inner = [list(6), list(3)];
        make(directory, {
          [`${folder}/.gitignore`]: inner[0].text,
          [`${dirname(folder)}/.gitignore`]: inner[1].text,
        });
        return Array.from({ length: 20 }, () => {
          const which = pick([0, 0, 1, 2]);
          const pattern = pick((inner[which] ?? pick(outer)).made);
          const name = `${pick([folder, folder, dirname(folder)])}/${path(pattern)}`;
          return latin1(name + pick(["", "", "", "", "é"]), pick(["utf8", "latin1"]));
        });
      });
    const { ours, theirs } = both(directory, names);
    assert.ok(theirs.length > 10, `${theirs.length} of ${names.length} are ignored, seed ${seed}`);
    const [one, other] = [new Set(ours), new Set(theirs)];
    assert.deepEqual([...one.symmetricDifference(other)], [], `seed ${seed}`);
  });
}

for (
  const [what, files, paths, expected] of [
    [
      "CRLF line ends",
      { ".gitignore": "a\r\nb/\r\n\r\n!c\r" },
      "a b b/a c d",
      "a b/a",
    ],
    ["a byte order mark", { ".gitignore": "\xef\xbb\xbfa\nb" }, "a b c", "a b"],
    [
      "line ends of other formats are no line ends",
      {
        ".gitignore": "\xe2\x80\xa8a\nb\xc2\x85\nc\vd\ne\ff\n",
      },
      "a \xe2\x80\xa8a b\xc2\x85 b c\vd e\ff",
      "\xe2\x80\xa8a b\xc2\x85 c\vd e\ff",
    ],
    ["a NUL byte", { ".gitignore": "a\0b\nc" }, "a ab c", "a c"],
    [
      "names that are not UTF-8",
      { ".gitignore": "\xff?\n?\xe9\n" },
      "\xff\xfe \xff\xff\xff a\xe9 \xc3\xa9\xe9",
      "\xff\xfe a\xe9",
    ],
    [
      "named character classes",
      {
        ".gitignore": [
          "[[:punct:]]a",
          "[[:space:]]b",
          "[[:cntrl:]]c",
          "[[:print:]]d",
          "[[:alpha:]]e",
        ].join("\n"),
      },
      "!a ~a \x7fa \vb \tb \x01c \x7fc \x85c ~d \x7fd Ze \xe4e",
      "!a ~a \tb \x01c \x7fc ~d Ze",
    ],
    [
      "a directory called .gitignore",
      { ".gitignore/a": "", "b/.gitignore": "a" },
      "a b/a",
      "b/a",
    ],
    [
      "trailing spaces",
      { ".gitignore": "a  \nb\\ \nc\\\\ \nd\t\n \n" },
      "a b b␣ c c\\ d d\t",
      "a b␣ c\\ d\t",
    ],
    [
      "a nearer .gitignore overrides",
      {
        ".gitignore": "*.o\nb/\n",
        "a/.gitignore": "!*.o\n",
        "a/b/.gitignore": "*\n",
        "c/d/.gitignore": "!x.o\n/y\n",
      },
      "x.o a/x.o a/b/x.o c/x.o c/d/x.o c/d/y c/d/e/y",
      "x.o a/b/x.o c/x.o c/d/y",
    ],
    [
      "nothing is taken back inside an ignored directory",
      {
        ".gitignore": "a\n!a/b\n",
        "a/.gitignore": "!*\n",
      },
      "a/b a/c b",
      "a/b a/c",
    ],
    ["info/exclude", { ".git/info/exclude": "a\nb\n", ".gitignore": "!b\n" }, "a b c/a", "a c/a"],
    [
      "core.excludesFile",
      {
        ".git/config": '[core]\n\texcludesFile = "lists/a" ; not\n',
        "lists/a": "a\nb\nc\n",
        ".git/info/exclude": "!b\n",
        ".gitignore": "!c",
      },
      "a b c",
      "a",
    ],
    [
      "the last core.excludesFile counts",
      {
        ".git/config": "[core] excludesfile = a\n[CORE]\n  excludesFile=\\\n b#\n",
        "a": "a",
        "b": "b",
      },
      "a b",
      "b",
    ],
    [
      "the user's ignore list",
      { ".git/info/exclude": "!mine\n" },
      "home home/a mine",
      "home home/a",
    ],
    [
      "an empty core.excludesFile",
      { ".git/config": "[core]\n\texcludesFile =\n" },
      "home a",
      "",
    ],
    [
      "core.excludesFile in the home directory",
      { ".git/config": "[core]\n\texcludesFile = ~/a\\tlist\n" },
      "home a b",
      "a",
    ],
    [
      "included configuration",
      {
        ".git/config":
          '[include]\n\tpath = ../more\n[includeIf "gitdir:/**/.git"]\npath=../last\n' +
          '[includeIf "gitdir:elsewhere/"]\npath=../never\n[includeIf "onbranch:x"]\npath=../never\n',
        "more": "[core]\n\texcludesFile = a\n",
        "last": "[core]\n\texcludesFile = b\n",
        "never": "[core]\n\texcludesFile = c\n",
        "b": "b",
      },
      "a b c",
      "b",
    ],
  ] as const
) {
  test(`gitignore() equals git: ${what}`, { skip }, () => {
    make(home, { ".config/git/ignore": "home\nmine\n", "a\tlist": "a\n" });
    ignores(repository(files), paths, expected);
  });
}

test("gitignore() equals git: where the user's configuration is", { skip }, () => {
  const directory = repository({
    "of-home": "[core]\n\texcludesFile = " + home + "/list\n",
    "of-xdg": "[core]\n\texcludesFile = ~/other\n",
  });
  make(home, { "list": "a\n", "other": "b\n", ".config/git/ignore": "c\n", "x/git/ignore": "d\n" });
  ignores(directory, "a b c d", "c");
  process.env.XDG_CONFIG_HOME = join(home, "x");
  ignores(directory, "a b c d", "d");
  copyFileSync(join(directory, "of-xdg"), join(home, "x/git/config"));
  ignores(directory, "a b c d", "b");
  copyFileSync(join(directory, "of-home"), join(home, ".gitconfig"));
  ignores(directory, "a b c d", "a");
  process.env.GIT_CONFIG_GLOBAL = "/dev/null";
  ignores(directory, "a b c d", "d");
  delete process.env.GIT_CONFIG_GLOBAL;
  process.env.XDG_CONFIG_HOME = "";
  for (const name of [".gitconfig", ".config/git/ignore"]) rmSync(join(home, name));
});

test("gitignore() equals git: a worktree, a submodule and a nested repository", { skip }, () => {
  const inner = repository({ ".gitignore": "a\n" });
  const commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "a"];
  git(inner, ["add", "."]);
  git(inner, commit);
  const outer = repository({ ".gitignore": "b\n", ".git/info/exclude": "c\nd\n" });
  git(outer, ["submodule", "--quiet", "add", inner, "sub"]);
  git(outer, ["add", "."]);
  git(outer, commit);
  git(outer, ["worktree", "add", "--quiet", "--detach", join(home, "tree")]);
  make(join(outer, "sub"), { "../.git/modules/sub/info/exclude": "d\n" });
  ignores(join(outer, "sub"), "a b c d", "a d");
  ignores(join(home, "tree"), "a b c d", "b c d");
  git(outer, ["config", "extensions.worktreeConfig", "true"]);
  git(join(home, "tree"), ["config", "--worktree", "core.excludesFile", "list"]);
  make(join(home, "tree"), { "list": "a\n" });
  ignores(join(home, "tree"), "a b c d", "a b c d");
  ignores(outer, "a b c d", "b c d");
  git(outer, ["clone", "--quiet", inner, "clone"]);
  ignores(join(outer, "clone"), "a b c d", "a");
});

test("gitignore() takes no rules from a FIFO or a link, and warns of the link", () => {
  const directory = tmpDir();
  make(directory, { ".git": undefined, "a/x": "", "list": "x\n", "c/.gitignore": "y\n" });
  symlinkSync("../list", join(directory, "a/.gitignore"));
  spawnSync("mkfifo", [join(directory, ".gitignore")]);
  const warnings: string[] = [];
  const isIgnored = gitignore(libc(), (text) => warnings.push(text));
  const paths = ["a/x", "a/y", "c/x", "c/y"];
  assert.deepEqual(paths.filter((path) => isIgnored(join(directory, path), false)), ["c/y"]);
  assert.deepEqual(warnings, [
    `Cannot read ${directory}/a/.gitignore: Too many levels of symbolic links`,
  ]);
});

test(
  "gitignore() warns of a file that cannot be read",
  { skip: UNPRIVILEGED.skip },
  () => {
    const directory = tmpDir();
    make(directory, { ".git": undefined, ".gitignore": "a\n", "b/.gitignore": "a\n" });
    chmodSync(join(directory, ".gitignore"), 0);
    const result = runForJson("gitignored.ts", [directory, "a", "b/a"], {
      under: UNPRIVILEGED.under,
    });
    assert.deepEqual(result, {
      ignored: ["b/a"],
      warnings: [`Cannot read ${directory}/.gitignore: Permission denied`],
    });
  },
);

test("gitignore() uses a configuration up to its first invalid line, and warns", () => {
  const directory = tmpDir();
  make(directory, {
    ".git/config": "[core]\nexcludesFile = a\n\n[core\nexcludesFile = b\n",
    "a": "a\n",
    "b": "b\n",
  });
  const warnings: string[] = [];
  const isIgnored = gitignore(libc(), (text) => warnings.push(text));
  assert.deepEqual(["a", "b"].filter((name) => isIgnored(join(directory, name), false)), ["a"]);
  assert.deepEqual(warnings, [
    `${directory}/.git/config is no configuration of git from "[core" on`,
  ]);
});

test("gitignore() ignores .git, and nothing else outside of a repository", () => {
  const directory = tmpDir();
  make(directory, { ".gitignore": "a" });
  assert.equal(gitignore(libc())(join(directory, "a"), false), false);
  assert.equal(gitignore(libc())(join(directory, ".git"), true), true);
  make(directory, { ".git": undefined });
  assert.equal(gitignore(libc())(join(directory, "a"), false), true);
});

test("RuleFiles.haveChanged() compares files with what was read", () => {
  const directory = tmpDir();
  make(directory, { ".git/info/exclude": "a", "b/.gitignore": "" });
  const { files } = (() => {
    const isIgnored = gitignore(libc());
    isIgnored(join(directory, "b/c"), false);
    return isIgnored;
  })();
  const differ = (...paths: string[]) =>
    files.haveChanged(new Set(paths.map((path) => join(directory, path))));
  const all = ["", "b", "b/.gitignore", ".gitignore", ".git", ".git/info/exclude", "other"];
  const which = () => all.filter((path) => differ(path));
  assert.deepEqual(which(), []);
  assert.equal(differ(...all), false);
  make(directory, { "b/.gitignore": "x", "other": "x" });
  assert.deepEqual(which(), ["", "b", "b/.gitignore"]);
  make(directory, { ".gitignore": "" });
  assert.deepEqual(which(), ["", "b", "b/.gitignore", ".gitignore"]);
  rmSync(join(directory, ".git"), { recursive: true });
  make(directory, { "b/.gitignore": "" });
  assert.deepEqual(which(), ["", ".gitignore", ".git", ".git/info/exclude"]);
});
