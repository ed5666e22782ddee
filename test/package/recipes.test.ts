/** The recipes of docs/recipes.md, each run as it stands there. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const root = join(import.meta.dirname!, "../..");

/** The programs by their titles. */
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

/** A recipe that runs, in a directory of its own. */
interface Running extends Disposable {
  readonly directory: string;
  readonly output: { stdout: string; stderr: string };
  /** Waits until it has printed something. */
  prints(text: string): Promise<void>;
}

/** Starts a recipe. @param prepare makes what it needs in its directory, and returns its program as it is run */
function start(
  title: string,
  prepare: (directory: string, program: string) => string | void,
): Running {
  const directory = tmpDir();
  const text = RECIPES.get(title)!;
  const program = prepare(directory, text) ?? text;
  writeFileSync(
    join(directory, "recipe.ts"),
    program.replaceAll('"@inotify/inotify"', `"${root}/mod.ts"`),
  );
  const child: ChildProcess = spawn(process.execPath, [...RUN, "recipe.ts"], { cwd: directory });
  const output = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => output.stdout += chunk);
  child.stderr!.on("data", (chunk) => output.stderr += chunk);
  return {
    directory,
    output,
    prints: (text) => until(() => output.stdout.includes(text), () => ({ text, ...output })),
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** Does something again and again until it is noticed: nothing tells when a recipe has begun to watch. */
async function provoke(deed: (turn: number) => void, noticed: () => boolean): Promise<void> {
  let turn = 0;
  deed(turn);
  const timer = setInterval(() => deed(++turn), 300);
  try {
    await until(noticed, () => "nothing was noticed");
  } finally {
    clearInterval(timer);
  }
}

test("every recipe has a test", () => {
  const tested = [
    "Print what changes",
    "Rebuild on each save",
    "Reload a configuration",
    "Reload a page in the browser",
    "Collect files from an inbox",
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
  await prints("built\n"); // once in the beginning
  output.stdout = "";
  writeFileSync(join(directory, "src/a.tmp"), "");
  for (const name of ["a", "b", "c"]) writeFileSync(join(directory, `src/${name}`), "x");
  await prints("built\n");
  assert.equal(output.stdout, "3 changed\nbuilt\n");
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

test("Collect files from an inbox", async () => {
  using recipe = start("Collect files from an inbox", (directory) => {
    mkdirSync(join(directory, "inbox"));
  });
  const { directory, output, prints } = recipe;
  await provoke(
    (turn) => writeFileSync(join(directory, `inbox/${turn}`), "x"),
    () => output.stdout !== "",
  );
  writeFileSync(join(directory, "moved"), "");
  renameSync(join(directory, "moved"), join(directory, "inbox/moved"));
  await prints("moved is complete\n");
  appendFileSync(join(directory, "inbox/moved"), "x");
  await until(() => output.stdout.split("moved is complete").length === 3, () => output);
});

const BROWSER = ["chromium", "google-chrome"].find((name) =>
  spawnSync(name, ["--version"]).status === 0
);

test("Reload a page in the browser", {
  skip: BROWSER === undefined
    ? "no Chromium is installed"
    : runtimeName === "node" && "Node.js has no server of that kind",
}, async () => {
  // What the page shows is told to this server by the page itself.
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
    ...["--remote-debugging-port=0", `http://127.0.0.1:${ownPort}/`], // which keeps it open
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
    await until(() => isRemoved(profile), () => "its profile is still written to");
  }
});

/** Tries to remove a directory, into which processes that are about to end may still write. */
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
