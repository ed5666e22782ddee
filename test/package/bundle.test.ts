/** A bundle of the package works on the runtime that it is made for. */

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

/** The command of each bundler, which bundles `main.ts` into `bundle.mjs`. */
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

/** For deno bundle, which downloads esbuild from npm: its cache, and the certificates that it trusts. */
const DENO: Record<string, string> = {
  DENO_DIR: process.env["DENO_DIR"] ?? "",
  DENO_TLS_CA_STORE: "mozilla,system",
};

/** A script, since an older Deno rewrites a spawned command that contains its own path. */
const SCRIPT = { "bundle.sh": "exec deno bundle --quiet --minify --output=bundle.mjs main.ts" };

const RUN: readonly string[] = {
  deno: [process.execPath, "run", "--no-prompt", "--allow-ffi", "--allow-read"],
  bun: [process.execPath],
  node: [process.execPath],
}[runtimeName];

for (const [bundler, [file, ...args]] of Object.entries(BUNDLERS)) {
  test(`the package works when bundled by ${bundler}`, async () => {
    const consumer = new Consumer(IMPORTS, SCRIPT, runtimeName === "deno" ? DENO : {});
    await consumer.run(file, ...args);
    const [runtime, ...flags] = RUN;
    const result = await consumer.watching(runtime, ...flags, "bundle.mjs");
    assert.deepEqual([result.stdout, result.code], [CONSUMED, 0], result.stderr);
  });
}

/** Waits for a file in `inbox` with the Worker that the Bun backend uses if streams do not work. */
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
    [" with a Worker", "worker.ts", "ready\nreadable\n"],
  ]
) {
  test(`the package works in an executable of bun build --compile${name}`, {
    skip: runtimeName !== "bun" && "only Bun makes one without a download",
  }, async () => {
    const consumer = new Consumer(IMPORTS, { "worker.ts": WORKER });
    const options = ["--compile", "--minify", "--outfile=program"];
    await consumer.run(process.execPath, "build", ...options, entry);
    const result = await consumer.watching(consumer.path("program"));
    assert.deepEqual([result.stdout, result.code], [expected, 0], result.stderr);
  });
}
