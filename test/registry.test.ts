/**
 * The package as its users get it: published to a registry on localhost, and installed from there.
 *
 * On each runtime that runtime's way to install is tried: `deno run jsr:`, `deno add`, `bun add`,
 * `npm install`.
 */

import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { manifest, npmName, published, type Registry, serve } from "./helpers/registry.ts";
import { runtimeName } from "./helpers/runtime.ts";
import { tmpDir } from "./helpers/tmp.ts";
import { until, within } from "./helpers/within.ts";

const { name, version, exports } = manifest;

/** Watches `inbox` by all that is exported to be imported, until something is in it. */
const CONSUMER = `
import { IN_CREATE, Inotify, limits, watch, type WatchEvent } from "PACKAGE";
import { watchFs } from "PACKAGE/watchfs";

await using inotify: Inotify = new Inotify();
inotify.addWatch("inbox", IN_CREATE);
const watchers = [watch("inbox"), watchFs("inbox")] as const;
await watchers[0].ready;
console.log(limits().maxUserWatches > 0 ? "ready" : "no limits");
const [event] = await inotify.read();
console.log("read", event.name);
for await (const event of watchers[0]) {
  const { kind }: WatchEvent = event;
  console.log("watch", kind);
  break;
}
for await (const { kind } of watchers[1]) {
  console.log("watchFs", kind);
  break;
}
`;

/** What that prints. */
const CONSUMED = "ready\nread file\nwatch create\nwatchFs create\n";

let registry: Registry;
before(async () => void (registry = await serve()));
after(() => registry.close());

/** A new directory, with an empty home, where the package is to be installed. */
function consumer(specifier: string, files: Record<string, string> = {}): string {
  const directory = tmpDir();
  mkdirSync(join(directory, "inbox"));
  mkdirSync(join(directory, "home"));
  const program = CONSUMER.replaceAll("PACKAGE", specifier);
  for (const [name, text] of Object.entries({ "main.ts": program, ...files })) {
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

/** What a user has in the environment. */
function environment(directory: string): Record<string, string> {
  return {
    PATH: process.env["PATH"]!,
    HOME: join(directory, "home"),
    JSR_URL: registry.url,
    NO_COLOR: "1",
    NO_UPDATE_NOTIFIER: "1",
  };
}

/** Runs a program to its end; not synchronously, for it is served by this process. */
async function run(directory: string, command: string, ...args: string[]): Promise<string> {
  const env = environment(directory);
  const { stdout } = await promisify(execFile)(command, args, { cwd: directory, env });
  return stdout;
}

/** A program, and what it has printed. */
interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  stdout: string;
  stderr: string;
  code?: number | string | null;
}

/** Starts a program, makes a file in `inbox` once it says that it watches, and waits for its end. */
async function watching(directory: string, command: string, ...args: string[]): Promise<Running> {
  const child = spawn(command, args, {
    cwd: directory,
    env: environment(directory),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running: Running = { child, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => running.stdout += chunk);
  child.stderr.on("data", (chunk) => running.stderr += chunk);
  const ended = new Promise<void>((resolve) =>
    child.on("close", (code, signal) => {
      running.code = code ?? signal;
      resolve();
    })
  );
  const state = () => [running.code, running.stdout, running.stderr];
  const isReady = () => /^ready$|stablish|Ctrl-C ends/m.test(running.stdout + running.stderr);
  await until(() => isReady() || "code" in running, state);
  if (!("code" in running)) writeFileSync(join(directory, "inbox/file"), "x");
  if (args.includes("--json")) {
    await until(() => running.stdout.includes("\n") || "code" in running, state);
    child.kill("SIGTERM");
  }
  await within(ended, state);
  return running;
}

/** Holds every command of the package to what it prints. @param command runs an export of the package */
async function commandsWork(
  directory: string,
  command: (entry: string) => [string, ...string[]],
): Promise<void> {
  const event = { kind: "create", path: join(directory, "inbox/file"), isDirectory: false };
  for (
    const [entry, args, code, stdout] of [
      ["inotifywait", ["-e", "create", "inbox"], 0, /^inbox\/ CREATE file\n$/],
      ["inotifywatch", ["-t", "1", "-e", "create", "inbox"], 0, /^1 +1 +inbox\/$/m],
      ["watch", ["--json", "-e", "create", "inbox"], "SIGTERM", `${JSON.stringify(event)}\n`],
    ] as const
  ) {
    rmSync(join(directory, "inbox/file"), { force: true });
    const result = await watching(directory, ...command(entry), ...args);
    assert.equal(result.code, code, `${entry}: ${result.stderr}`);
    if (typeof stdout === "string") assert.equal(result.stdout, stdout);
    else assert.match(result.stdout, stdout);
  }
}

/** What is installed in node_modules is what is published, each module also as JavaScript and types. */
function nothingElse(directory: string): void {
  const installed = readdirSync(join(directory, "node_modules", name), {
    recursive: true,
    withFileTypes: true,
  }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).split(`node_modules/${name}/`)[1]);
  const modules = published.filter((path) => path.endsWith(".ts"));
  const expected = [
    ...published,
    "package.json",
    ...modules.map((path) => path.replace(/ts$/, "js")),
    ...modules.map((path) => `_dist/${path.replace(/ts$/, "d.ts")}`),
  ];
  assert.deepEqual(installed.sort(), expected.sort());
}

const onDeno = { skip: runtimeName !== "deno" && "it is about Deno" };
const onBun = { skip: runtimeName !== "bun" && "it is about Bun" };
const onNode = { skip: runtimeName !== "node" && "it is about Node.js" };

/** All that a watcher needs. */
const ALLOWED = ["--no-prompt", "--allow-ffi", "--allow-read"];

test("deno run jsr: runs with the permissions that the README names", onDeno, async () => {
  const directory = consumer(`jsr:${name}@^${version}`);
  const result = await watching(directory, process.execPath, "run", ...ALLOWED, "main.ts");
  assert.equal(result.stdout, CONSUMED, result.stderr);
  assert.equal(result.code, 0);
});

test("deno add makes it an import, whose types hold", onDeno, async () => {
  const directory = consumer(name);
  await run(directory, process.execPath, "add", "--quiet", `jsr:${name}`);
  const { imports } = JSON.parse(readFileSync(join(directory, "deno.json"), "utf8"));
  assert.deepEqual(imports, { [name]: `jsr:${name}@^${version}` });
  const args = ["run", "--check", ...ALLOWED, "main.ts"];
  const result = await watching(directory, process.execPath, ...args);
  assert.equal(result.stdout, CONSUMED, result.stderr);
});

test("deno run jsr: runs each command", onDeno, async () => {
  const directory = consumer(`jsr:${name}`);
  await commandsWork(directory, (entry) => {
    // As the README says: what the command's colours, and its COMMANDs, need.
    const allowed = entry === "watch" ? [...ALLOWED, "--allow-env=NO_COLOR"] : ALLOWED;
    return [process.execPath, "run", ...allowed, `jsr:${name}/${entry}`];
  });
});

test(
  "deno publish publishes what deno.json lists, and Deno needs all modules of it",
  onDeno,
  async () => {
    const directory = consumer(`jsr:${name}`);
    const root = join(import.meta.dirname!, "../");
    const { JSR_URL: _, ...env } = environment(directory);
    const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
    const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
    const listed = [...stderr.matchAll(/^ +file:\/\/(.*) \(.*\)$/gm)].map(([, path]) => path);
    assert.deepEqual(listed.map((path) => path.slice(root.length)).sort(), published);

    const entries = Object.keys(exports).map((entry) => `jsr:${name}${entry.slice(1)}`);
    await run(directory, process.execPath, "cache", ...entries);
    const modules = published.filter((path) => path.endsWith(".ts"));
    assert.deepEqual([...registry.asked].filter((path) => path.endsWith(".ts")).sort(), modules);
  },
);

test("bun add installs it, and it runs", onBun, async () => {
  const directory = consumer(name, {
    "package.json": "{}",
    ".npmrc": `@jsr:registry=${registry.npmUrl}\n`,
  });
  await run(directory, process.execPath, "add", `${name}@npm:${npmName}`);
  nothingElse(directory);
  const result = await watching(directory, process.execPath, "main.ts");
  assert.equal(result.stdout, CONSUMED, result.stderr);
  await commandsWork(directory, (entry) => [process.execPath, installedCommand(entry)]);
});

test("npm install installs it, it runs, and its types hold", onNode, async () => {
  const directory = consumer(name, {
    "package.json": '{ "type": "module" }',
    ".npmrc": `@jsr:registry=${registry.npmUrl}\n`,
  });
  await run(directory, "npm", "install", "--no-audit", "--no-fund", `${name}@npm:${npmName}`);
  nothingElse(directory);
  const options = ["--strict", "--noEmit", "--target", "esnext", "--module", "nodenext"];
  await run(directory, "tsc", ...options, "main.ts");
  const result = await watching(directory, process.execPath, "main.ts");
  assert.equal(result.stdout, CONSUMED, result.stderr);
  await commandsWork(directory, (entry) => [process.execPath, installedCommand(entry)]);
});

function installedCommand(entry: string): string {
  return join("node_modules", name, exports[`./${entry}`].replace(/ts$/, "js"));
}
