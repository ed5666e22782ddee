/** The recipes of docs/recipes.md, each run unchanged. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { MOUNTS } from "../helpers/namespace.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const root = join(import.meta.dirname!, "../..");

/** The program of each recipe, by its title. */
const RECIPES = new Map(
  readFileSync(join(root, "docs/recipes.md"), "utf8")
    .split("\n## ").slice(1)
    .map((recipe) => [
      recipe.slice(0, recipe.indexOf("\n")),
      /```ts.*\n([^]*?)```/.exec(recipe)![1],
    ]),
);

const RUN: readonly string[] = {
  deno: ["run", "--allow-all", "--no-check"],
  bun: [],
  node: ["--disable-warning=ExperimentalWarning"],
}[runtimeName];

/** A running recipe, in its own directory. */
interface Running extends Disposable {
  readonly directory: string;
  readonly pid: number;
  readonly output: { stdout: string; stderr: string };
  /** Waits until it prints a text. */
  prints(text: string): Promise<void>;
}

/**
 * Starts a recipe.
 *
 * @param prepare creates its files, and may return a changed program
 * @param under a command that runs it
 */
function start(
  title: string,
  prepare: (directory: string, program: string) => string | void,
  under: readonly string[] = [],
): Running {
  const directory = tmpDir();
  const text = RECIPES.get(title)!;
  const program = prepare(directory, text) ?? text;
  writeFileSync(
    join(directory, "recipe.ts"),
    program.replaceAll('"@inotify/inotify"', `"${root}/mod.ts"`),
  );
  const [file, ...args] = [...under, process.execPath, ...RUN, "recipe.ts"];
  const child: ChildProcess = spawn(file, args, { cwd: directory });
  const output = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => output.stdout += chunk);
  child.stderr!.on("data", (chunk) => output.stderr += chunk);
  return {
    directory,
    pid: child.pid!,
    output,
    prints: (text) => until(() => output.stdout.includes(text), () => ({ text, ...output })),
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** Repeats a change until it is noticed, since a recipe does not print when it is ready. */
async function provoke(change: (turn: number) => void, noticed: () => boolean): Promise<void> {
  let turn = 0;
  change(turn);
  const timer = setInterval(() => change(++turn), 300);
  try {
    await until(noticed, () => "no change was noticed");
  } finally {
    clearInterval(timer);
  }
}

test("every recipe has a test", () => {
  const tested = [
    "Print what changes",
    "Rebuild on each save",
    "Build what has changed since the last build",
    "Keep a copy up to date",
    "Photos from a stick",
    "Watch a network drive, or a Windows drive in WSL",
    "Watch in a Worker",
    "Reload a configuration",
    "Reload a page in the browser",
    "An upload inbox",
  ];
  assert.deepEqual([...RECIPES.keys()], tested);
});

test("Print what changes", async () => {
  using recipe = start("Print what changes", (directory) => mkdirSync(join(directory, "src")));
  const { directory, output, prints } = recipe;
  await provoke(
    (turn) => writeFileSync(join(directory, `src/${turn}`), ""),
    () => output.stdout.includes("create "),
  );
  renameSync(join(directory, "src/0"), join(directory, "src/renamed"));
  await prints(`${directory}/src/0 is now ${directory}/src/renamed\n`);
});

test("Rebuild on each save", async () => {
  using recipe = start("Rebuild on each save", (directory) => {
    mkdirSync(join(directory, "src"));
    writeFileSync(join(directory, "Makefile"), "all:\n\t@echo built\n");
  });
  const { directory, output, prints } = recipe;
  await prints("built\n"); // at the start
  output.stdout = "";
  writeFileSync(join(directory, "src/a.tmp"), "");
  for (const name of ["a", "b", "c"]) writeFileSync(join(directory, `src/${name}`), "x");
  await prints("built\n");
  assert.equal(output.stdout, "3 changed\nbuilt\n");
});

test("Build what has changed since the last build", async () => {
  const title = "Build what has changed since the last build";
  const directory = tmpDir();
  const makefile = (recipe: string) =>
    writeFileSync(join(directory, "Makefile"), `%: FORCE\n\t@${recipe}\nFORCE:\n`);
  const run = () =>
    start(
      title,
      (_, program) => program.replace("const since", `process.chdir("${directory}");\nconst since`),
    );
  mkdirSync(join(directory, "src"));
  makefile("false");
  {
    using recipe = run();
    await provoke(
      (turn) => writeFileSync(join(directory, `src/${turn}`), ""),
      () => recipe.output.stderr.includes("Error 1"),
    );
  }
  makefile("echo built $@");
  // Nothing was built, and there is no snapshot: a change is needed.
  {
    using recipe = run();
    await provoke(
      (turn) => writeFileSync(join(directory, `src/b${turn}`), ""),
      () => recipe.output.stdout.includes("built "),
    );
    await until(() => existsSync(join(directory, ".built")), () => recipe.output);
  }
  renameSync(join(directory, "src/b0"), join(directory, "src/c"));
  using recipe = run();
  await recipe.prints(`built ${directory}/src/c\n`);
});

test("Keep a copy up to date", async () => {
  const directory = tmpDir();
  const run = () =>
    start(
      "Keep a copy up to date",
      (_, program) => program.replace("const from", `process.chdir("${directory}");\nconst from`),
    );
  const at = (path: string) => join(directory, path);
  mkdirSync(at("photos/2026"), { recursive: true });
  writeFileSync(at("photos/2026/one"), "1");
  const isCopied = (path: string, text: string) => () =>
    existsSync(at(`backup/${path}`)) && readFileSync(at(`backup/${path}`), "utf8") === text;
  {
    using recipe = run();
    await until(isCopied("2026/one", "1"), () => recipe.output);
    await until(() => existsSync(at("backup.state")), () => recipe.output);
  }
  writeFileSync(at("photos/2026/two"), "2");
  renameSync(at("photos/2026/one"), at("photos/first"));
  using recipe = run();
  await until(isCopied("2026/two", "2"), () => recipe.output);
  await until(isCopied("first", "1"), () => recipe.output);
  assert.ok(!existsSync(at("backup/2026/one")));
});

test("Photos from a stick", { skip: MOUNTS.skip }, async () => {
  using recipe = start("Photos from a stick", (directory, program) => {
    for (const name of ["media/usb", "stick", "photos"]) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    writeFileSync(join(directory, "stick/1.jpg"), "");
    return program.replace("/media", join(directory, "media"));
  }, MOUNTS.under);
  const { directory, pid, prints } = recipe;
  await provoke(
    (turn) => writeFileSync(join(directory, `media/at${turn}.jpg`), ""),
    () => existsSync(join(directory, "photos/at0.jpg")),
  );
  const enter = ["--preserve-credentials", "-U", "-m", "-t", `${pid}`];
  const mount = ["mount", "--bind", join(directory, "stick"), join(directory, "media/usb")];
  assert.equal(spawnSync("nsenter", [...enter, ...mount]).status, 0);
  await prints(`a stick: ${directory}/media/usb\n`);
  await until(() => existsSync(join(directory, "photos/1.jpg")), () => recipe.output);
});

test("Watch a network drive, or a Windows drive in WSL", async () => {
  const directory = tmpDir();
  using recipe = start(
    "Watch a network drive, or a Windows drive in WSL",
    (_, program) => program.replace("/mnt/c/project", directory),
  );
  await provoke(
    (turn) => writeFileSync(join(directory, String(turn)), ""),
    () => recipe.output.stdout.includes("create"),
  );
});

test("Watch in a Worker", async () => {
  using recipe = start("Watch in a Worker", (directory) => mkdirSync(join(directory, "src")));
  const { directory, output, prints } = recipe;
  await provoke(
    (turn) => writeFileSync(join(directory, `src/${turn}`), "x"),
    () => output.stdout !== "",
  );
  writeFileSync(join(directory, "src/file"), "hello\n");
  const hash = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  await prints(`${hash} ${directory}/src/file\n`);
});

test("Reload a configuration", async () => {
  using recipe = start("Reload a configuration", (directory) => {
    writeFileSync(join(directory, "config.json"), '{ "level": 1 }');
  });
  const { directory, output, prints } = recipe;
  await prints("level: 1");
  const save = (text: string) => {
    writeFileSync(join(directory, ".config.json.new"), text);
    renameSync(join(directory, ".config.json.new"), join(directory, "config.json"));
  };
  save('{ "level": 2 }');
  await prints("level: 2");
  save('{ "level": ');
  await until(() => output.stderr.includes("config.json is not used"), () => output);
  save('{ "level": 3 }');
  await prints("level: 3");
});

test("An upload inbox", async () => {
  using recipe = start("An upload inbox", (directory) => mkdirSync(join(directory, "inbox")));
  const { directory, output, prints } = recipe;
  const at = (name: string) => join(directory, "inbox", name);
  await provoke((turn) => writeFileSync(at(`${turn}`), "x"), () => output.stdout !== "");
  const fd = openSync(at("upload.part"), "a");
  writeSync(fd, "12345");
  closeSync(fd);
  renameSync(at("upload.part"), at("upload"));
  await prints(`${at("upload")} 5\n`);
  assert.doesNotMatch(output.stdout, /part/);
  mkdirSync(join(directory, "unpacked"));
  writeFileSync(join(directory, "unpacked/a"), "123");
  renameSync(join(directory, "unpacked"), at("unpacked"));
  await prints(`${at("unpacked/a")} 3\n`);
});

const BROWSER = ["chromium", "google-chrome"].find((name) =>
  spawnSync(name, ["--version"]).status === 0
);

test("Reload a page in the browser", {
  skip: BROWSER === undefined
    ? "no Chromium is installed"
    : runtimeName === "node" && "Node.js has no server of that kind",
}, async () => {
  // The page requests its version from this server when it is shown.
  const shown: string[] = [];
  const listener = createServer(({ url }, response) => {
    shown.push(url!.slice(1));
    response.end();
  });
  const port = await listen(listener);
  const page = (version: string) =>
    `<!doctype html><script>fetch("http://127.0.0.1:${port}/${version}", { mode: "no-cors" })</script>`;
  const free = createServer();
  const ownPort = await listen(free);
  free.close();
  using recipe = start("Reload a page in the browser", (directory, program) => {
    mkdirSync(join(directory, "public"));
    writeFileSync(join(directory, "public/index.html"), page("one"));
    const forBun = program.replace(/^.*\/\/ with Bun: (.*)$/m, "$1");
    return (runtimeName === "bun" ? forBun : program).replaceAll("8000", String(ownPort));
  });
  const { directory, output } = recipe;
  const isUp = () => fetch(`http://127.0.0.1:${ownPort}/`).then(({ ok }) => ok, () => false);
  while (!await isUp()) await new Promise((resolve) => setTimeout(resolve, 20));
  const profile = tmpDir();
  const browser = spawn(BROWSER!, [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    `--user-data-dir=${profile}`,
    ...["--remote-debugging-port=0", `http://127.0.0.1:${ownPort}/`], // keeps the browser open
  ], { stdio: "ignore" });
  try {
    const state = () => ({ shown, ...output });
    await until(() => shown.includes("one"), state);
    writeFileSync(join(directory, "public/index.html"), page("two"));
    await until(() => shown.includes("two"), state);
    writeFileSync(join(directory, "public/new.html"), page("three"));
    renameSync(join(directory, "public/new.html"), join(directory, "public/index.html"));
    await until(() => shown.includes("three"), state);
  } finally {
    const ended = once(browser, "exit");
    browser.kill("SIGKILL");
    await ended;
    listener.close();
    listener.closeAllConnections();
    await until(() => isRemoved(profile), () => "the browser still writes to its profile");
  }
});

/** Tries to remove a directory to which ending processes may still write. */
function isRemoved(directory: string): boolean {
  try {
    rmSync(directory, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
