/** `./fs/register`: whole programs that get their `watch()` from node:fs, and use that of this package. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

const source = join(import.meta.dirname!, "../../src/compat");
const REGISTER = join(source, "fs_register.ts");

/** The flags that load the module first. */
const PRELOAD: readonly string[] = {
  deno: ["run", "--allow-all", "--no-check", "--preload", REGISTER],
  bun: ["--preload", REGISTER],
  node: ["--disable-warning=ExperimentalWarning", "--import", REGISTER],
}[runtimeName];

/** Runs a program. @returns what it printed */
function run(name: string, text: string, flags = PRELOAD, env = {}) {
  const directory = tmpDir();
  writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, "required.cjs"), REQUIRED);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, name], {
    cwd: directory,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  return { status, stdout, stderr };
}

const REQUIRED = `
exports.fs = require("fs");
exports.watch = require("node:fs").watch;
exports.promised = require("fs/promises").watch;
`;

/** What a module finds, and which of it is of this package. */
const IMPORTS = `
import { watch } from "node:fs";
import * as namespace from "fs";
import fs, { promises } from "fs";
import { watch as promised } from "fs/promises";
import * as promisedNamespace from "node:fs/promises";
import required from "./required.cjs";
import * as ours from "${source}/fs.ts";
const are = (functions, one) => Object.entries(functions).filter(([, f]) => f === one).map(([name]) => name);
const functions = { watch, namespace: namespace.watch, default: fs.watch, required: required.watch };
const promisedFunctions = {
  promised, promises: promises.watch, namespace: promisedNamespace.watch, required: required.promised,
};
console.log(...are(functions, ours.watch), "and", ...are(promisedFunctions, ours.promises.watch));
`;
const ALL = "watch namespace default required and promised promises namespace required\n";

test("every import and require of node:fs gets watch() and promises.watch() of this package", () => {
  const { stdout, stderr, status } = run("main.mjs", IMPORTS);
  assert.deepEqual([status, stdout], [0, ALL], stderr);
});

test("a module gets them even if node:fs was imported before", {
  skip: runtimeName === "bun" && "Bun reads the names of node:fs at the first import",
}, () => {
  const before = join(tmpDir(), "before.mjs");
  writeFileSync(
    before,
    'import { watch } from "node:fs"; import { watch as w } from "fs/promises"; watch; w;',
  );
  const flags = [...PRELOAD.slice(0, -2), PRELOAD.at(-2)!, before, ...PRELOAD.slice(-2)];
  const { stdout, stderr, status } = run("main.mjs", IMPORTS, flags);
  assert.deepEqual([status, stdout], [0, ALL], stderr);
});

test("a module in TypeScript gets them, too, and all else of node:fs", () => {
  const { stdout, stderr, status } = run(
    "main.ts",
    `${IMPORTS}
import { readFileSync, type Stats, statSync } from "node:fs";
const stats: Stats = statSync(import.meta.filename!);
console.log(readFileSync(import.meta.filename!).length === stats.size);
`,
  );
  assert.deepEqual([status, stdout], [0, `${ALL}true\n`], stderr);
});

test("a CommonJS program watches by it", () => {
  const { stdout, stderr, status } = run(
    "main.cjs",
    `
const { mkdirSync, watch } = require("fs");
mkdirSync("watched");
const watcher = watch("watched", { recursive: true }, (eventType, filename) => {
  console.log(Symbol.asyncDispose in watcher, eventType, filename); // node:fs has no such member
  watcher.close();
});
mkdirSync("watched/a");
`,
  );
  assert.deepEqual([status, stdout], [0, "true rename a\n"], stderr);
});

test("unregister() puts the functions of node:fs back", () => {
  const { stdout, stderr, status } = run(
    "main.mjs",
    `
import fs from "fs";
import * as ours from "${source}/fs.ts";
import { unregister } from "${REGISTER}";
const replaced = fs.watch === ours.watch;
unregister();
unregister();
const { watch } = await import("node:fs");
const isBack = [fs.watch, fs.promises.watch, watch].map((f) => f !== ours.watch && f !== ours.promises.watch);
console.log(replaced, ...isBack);
fs.watch(".").close();
`,
  );
  const named = runtimeName === "node"; // the others have read the names of node:fs
  assert.deepEqual([status, stdout], [0, `true true true ${named}\n`], stderr);
});

test("unregister() leaves what another module has put in the place meanwhile", () => {
  const { stdout, stderr, status } = run(
    "main.mjs",
    `
import fs from "fs";
import { unregister } from "${REGISTER}";
const other = fs.watch = () => {};
unregister();
console.log(fs.watch === other);
`,
  );
  assert.deepEqual([status, stdout], [0, "true\n"], stderr);
});

test("INOTIFY_DEBUG says what was done", () => {
  const text = `import { unregister } from "${REGISTER}"; unregister();`;
  const { stderr } = run("main.mjs", text, PRELOAD, { INOTIFY_DEBUG: "1" });
  assert.match(
    stderr,
    /^inotify .* fs +watch\(\) and promises\.watch\(\) of node:fs are replaced$/m,
  );
  assert.match(stderr, /^inotify .* fs +watch\(\) and promises\.watch\(\) of node:fs are back$/m);
  assert.doesNotMatch(run("main.mjs", text).stderr, /inotify/);
});

test("where inotify cannot be used, the program ends with one clear error", {
  skip: runtimeName === "bun" && "Bun has no permissions",
}, () => {
  const flags = runtimeName === "deno"
    ? ["run", "--no-prompt", "--allow-read", "--no-check", "--preload", REGISTER]
    : ["--permission", "--allow-fs-read=*", "--import", REGISTER];
  const { status, stdout, stderr } = run("main.mjs", 'console.log("started");', flags);
  assert.deepEqual([status, stdout], [1, ""], stderr);
  assert.match(stderr, /allow-ffi/);
});
