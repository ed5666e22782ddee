/** `watch --gitignore` while the rules change. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { type Running, watching } from "../helpers/watch_command.ts";
import { until } from "../helpers/within.ts";

// A user without git settings.
const home = tmpDir();
for (const name of Object.keys(process.env)) if (name.startsWith("GIT_")) delete process.env[name];
Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: "", GIT_CONFIG_NOSYSTEM: "1" });

/** Makes files by name; a name with a slash at its end makes a directory. */
function make(directory: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(path, content);
  }
}

/** A running command, and what it reports about new files. */
class Watched {
  readonly directory: string;
  readonly #folder: string;
  readonly #running: Running;
  #count = 0;

  private constructor(directory: string, folder: string, running: Running) {
    this.directory = directory;
    this.#folder = folder;
    this.#running = running;
  }

  /** Makes a directory with files, and watches it. @param folder what is watched in it */
  static async start(
    files: Record<string, string>,
    { folder = ".", args = [], flags }: {
      folder?: string;
      args?: readonly string[];
      flags?: (directory: string) => string[];
    } = {},
  ): Promise<Watched> {
    const directory = tmpDir();
    make(directory, files);
    const at = join(directory, folder);
    const all = ["--gitignore", "-e", "create", ...args, "."];
    const running = await watching(all, at, flags && { flags: flags(directory) });
    return new Watched(directory, at, running);
  }

  /** Makes files with these names and a number, again and again until exactly those of `reported` are reported. */
  async until(reported: string[], ignored: string[] = []): Promise<void> {
    const { output } = this.#running;
    const end = Date.now() + 20_000;
    for (;;) {
      const number = this.#count++;
      const isReported = (name: string) => output.stdout.includes(`create ${name}${number}\n`);
      for (const name of [...reported, ...ignored, "fence"]) {
        writeFileSync(join(this.#folder, `${name}${number}`), "");
      }
      await until(() => isReported("fence"), () => output);
      if (reported.every(isReported) && !ignored.some(isReported)) return;
      assert.ok(Date.now() < end, JSON.stringify({ reported, ignored, ...output }));
    }
  }

  /** Ends it. @param never must not have been reported @returns its messages */
  end(...never: string[]): string[] {
    const { child, output } = this.#running;
    child.kill();
    for (const name of never) assert.ok(!output.stdout.includes(name), output.stdout);
    return output.stderr.trimEnd().split("\n").filter((line) => !line.startsWith("Watching "));
  }
}

test("watch --gitignore follows edits of .gitignore, and reports no old entries", async () => {
  const watched = await Watched.start({
    ".git/": "",
    ".gitignore": "a*\n",
    "a/old": "",
    "b/old": "",
  });
  await watched.until(["b/x", "c"], ["a/x", "ax"]);
  make(watched.directory, { ".gitignore": "b\n" });
  await watched.until(["a/x", "ax"], ["b/x"]);
  make(watched.directory, { ".gitignore": "" });
  await watched.until(["a/x", "b/x"]);
  make(watched.directory, { "new": "c*\n" });
  renameSync(join(watched.directory, "new"), join(watched.directory, ".gitignore")); // as editors save
  await watched.until(["a/x"], ["c"]);
  unlinkSync(join(watched.directory, ".gitignore"));
  await watched.until(["a/x", "c"]);
  assert.deepEqual(watched.end("old"), []);
});

test("watch --gitignore follows .gitignore files in subdirectories, new and moved ones too", async () => {
  const watched = await Watched.start({ ".git/": "", "a/b/": "", "c/": "" });
  await watched.until(["a/b/x", "c/x"]);
  make(watched.directory, { "a/.gitignore": "x*\n" });
  await watched.until(["a/y", "c/x"], ["a/b/x", "a/x"]);
  make(watched.directory, { "d/e/.gitignore": "/x*\n" });
  await watched.until(["d/x", "d/e/y"], ["d/e/x"]);
  renameSync(join(watched.directory, "d/e"), join(watched.directory, "c/e"));
  await watched.until(["c/e/y"], ["c/e/x"]);
  make(watched.directory, { "d/e/": "" });
  await watched.until(["d/e/x", "d/e/y"], ["c/e/x"]);
  rmSync(join(watched.directory, "a"), { recursive: true });
  make(watched.directory, { "a/b/": "" });
  await watched.until(["a/b/x", "a/x"]);
  assert.deepEqual(watched.end(), []);
});

test("watch --gitignore follows repositories that are made and removed, above the watched path too", async () => {
  const watched = await Watched.start({ ".gitignore": "x*\n", "a/b/.gitignore": "y*\n" }, {
    folder: "a",
  });
  await watched.until(["b/x", "b/y"]);
  make(watched.directory, { "a/b/.git/HEAD": "ref: refs/heads/main\n" });
  await watched.until(["b/x"], ["b/y"]);
  make(watched.directory, { ".git/HEAD": "ref: refs/heads/main\n" });
  await watched.until(["b/x"], ["b/y", "x"]);
  rmSync(join(watched.directory, "a/b/.git"), { recursive: true });
  await watched.until(["z"], ["b/y", "x", "b/x"]);
  make(watched.directory, { ".gitignore": "z*\n" });
  await watched.until(["x", "b/x"], ["b/y", "z"]);
  rmSync(join(watched.directory, ".git"), { recursive: true });
  await watched.until(["x", "y", "z", "b/y"]);
  assert.deepEqual(watched.end(), []);
});

test("watch --gitignore follows info/exclude, core.excludesFile and the configuration", async () => {
  const watched = await Watched.start({ ".git/HEAD": "", "a/": "", "list": "x*\n" }, {
    folder: "a",
  });
  await watched.until(["x", "y", "z"]);
  make(watched.directory, { ".git/info/exclude": "y*\n" });
  await watched.until(["x", "z"], ["y"]);
  make(home, { ".config/git/ignore": "z*\n" });
  await watched.until(["x"], ["y", "z"]);
  make(watched.directory, { ".git/config": "[core]\n\texcludesFile = list\n" });
  await watched.until(["z"], ["x", "y"]);
  make(watched.directory, { "list": "z*\n" });
  await watched.until(["x"], ["y", "z"]);
  make(home, { ".gitconfig": "[core]\n\texcludesFile = ~/mine\n", "mine": "x*\n" });
  make(watched.directory, { ".git/config": "" });
  await watched.until(["z"], ["x", "y"]);
  make(home, { "mine": "" });
  rmSync(join(watched.directory, ".git/info"), { recursive: true });
  await watched.until(["x", "y", "z"]);
  rmSync(join(home, ".gitconfig"));
  await watched.until(["x", "y"], ["z"]);
  rmSync(join(home, ".config"), { recursive: true });
  await watched.until(["x", "y", "z"]);
  assert.deepEqual(watched.end(), []);
});

test("watch --gitignore follows info/exclude of a nested repository that is made later", async () => {
  const watched = await Watched.start({ ".git/": "", ".gitignore": "x*\n", "a/": "" });
  await watched.until(["a/y"], ["a/x"]);
  make(watched.directory, { "a/b/.git/info/exclude": "y*\n" });
  await watched.until(["a/y", "a/b/x"], ["a/x", "a/b/y"]);
  make(watched.directory, { "a/b/.git/info/exclude": "z*\n" });
  await watched.until(["a/b/x", "a/b/y"], ["a/b/z"]);
  assert.deepEqual(watched.end(), []);
});

test("watch --gitignore follows info/exclude of a worktree", async () => {
  const watched = await Watched.start({
    "main/.git/worktrees/w/commondir": "../..\n",
    "main/.git/info/exclude": "x*\n",
    "w/": "",
    "w/.git": "gitdir: ../main/.git/worktrees/w\n",
  }, { folder: "w" });
  await watched.until(["y"], ["x"]);
  make(watched.directory, { "main/.git/info/exclude": "y*\n" });
  await watched.until(["x"], ["y"]);
  assert.deepEqual(watched.end(), []);
});

test("watch --gitignore survives invalid rules, a directory and a link called .gitignore", async () => {
  const watched = await Watched.start({
    ".git/": "",
    ".gitignore": "\ufeffx*\r\n\u2028\r\n[\r\n",
    "a/.gitignore/": "",
    "b/": "",
  });
  await watched.until(["y", "a/y"], ["x", "a/x"]);
  rmSync(join(watched.directory, "a/.gitignore"), { recursive: true });
  make(watched.directory, { "a/.gitignore": "y*\n" });
  await watched.until(["y"], ["x", "a/x", "a/y"]);
  symlinkSync("../a/.gitignore", join(watched.directory, "b/.gitignore"));
  await watched.until(["y", "b/y"], ["x", "a/y", "b/x"]);
  const [message, ...rest] = watched.end();
  assert.match(message, /^watch: Cannot read .*\/b\/\.gitignore: Too many levels/);
  assert.deepEqual(rest, []);
});

test("watch --gitignore under Deno warns that it may not read the user's list", {
  skip: runtimeName !== "deno" && "only Deno has permissions for variables",
}, async () => {
  make(home, { ".config/git/ignore": "z*\n" });
  const flags = (directory: string) => [
    ...["run", "--no-prompt", "--no-check", "--allow-ffi"],
    ...[`--allow-read=${directory}/a`, "--allow-env=NO_COLOR"],
  ];
  const files = { ".git/": "", ".gitignore": "y*\n", "a/.gitignore": "x*\n", "a/b/": "" };
  const watched = await Watched.start(files, { folder: "a", flags });
  await watched.until(["x", "y", "z"]); // it cannot see that this is a repository
  make(watched.directory, { "a/.git/": "" });
  await watched.until(["y", "z"], ["x", "b/x"]);
  assert.deepEqual(watched.end(), [
    "watch: Without --allow-env=HOME,XDG_CONFIG_HOME the user's own ignore list is not read",
  ]);
});

test("watch --ignore takes back and adds to --gitignore", async () => {
  const files = { ".git/": "", ".gitignore": "x*\ny*\n" };
  const watched = await Watched.start(files, { args: ["-i", "!x*", "-i", "z*"] });
  await watched.until(["x"], ["y", "z"]);
  make(watched.directory, { ".gitignore": "x*\n" });
  await watched.until(["x", "y"], ["z"]);
  assert.deepEqual(watched.end(), []);
});
