/** `promises.watch()` of ./fs, and the arguments of both functions: what the tests of node:fs expect. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as nodeFs from "node:fs";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promises, watch, type WatchOptions } from "../../src/compat/fs.ts";
import { watchMasks } from "../helpers/proc.ts";
import { runForJson } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const SIGNAL = '"options.signal" property must be an instance of AbortSignal';

/** Wrong arguments, each with the code of its error and a part of the message. */
const WRONG: [path: unknown, options: unknown, code: string, part: string][] = [
  ...[false, 1, {}, [], null, undefined].map((path) =>
    [
      ...[path, {}, "ERR_INVALID_ARG_TYPE"],
      'The "path" argument must be of type string or an instance of Buffer or URL. Received ',
    ] as [unknown, unknown, string, string]
  ),
  ["a\0b", {}, "ERR_INVALID_ARG_VALUE", "without null bytes"],
  [Buffer.from("a\0b"), {}, "ERR_INVALID_ARG_VALUE", "without null bytes"],
  [".", 1, "ERR_INVALID_ARG_TYPE", '"options" argument must be one of type string or object'],
  [".", "silly", "ERR_INVALID_ARG_VALUE", "The argument 'encoding' is invalid encoding"],
  [".", { encoding: 1 }, "ERR_INVALID_ARG_VALUE", "The argument 'encoding' is invalid encoding"],
  [".", { recursive: "1" }, "ERR_INVALID_ARG_TYPE", "options.recursive"],
  [".", { recursive: true, persistent: 1 }, "ERR_INVALID_ARG_TYPE", "options.persistent"],
  [".", { signal: 1 }, "ERR_INVALID_ARG_TYPE", SIGNAL],
  [".", { ignore: 123 }, "ERR_INVALID_ARG_TYPE", '"options.ignore" property must be one of type'],
  [".", { ignore: "" }, "ERR_INVALID_ARG_VALUE", "'options.ignore' must be a non-empty string"],
  [".", { ignore: [1] }, "ERR_INVALID_ARG_TYPE", '"options.ignore[0]" property'],
  [".", { ignore: ["a", ""] }, "ERR_INVALID_ARG_VALUE", "'options.ignore[1]'"],
];

/** Those of `promises.watch()`. */
const WRONG_PROMISED: typeof WRONG = [
  ...WRONG,
  [".", { persistent: 1 }, "ERR_INVALID_ARG_TYPE", "options.persistent"],
  [".", { maxQueue: "silly" }, "ERR_INVALID_ARG_TYPE", "options.maxQueue"],
  [".", { maxQueue: 1.5 }, "ERR_OUT_OF_RANGE", "options.maxQueue"],
  [".", { overflow: 1 }, "ERR_INVALID_ARG_VALUE", "options.overflow"],
  [".", { overflow: "barf" }, "ERR_INVALID_ARG_VALUE", "options.overflow"],
];

test("watch() throws for wrong arguments as node:fs does", () => {
  const all = runtimeName === "node" ? [watch, nodeFs.watch] : [watch];
  for (const watch of all as typeof nodeFs.watch[]) {
    for (const [path, options, code, part] of WRONG) {
      assert.throws(() => watch(path as string, options as "utf8"), (error: unknown) => {
        assert.ok(error instanceof TypeError && "code" in error, `${path} ${options}`);
        assert.equal(error.code, code, error.message);
        assert.ok(error.message.includes(part), error.message);
        return true;
      });
    }
  }
});

test("promises.watch() rejects for wrong arguments as node:fs does", async () => {
  const all = runtimeName === "node" ? [promises, nodeFs.promises] : [promises];
  for (const { watch } of all as typeof nodeFs.promises[]) {
    for (const [path, options, code, part] of WRONG_PROMISED) {
      if (path === "." && options === "silly") continue; // node:fs takes no encoding here
      const events = watch(path as string, options as WatchOptions as object);
      await assert.rejects(async () => {
        for await (const _ of events) assert.fail("an event");
      }, (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error, `${path} ${options}`);
        assert.equal(error.code, code, error.message);
        assert.ok(error.message.includes(part) || options === 1, error.message);
        return true;
      });
    }
  }
});

test("promises.watch() iterates the events, and leaving the loop ends it", async () => {
  const directory = tmpDir();
  const { ino } = statSync(directory);
  for (const recursive of [false, true]) {
    const events = promises.watch(directory, { recursive });
    assert.ok(!watchMasks().has(ino));
    const name = `new ${recursive}`;
    const later = setTimeout(() => mkdirSync(join(directory, name)), 20);
    for await (const event of events) {
      assert.deepEqual(event, { eventType: "rename", filename: name });
      break;
    }
    clearTimeout(later);
    assert.ok(!watchMasks().has(ino));
    for await (const _ of events) assert.fail("an event after the end");
  }
});

test("promises.watch() keeps the events that happen between two calls", async () => {
  const directory = tmpDir();
  const events = promises.watch(directory, { encoding: "buffer" });
  const first = events.next();
  for (const name of ["a", "b", "c"]) mkdirSync(join(directory, name));
  const names = [(await within(first)).value!.filename];
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 2; i++) names.push((await within(events.next())).value!.filename);
  assert.deepEqual(names, ["a", "b", "c"].map((name) => Buffer.from(name)));
  await events.return(undefined);
});

test("promises.watch() rejects with an AbortError, the signal's reason as its cause", async () => {
  const reason = new Error("enough");
  const aborted = { name: "AbortError", code: "ABORT_ERR", cause: reason };
  await assert.rejects(
    promises.watch(tmpDir(), { signal: AbortSignal.abort(reason) }).next(),
    aborted,
  );
  const controller = new AbortController();
  const next = promises.watch(tmpDir(), { signal: controller.signal }).next();
  controller.abort(reason);
  await assert.rejects(within(next), aborted);
});

test("promises.watch() rejects for a missing path", async () => {
  const path = join(tmpDir(), "missing");
  await assert.rejects(promises.watch(path).next(), { code: "ENOENT", syscall: "watch", path });
});

test('promises.watch() with overflow: "error" rejects when its queue is full', async () => {
  const directory = tmpDir();
  const events = promises.watch(directory, { maxQueue: 5, overflow: "error" });
  const first = events.next();
  for (let i = 0; i < 10; i++) mkdirSync(join(directory, `${i}`));
  await within(first);
  await assert.rejects(async () => {
    for await (const _ of events); // up to the overflow
  }, {
    code: "ERR_FS_WATCH_QUEUE_OVERFLOW",
    message: "fs.watch() queued more than 5 events",
  });
});

test('promises.watch() with overflow: "ignore" warns, and the differences follow', () => {
  const result = runForJson("fs_watch.ts", ["ignored overflow", tmpDir()]);
  assert.deepEqual(result, { names: 19, warned: true });
});
