/**
 * The package as users get it: published to a registry on localhost, and installed from there with the
 * runtime's own command.
 *
 * These are `deno run jsr:`, `deno add`, `bun add` and `npm install`.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { promisify } from "node:util";
import { CONSUMED, Consumer } from "../helpers/consumer.ts";
import { manifest, npmName, published, serve } from "../helpers/registry.ts";
import { runtimeName } from "../helpers/runtime.ts";

const { name, version, exports } = manifest;
const modules = published.filter((path) => path.endsWith(".ts"));

const registry = await serve();

/** A program that imports the package by a specifier. */
function consumer(specifier: string, files?: Record<string, string>): Consumer {
  const imports = [specifier, `${specifier}/kernel`, `${specifier}/watchfs`] as const;
  return new Consumer(imports, files, { JSR_URL: registry.url });
}

/** A program in a package whose .npmrc names the registry. */
function npmConsumer(): Consumer {
  return consumer(name, {
    ...REPLACED,
    "package.json": '{ "type": "module" }',
    ".npmrc": `@jsr:registry=${registry.npmUrl}\n`,
  });
}

/** Asserts that each command of the package works. @param command how one is run */
async function commandsWork(
  consumer: Consumer,
  command: (name: string) => [string, ...string[]],
): Promise<void> {
  const wait = await consumer.watching(...command("inotifywait"), "-e", "create", "inbox");
  assert.deepEqual([wait.stdout, wait.code], ["inbox/ CREATE file\n", 0], wait.stderr);

  const args = ["-t", "1", "-e", "create", "inbox"];
  const count = await consumer.watching(...command("inotifywatch"), ...args);
  assert.match(count.stdout, /^1 +1 +inbox\/$/m, count.stderr);

  const watch = await consumer.firstLine(...command("watch"), "--json", "-e", "create", "inbox");
  const event = { kind: "create", path: consumer.path("inbox/file"), isDirectory: false };
  assert.deepEqual(watch.stdout, `${JSON.stringify(event)}\n`, watch.stderr);
}

/** Fails unless the functions of node:fs are those of this package. */
const REPLACED = {
  "replaced.mjs": `
import { watch } from "node:fs";
const watcher = watch(".");
watcher.close();
if (!(Symbol.asyncDispose in watcher)) throw new Error("This is a watcher of node:fs");
`,
};

/** The command line of a command that is installed in node_modules. */
function installed(command: string): [string, string] {
  const file = exports[`./${command}`].replace(/ts$/, "js");
  return [process.execPath, join("node_modules", name, file)];
}

/** Asserts that node_modules has the published files, and each module as JavaScript and types. */
function assertInstalled(consumer: Consumer): void {
  const root = consumer.path(join("node_modules", name));
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const expected = [
    ...published,
    "package.json",
    ...modules.map((path) => path.replace(/ts$/, "js")),
    ...modules.map((path) => `_dist/${path.replace(/ts$/, "d.ts")}`),
  ];
  assert.deepEqual(files.sort(), expected.sort());
}

const onDeno = { skip: runtimeName !== "deno" && "only for Deno" };
const onBun = { skip: runtimeName !== "bun" && "only for Bun" };
const onNode = { skip: runtimeName !== "node" && "only for Node.js" };

/** Deno with the permissions that a watcher needs. */
const DENO_RUN = [process.execPath, "run", "--no-prompt", "--allow-ffi", "--allow-read"] as const;

test("deno run jsr: works with the permissions that the README names", onDeno, async () => {
  const result = await consumer(`jsr:${name}@^${version}`).watching(...DENO_RUN, "main.ts");
  assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
});

test("deno add makes the package an import, and its types check", onDeno, async () => {
  const adding = consumer(name);
  await adding.run(process.execPath, "add", "--quiet", `jsr:${name}`);
  const { imports } = JSON.parse(readFileSync(adding.path("deno.json"), "utf8"));
  assert.deepEqual(imports, { [name]: `jsr:${name}@^${version}` });
  const result = await adding.watching(...DENO_RUN, "--check", "main.ts");
  assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
});

test("deno run jsr: runs each command", onDeno, async () => {
  await commandsWork(consumer(`jsr:${name}`), (command) => {
    const more = command === "watch" ? ["--allow-env=NO_COLOR"] : [];
    return [...DENO_RUN, ...more, `jsr:${name}/${command}`];
  });
});

test("deno run --preload jsr: replaces the functions of node:fs", onDeno, async () => {
  const [deno, ...flags] = [...DENO_RUN, "--allow-env", "--preload", `jsr:${name}/fs/register`];
  await consumer(`jsr:${name}`, REPLACED).run(deno, ...flags, "replaced.mjs");
});

test(
  "deno publish takes the files that deno.json includes, and each module is imported",
  onDeno,
  async () => {
    const root = join(import.meta.dirname!, "../../");
    const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
    const env = { ...process.env, NO_COLOR: "1" };
    const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
    const listed = [...stderr.matchAll(/^ +file:\/\/(.*) \(.*\)$/gm)].map(([, path]) => path);
    assert.deepEqual(listed.map((path) => path.slice(root.length)).sort(), published);

    const entries = Object.keys(exports).map((entry) => `jsr:${name}${entry.slice(1)}`);
    await consumer(`jsr:${name}`).run(process.execPath, "cache", ...entries);
    const requested = [...registry.requested].filter((path) => path.endsWith(".ts"));
    assert.deepEqual(requested.sort(), modules);
  },
);

test("bun add installs the package, and it runs", onBun, async () => {
  const adding = npmConsumer();
  await adding.run(process.execPath, "add", `${name}@npm:${npmName}`);
  assertInstalled(adding);
  const result = await adding.watching(process.execPath, "main.ts");
  assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
  await commandsWork(adding, installed);
  await adding.run(process.execPath, "--preload", `${name}/fs/register`, "replaced.mjs");
});

test("npm install installs the package, it runs, and its types check", onNode, async () => {
  const adding = npmConsumer();
  await adding.run("npm", "install", "--no-audit", "--no-fund", `${name}@npm:${npmName}`);
  assertInstalled(adding);
  const result = await adding.watching(process.execPath, "main.ts");
  assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
  await commandsWork(adding, installed);
  await adding.run(process.execPath, "--import", `${name}/fs/register`, "replaced.mjs");
  const options = ["--strict", "--noEmit", "--target", "esnext", "--module", "nodenext"];
  await adding.run("tsc", ...options, "main.ts");
});
