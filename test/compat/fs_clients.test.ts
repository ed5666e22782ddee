/** Programs from npm that watch by node:fs, and get the watchers of this package by `./fs/register`. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const root = join(import.meta.dirname!, "../..");
const REGISTER = join(root, "src/compat/fs_register.ts");
const PACKAGES = join(root, ".runtimes/clients/node_modules");

const skip = !existsSync(PACKAGES) &&
  "scripts/test.sh installs the programs, where npm can be reached";

const PRELOAD: readonly string[] = {
  deno: ["run", "--allow-all", "--no-check", "--preload", REGISTER],
  bun: ["--preload", REGISTER],
  node: ["--disable-warning=ExperimentalWarning", "--import", REGISTER],
}[runtimeName];

/** A program that watches the directory in which it runs. */
class Client implements Disposable {
  readonly directory: string = tmpDir();
  readonly #child: ChildProcess;
  readonly #output = { stdout: "", stderr: "" };

  /** @param files the text of files that it finds, by name */
  constructor(program: string, args: readonly string[], files: Record<string, string>) {
    mkdirSync(join(this.directory, "src"));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.#child = spawn(process.execPath, [...PRELOAD, program, ...args], {
      cwd: this.directory,
      env: { ...process.env, NO_COLOR: "1", INOTIFY_DEBUG: "1" },
    });
    this.#child.stdout!.on("data", (chunk) => this.#output.stdout += chunk);
    this.#child.stderr!.on("data", (chunk) => this.#output.stderr += chunk);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  rename(from: string, to: string): void {
    renameSync(join(this.directory, from), join(this.directory, to));
  }

  /** The text of a file, or nothing. */
  read(name: string): string {
    const path = join(this.directory, name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Waits until it prints a text that it has not printed before. */
  async prints(text: string): Promise<void> {
    const state = () => ({ text, stdout: this.#output.stdout });
    await until(() => this.#output.stdout.includes(text), state);
    this.#output.stdout = "";
  }

  /** Waits until a file has a text. */
  async writes(name: string, text: string): Promise<void> {
    await until(() => this.read(name).includes(text), () => [text, this.#output.stdout]);
  }

  /** Waits until it watches a directory. */
  async watches(name: string): Promise<void> {
    const scan = `scan   ${JSON.stringify(join(this.directory, name))} watch`;
    await until(() => this.#output.stderr.includes(scan), () => this.#output.stdout);
  }

  /** Asserts that its events are those of this package. */
  assertReplaced(): void {
    assert.match(this.#output.stderr, /node:fs are replaced/);
    assert.match(this.#output.stderr, /^inotify .* report /m);
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}

test("tsc --watch compiles what has changed", { skip }, async () => {
  const options = { outDir: "out", rootDir: "src", module: "esnext", types: [] };
  const tsc = join(PACKAGES, "typescript/lib/tsc.js");
  using client = new Client(tsc, ["--watch", "--preserveWatchOutput"], {
    "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["src"] }),
    "src/a.ts": "export const a: number = 1;\n",
  });
  await client.prints("Found 0 errors. Watching for file changes.");
  await client.watches("src");

  client.write("src/b.ts", 'export const b: number = "not a number";\n');
  await client.prints("src/b.ts(1,14): error TS2322");
  client.write("src/b.ts", "export const b: number = 2;\n");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/b.js"), /b = 2/);

  client.write("next", "export const b: number = 3;\n"); // as many editors save
  client.rename("next", "src/b.ts");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/b.js"), /b = 3/);

  client.rename("src/b.ts", "src/c.ts");
  await client.prints("Found 0 errors.");
  assert.match(client.read("out/c.js"), /b = 3/);
  client.assertReplaced();
});

test("webpack builds again what has changed", { skip }, async () => {
  using client = new Client("build.cjs", [], {
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
  await client.writes("out/main.js", '"first"');

  client.write("src/b.js", '"second";\n');
  await client.writes("out/main.js", '"second"');
  client.rename("src/b.js", "src/other.js");
  await client.prints("Can't resolve './b'");
  client.write("next", '"third";\n');
  client.rename("next", "src/b.js");
  await client.writes("out/main.js", '"third"');
  rmSync(join(client.directory, "src/b.js"));
  mkdirSync(join(client.directory, "src/b"));
  client.write("src/b/index.js", '"fourth";\n');
  await client.writes("out/main.js", '"fourth"');
  client.assertReplaced();
});
