/** In a bundle the package works as it does by itself, on the runtime that the bundle is for. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { CONSUMED, Consumer } from "../helpers/consumer.ts";
import { runtimeName } from "../helpers/runtime.ts";

const root = join(import.meta.dirname!, "../..");
const IMPORTS = [
  join(root, "mod.ts"),
  join(root, "src/kernel/mod.ts"),
  join(root, "src/compat/watchfs.ts"),
] as const;

/** How each bundler makes `bundle.mjs` of `main.ts`. */
const BUNDLERS: Record<string, readonly string[]> = {
  esbuild: [
    ...["esbuild", "main.ts", "--bundle", "--minify", "--format=esm", "--platform=node"],
    "--outfile=bundle.mjs",
  ],
  ...runtimeName === "deno" && { "deno bundle": ["sh", "bundle.sh"] },
  ...runtimeName === "bun" && {
    "bun build": [
      ...[process.execPath, "build", "--minify", "--target=bun", "--outfile=bundle.mjs", "main.ts"],
    ],
  },
};

/** For deno bundle, which gets its esbuild from npm: where it stays, and whom it trusts besides its own list. */
const DENO: Record<string, string> = {
  DENO_DIR: process.env["DENO_DIR"] ?? "",
  DENO_TLS_CA_STORE: "mozilla,system",
};

/** Not a command of its own, for an older Deno changes those in which it finds itself. */
const SCRIPT = { "bundle.sh": "exec deno bundle --quiet --minify --output=bundle.mjs main.ts" };

const RUN: readonly string[] = {
  deno: [process.execPath, "run", "--no-prompt", "--allow-ffi", "--allow-read"],
  bun: [process.execPath],
  node: [process.execPath],
}[runtimeName];

for (const [bundler, [file, ...args]] of Object.entries(BUNDLERS)) {
  test(`works when bundled by ${bundler}`, async () => {
    const consumer = new Consumer(IMPORTS, SCRIPT, runtimeName === "deno" ? DENO : {});
    await consumer.run(file, ...args);
    const [runtime, ...flags] = RUN;
    const result = await consumer.watching(runtime, ...flags, "bundle.mjs");
    assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
  });
}

/** Waits for a file in `inbox` by a Worker, which Bun has recourse to where its stream does not work. */
const WORKER = `
import { openBun } from "${root}/ffi/bun.ts";
import { IN_CLOEXEC, IN_NONBLOCK } from "${root}/ffi/contract.ts";
import { IN_CREATE } from "${root}/mod.ts";

const c = openBun(() => Promise.resolve(false));
const fd = c.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
c.inotify_add_watch(fd, new TextEncoder().encode("inbox\\0"), IN_CREATE);
const waiter = await c.waiter(fd);
console.log("ready");
await waiter.wait();
console.log("readable");
await waiter.release();
`;

for (
  const [name, entry, expected] of [
    ["", "main.ts", CONSUMED],
    [", by a Worker", "worker.ts", "ready\nreadable\n"],
  ]
) {
  test(`works in an executable of bun build --compile${name}`, {
    skip: runtimeName !== "bun" && "only Bun makes them without a download",
  }, async () => {
    const consumer = new Consumer(IMPORTS, { "worker.ts": WORKER });
    const options = ["--compile", "--minify", "--outfile=program"];
    await consumer.run(process.execPath, "build", ...options, entry);
    const result = await consumer.watching(consumer.path("program"));
    assert.deepEqual([result.stdout, result.code], [expected, 0], result.stderr);
  });
}
