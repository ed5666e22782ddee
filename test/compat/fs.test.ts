/** `watch()` and `FSWatcher` of ./fs: what the tests of node:fs expect. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import * as nodeFs from "node:fs";
import { mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fs, { promises, watch } from "../../src/compat/fs.ts";
import { listen } from "../helpers/fs_events.ts";
import { limited, LIMITS } from "../helpers/namespace.ts";
import { watchMasks } from "../helpers/proc.ts";
import { run, runForJson } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

test("watch() takes relative paths, URLs and bytes", async () => {
  const directory = tmpDir();
  const file = join(directory, "hasOwnProperty");
  writeFileSync(file, "");
  for (const path of [relative(process.cwd(), file), pathToFileURL(file), Buffer.from(file)]) {
    await using watcher = watch(path);
    const { upTo } = listen(watcher);
    writeFileSync(file, "1");
    assert.deepEqual(await upTo("change hasOwnProperty"), ["change hasOwnProperty"]);
  }
});

test("watch() throws for a path that cannot be watched as node:fs does", () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "file"), "");
  symlinkSync("loop", join(directory, "loop"));
  const { ino } = statSync(directory);
  for (
    const [name, code, errno, reason] of [
      ["missing", "ENOENT", -2, "no such file or directory"],
      ["file/in", "ENOTDIR", -20, "not a directory"],
      ["loop", "ELOOP", -40, "too many symbolic links encountered"],
    ] as const
  ) {
    const path = join(directory, name);
    for (const recursive of [false, true]) {
      assert.throws(() => watch(path, { recursive }), {
        name: "Error",
        message: `${code}: ${reason}, watch '${path}'`,
        ...{ code, errno, syscall: "watch", path, filename: path },
      });
    }
    if (runtimeName === "node" && code !== "ELOOP") {
      assert.throws(() => nodeFs.watch(path), { code, errno, path, filename: path });
    }
  }
  assert.throws(() => watch(""), { code: "ENOENT", path: "" });
  assert.ok(!watchMasks().has(ino));
});

test("watch() decodes file names as the option encoding says", async () => {
  const directory = tmpDir();
  await using watchers = new AsyncDisposableStack();
  const names: unknown[] = [];
  for (const encoding of [undefined, null, "hex", "latin1", "buffer"] as const) {
    const watcher = watch(directory, { encoding });
    watcher.once("change", (_, filename) => names.push(filename));
    watchers.use(watcher);
  }
  watchers.use(watch(directory, "base64")).once("change", (_, filename) => names.push(filename));
  execFileSync("sh", ["-c", `mkdir "$(printf 'é\\377')"`], { cwd: directory });
  await until(() => names.length === 6, () => names);
  const bytes = Buffer.of(0xc3, 0xa9, 0xff);
  assert.deepEqual(
    new Set(names),
    new Set(["é\ufffd", "c3a9ff", "Ã©ÿ", bytes, bytes.toString("base64")]),
  );
});

test("watch() ignores names by globs, RegExps and functions", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "deep"));
  await using watcher = watch(directory, {
    recursive: true,
    ignore: ["*.log", "deep/?.txt", /\.tmp$/, (name) => basename(name) === "secret"],
  });
  const { upTo } = listen(watcher);
  for (
    const name of ["a.log", "deep/a.log", ".a.log", "deep/a.txt", "a.txt", "a.tmp", "deep/secret"]
  ) mkdirSync(join(directory, name));
  mkdirSync(join(directory, "end"));
  assert.deepEqual(await upTo("rename end"), ["rename .a.log", "rename a.txt", "rename end"]);
});

test("watch() ignores names in the directory alone, too", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { ignore: ["*.log", /\.tmp$/] });
  const { upTo } = listen(watcher);
  for (const name of ["a.log", "a.tmp", ".a.log", "end"]) mkdirSync(join(directory, name));
  assert.deepEqual(await upTo("rename end"), ["rename .a.log", "rename end"]);
});

test("watch() does not watch an ignored directory", async () => {
  const directory = tmpDir();
  for (const name of ["node_modules/a", "src"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const inode = (name: string) => statSync(join(directory, name)).ino;
  await using watcher = watch(directory, { recursive: true, ignore: "node_modules" });
  assert.ok(watchMasks().has(inode("src")));
  assert.ok(!watchMasks().has(inode("node_modules")));
  const { upTo } = listen(watcher);
  mkdirSync(join(directory, "node_modules/b"));
  mkdirSync(join(directory, "src/b"));
  assert.deepEqual(await upTo("rename src/b"), ["rename src/b"]);
});

test("watch() does not follow a link that leads back", async () => {
  const directory = tmpDir();
  symlinkSync(directory, join(directory, "link"));
  await using watcher = watch(directory, { recursive: true });
  const { upTo } = listen(watcher);
  mkdirSync(join(directory, "end"));
  assert.deepEqual(await upTo("rename end"), ["rename end"]);
});

test("watch() with recursive reports every file of new trees", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { recursive: true });
  const missing = new Set<string>();
  watcher.on("change", (_, filename) => missing.delete(filename));
  for (let i = 0; i < 200; i++) {
    mkdirSync(join(directory, `${i}/a/b`), { recursive: true });
    writeFileSync(join(directory, `${i}/a/b/f`), "");
    missing.add(`${i}/a/b/f`);
  }
  await until(() => missing.size === 0, () => [...missing]);
});

test("FSWatcher emits close once, after close() has returned, and nothing after it", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  const { lines, upTo } = listen(watcher);
  let closed = 0;
  watcher.on("close", () => {
    closed++;
    watcher.close();
  });
  watcher.once("change", () => {
    watcher.close();
    watcher.close();
    assert.equal(closed, 0);
  });
  writeFileSync(join(directory, "a"), "1");
  await upTo("rename a");
  await until(() => closed > 0, () => lines);
  writeFileSync(join(directory, "b"), "1");
  await using other = watch(directory);
  const others = listen(other);
  mkdirSync(join(directory, "end"));
  await others.upTo("rename end");
  assert.deepEqual([closed, lines], [1, []]);
  assert.equal(watcher.ref().unref(), watcher);
});

test("FSWatcher emits nothing of a rename after a listener has closed it", async () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "a"), "");
  await using watcher = watch(directory);
  const { lines } = listen(watcher);
  watcher.on("change", () => watcher.close());
  renameSync(join(directory, "a"), join(directory, "b"));
  await within(new Promise((resolve) => watcher.on("close", resolve)));
  assert.deepEqual(lines, ["rename a"]);
});

test("await using closes an FSWatcher, and waits until nothing is watched", async () => {
  const directory = tmpDir();
  const { ino } = statSync(directory);
  let closed = false;
  {
    await using watcher = watch(directory);
    watcher.on("close", () => closed = true);
    assert.ok(watchMasks().has(ino));
  }
  assert.ok(closed && !watchMasks().has(ino));
});

test("a signal closes an FSWatcher, also one that is aborted before", async () => {
  const controller = new AbortController();
  for (const signal of [controller.signal, AbortSignal.abort()]) {
    await using watcher = watch(tmpDir(), { signal });
    const closed = new Promise((resolve) => watcher.once("close", resolve));
    controller.abort();
    await within(closed);
  }
});

for (
  const [what, expected] of Object.entries({
    "persistent: false": "",
    "unref": "",
    "unref, ref and unref": "",
    "closed": "",
    "aborted": "",
    "a missing path that may be missing": "",
    "unref and ref": '"alive"\n',
  })
) {
  test(`a process ends by itself: ${what}`, () => {
    const { status, stdout, stderr } = run("fs_watch.ts", [what, tmpDir()]);
    assert.deepEqual([status, stdout], [0, expected], stderr);
  });
}

test("what a listener throws is uncaught, and ends nothing else", () => {
  const thrown = runForJson("fs_watch.ts", ["thrown", tmpDir()]);
  assert.deepEqual(thrown, ["rename a", "rename b"]);
});

test("the limit of watches is an error of the call, in the words of node:fs", LIMITS, () => {
  const path = tmpDir();
  for (let i = 0; i < 20; i++) mkdirSync(join(path, `${i}`));
  const error = {
    code: "ENOSPC",
    errno: -28,
    syscall: "watch",
    ...{ path, filename: path },
    message: `ENOSPC: System limit for number of file watchers reached, watch '${path}'`,
  };
  const thrown = runForJson<typeof error[]>("fs_watch.ts", ["limit", path], limited("watches", 12));
  assert.deepEqual(thrown, [error, error]);
});

test("the default export has watch() and promises, as that of node:fs", () => {
  assert.deepEqual(fs, { watch, promises });
});
