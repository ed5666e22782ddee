/** Programs from npm that watch by node:fs, and get the watchers of this package by `./fs/register`. */

import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Client, PACKAGES, root, skip } from "../helpers/client.ts";
import { runtimeName } from "../helpers/runtime.ts";

const REGISTER = join(root, "src/compat/fs_register.ts");

const RUN: readonly string[] = [
  process.execPath,
  ...{
    deno: ["run", "--allow-all", "--no-check", "--preload", REGISTER],
    bun: ["--preload", REGISTER],
    node: ["--disable-warning=ExperimentalWarning", "--import", REGISTER],
  }[runtimeName],
];

const TRACE = { INOTIFY_DEBUG: "1" };

/** Asserts that the events of a program are those of this package. */
function assertReplaced({ errors }: Client): void {
  assert.match(errors, /node:fs are replaced/);
  assert.match(errors, /^inotify .* report /m);
}

test("tsc --watch compiles what has changed", { skip }, async () => {
  const options = { outDir: "out", rootDir: "src", module: "esnext", types: [] };
  const tsc = join(PACKAGES, "typescript/lib/tsc.js");
  await using client = new Client({
    "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["src"] }),
    "src/a.ts": "export const a: number = 1;\n",
  });
  client.run([...RUN, tsc, "--watch", "--preserveWatchOutput"], TRACE);
  await client.prints("Found 0 errors. Watching for file changes.");
  await client.watches("src");

  client.write("src/b.ts", 'export const b: number = "not a number";\n');
  await client.prints("src/b.ts(1,14): error TS2322");
  client.write("src/b.ts", "export const b: number = 2;\n");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/b.js"), /b = 2/);

  client.save("src/b.ts", "export const b: number = 3;\n");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/b.js"), /b = 3/);

  client.rename("src/b.ts", "src/c.ts");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/c.js"), /b = 3/);
  assertReplaced(client);
});

test("webpack builds again what has changed", { skip }, async () => {
  await using client = new Client({
    "build.cjs": `
const webpack = require(${JSON.stringify(join(PACKAGES, "webpack"))});
const options = { mode: "development", devtool: false, cache: false, context: __dirname, entry: "./src/a.js" };
webpack({ ...options, output: { path: __dirname + "/out" } })
  .watch({ aggregateTimeout: 20 }, (error, stats) => {
    console.log(error ?? (stats.hasErrors() ? stats.toString("errors-only") : "built"));
  });
`,
    "src/a.js": 'require("./b");\n',
    "src/b.js": '"first";\n',
  });
  client.run([...RUN, "build.cjs"], TRACE);
  await client.writes("out/main.js", '"first"');

  client.write("src/b.js", '"second";\n');
  await client.writes("out/main.js", '"second"');
  client.rename("src/b.js", "src/other.js");
  await client.prints("Can't resolve './b'");
  client.save("src/b.js", '"third";\n');
  await client.writes("out/main.js", '"third"');
  rmSync(client.at("src/b.js"));
  mkdirSync(client.at("src/b"));
  client.write("src/b/index.js", '"fourth";\n');
  await client.writes("out/main.js", '"fourth"');
  assertReplaced(client);
});
