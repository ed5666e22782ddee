/** `watchFs()`: the events of `Deno.watchFs`, and those that it loses. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { InotifyError, limits } from "../../mod.ts";
import { type FsEvent, type FsWatcher, watchFs } from "../../src/compat/watchfs.ts";
import { watchMasks } from "../helpers/proc.ts";
import { runForJson } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** Iterates a watcher, and keeps its events as lines. */
function listen(watcher: FsWatcher, directory: string) {
  const lines: string[] = [];
  const loop = (async () => {
    for await (const { kind, paths } of watcher) {
      lines.push([kind, ...paths.map((path) => path.slice(directory.length + 1))].join(" "));
    }
  })();
  return {
    /** The next lines up to `last`, and those shortly after; equal lines in a row count once. */
    async upTo(last: string): Promise<string[]> {
      for (const end = Date.now() + 5000; !lines.includes(last) && Date.now() < end;) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      return lines.splice(0).filter((line, i, all) => line !== all[i - 1]);
    },
    async close(): Promise<void> {
      watcher.close();
      await within(loop);
    },
  };
}

/** Changes in a directory with the file `old`, in order, each with its events. */
const CHANGES: Record<string, [change: (at: (name: string) => string) => void, lines: string[]]> = {
  "a new file": [
    (at) => writeFileSync(at("a"), "1"),
    ["create a", "modify a", "access a"],
  ],
  "more content": [
    (at) => appendFileSync(at("a"), "2"),
    ["modify a", "access a"],
  ],
  "another mode": [
    (at) => chmodSync(at("a"), 0o600),
    ["modify a"],
  ],
  "a rename": [
    (at) => renameSync(at("a"), at("b")),
    ["remove a", "rename b", "rename a b"],
  ],
  "a rename over another file": [
    (at) => renameSync(at("b"), at("old")),
    ["remove b", "rename old", "rename b old"],
  ],
  "a directory": [
    (at) => mkdirSync(at("s")),
    ["create s"],
  ],
  "a file in it": [
    (at) => writeFileSync(at("s/f"), "1"),
    ["create s/f", "modify s/f", "access s/f"],
  ],
  "a rename of the directory": [
    (at) => renameSync(at("s"), at("t")),
    ["remove s", "rename t", "rename s t"],
  ],
  "more of a file in it": [
    (at) => appendFileSync(at("t/f"), "2"),
    ["modify t/f", "access t/f"],
  ],
  "a directory that moves out": [
    (at) => renameSync(at("t"), at("../out")),
    ["remove t"],
  ],
  "a removal": [
    (at) => rmSync(at("old")),
    ["remove old"],
  ],
};

async function check(watch: (path: string) => FsWatcher): Promise<void> {
  const directory = join(tmpDir(), "watched");
  const at = (name: string) => join(directory, name);
  mkdirSync(directory);
  writeFileSync(at("old"), "");
  const { upTo, close } = listen(watch(directory), directory);
  const actual: Record<string, string[]> = {};
  for (const [name, [change, lines]] of Object.entries(CHANGES)) {
    change(at);
    actual[name] = await upTo(lines[lines.length - 1]);
  }
  await close();
  const expected = Object.entries(CHANGES).map(([name, [, lines]]) => [name, lines]);
  assert.deepEqual(actual, Object.fromEntries(expected));
}

test("watchFs() reports the events of Deno.watchFs", async () => {
  await check(watchFs);
});

test("Deno.watchFs reports these events", {
  skip: runtimeName !== "deno" && "only Deno has it",
}, async () => {
  watchFs satisfies typeof Deno.watchFs;
  await check((path) => Deno.watchFs(path) as FsWatcher);
});

test("watchFs() reports create for a new link, and for everything below a directory that moves in", async () => {
  const directory = tmpDir();
  const outside = tmpDir();
  mkdirSync(join(outside, "in/deep"), { recursive: true });
  const { upTo, close } = listen(watchFs(directory), directory);
  symlinkSync("nowhere", join(directory, "link"));
  renameSync(join(outside, "in"), join(directory, "in"));
  assert.deepEqual(await upTo("create in/deep"), ["create link", "create in", "create in/deep"]);
  await close();
});

test("watchFs() reports every file of new trees", async () => {
  const directory = tmpDir();
  const watcher = watchFs(directory);
  const expected = new Set<string>();
  for (let i = 0; i < 200; i++) {
    mkdirSync(join(directory, `${i}/a/b`), { recursive: true });
    writeFileSync(join(directory, `${i}/a/b/f`), "");
    expected.add(join(directory, `${i}/a/b/f`));
  }
  await within((async () => {
    for await (const { kind, paths } of watcher) {
      if (kind === "create") expected.delete(paths[0]);
      if (expected.size === 0) break;
    }
  })());
});

test("watchFs() reports lost events with the flag rescan", async () => {
  const directory = tmpDir(fastest);
  const watcher = watchFs(directory);
  for (let i = 0; i < limits().maxQueuedEvents / 2; i++) {
    writeFileSync(join(directory, `${i}`), "");
    rmSync(join(directory, `${i}`));
  }
  let rescan: FsEvent | undefined;
  await within((async () => {
    for await (const event of watcher) if (event.flag !== undefined) return void (rescan = event);
  })());
  assert.deepEqual(rescan, { kind: "other", paths: [], flag: "rescan" });
});

test("watchFs() with ignore leaves out paths and everything below them", async () => {
  const directory = tmpDir();
  for (const name of ["a", "b/c", "ab"]) mkdirSync(join(directory, name), { recursive: true });
  const cwd = process.cwd();
  process.chdir(directory);
  const watcher = watchFs([".", "b/c"], { ignore: ["a", "./b"] });
  process.chdir(cwd);
  const { upTo, close } = listen(watcher, directory);
  for (const name of ["a/1", "b/2", "b/c/3", "ab/4"]) mkdirSync(join(directory, name));
  rmSync(join(directory, "b"), { recursive: true });
  mkdirSync(join(directory, "5"));
  assert.deepEqual(await upTo("create 5"), ["create ab/4", "create 5"]);
  await close();
});

test("watchFs() with recursive: false reports entries of the directory only", async () => {
  const directory = tmpDir();
  mkdirSync(join(directory, "a"));
  const { upTo, close } = listen(watchFs(directory, { recursive: false }), directory);
  for (const name of ["a/1", "b"]) mkdirSync(join(directory, name));
  assert.deepEqual(await upTo("create b"), ["create b"]);
  await close();
});

test("watchFs() throws NotFound with the missing path, and leaves no watch behind", async () => {
  const directory = tmpDir();
  const missing = join(directory, "missing");
  assert.throws(() => watchFs([directory, missing]), (error: unknown) => {
    assert.ok(error instanceof (runtimeName === "deno" ? Deno.errors.NotFound : InotifyError));
    assert.ok((runtimeName === "deno" ? error.cause : error) instanceof InotifyError);
    const { code, path, syscall } = error as InotifyError;
    assert.deepEqual({ code, path, syscall }, { code: "ENOENT", path: missing, syscall: "statx" });
    assert.match(error.message, /there is no such file or directory/);
    return true;
  });
  const { ino } = statSync(directory);
  for (const end = Date.now() + 5000; watchMasks().has(ino) && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(!watchMasks().has(ino));
});

test("pending next() calls of watchFs() get one event each, in order", async () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "a"), "");
  const watcher = watchFs(directory)[Symbol.asyncIterator]();
  const calls = [1, 2, 3, 4].map(() => watcher.next());
  renameSync(join(directory, "a"), join(directory, "b"));
  rmSync(join(directory, "b"));
  const results = await within(Promise.all(calls));
  assert.deepEqual(
    results.map(({ value }) => [value.kind, ...value.paths.map((path: string) => basename(path))]),
    [["remove", "a"], ["rename", "b"], ["rename", "a", "b"], ["remove", "b"]],
  );
  await watcher.return!();
});

test("FsWatcher.close() discards queued events, even the rest of a rename", async () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "a"), "");
  const watcher = watchFs(directory);
  const iterator = watcher[Symbol.asyncIterator]();
  renameSync(join(directory, "a"), join(directory, "b"));
  await within(iterator.next());
  watcher.close();
  assert.equal((await within(iterator.next())).done, true);
});

test("FsWatcher.close(), return() and dispose() end a pending next(), and close() may follow", async () => {
  for (
    const end of [
      (watcher: FsWatcher) => watcher.close(),
      (watcher: FsWatcher) => watcher[Symbol.dispose](),
      (watcher: FsWatcher) => void watcher.return(),
    ]
  ) {
    const watcher = watchFs(tmpDir());
    const iterator = watcher[Symbol.asyncIterator]();
    const pending = iterator.next();
    end(watcher);
    watcher.close();
    assert.equal((await within(pending)).done, true);
    assert.equal((await within(iterator.next())).done, true);
  }
});

test("an iterator of watchFs() stays at its end, however often it is closed", async () => {
  const watcher = watchFs(tmpDir());
  const iterator = watcher[Symbol.asyncIterator]();
  watcher.close();
  watcher.close();
  const end = { done: true, value: undefined };
  assert.deepEqual(await within(iterator.next()), end);
  assert.deepEqual(await within(iterator.return!()), end);
  assert.deepEqual(await within(iterator.next()), end);
});

test("watchFs() reports nothing of what is beside the directory", async () => {
  const parent = tmpDir();
  for (const name of ["watched", "other"]) mkdirSync(join(parent, name));
  const { upTo, close } = listen(watchFs(join(parent, "watched")), parent);
  writeFileSync(join(parent, "other/a"), "");
  rmSync(join(parent, "other/a"));
  mkdirSync(join(parent, "watched/b"));
  assert.deepEqual(await upTo("create watched/b"), ["create watched/b"]);
  await close();
});

test("watchFs() of a relative path reports paths without a dot", async () => {
  const directory = tmpDir();
  const cwd = process.cwd();
  process.chdir(directory);
  const watchers = ["./", ".", "sub/.."].map((path) => watchFs(path, { recursive: false }));
  process.chdir(cwd);
  for (const watcher of watchers) {
    const { upTo, close } = listen(watcher, directory);
    mkdirSync(join(directory, `${watchers.indexOf(watcher)}`));
    const last = `create ${watchers.indexOf(watcher)}`;
    assert.ok((await upTo(last)).every((line) => /^create \d$/.test(line)));
    await close();
  }
});

test("a watchFs() after others that are closed reports each event once", async () => {
  const directory = tmpDir();
  for (let i = 0; i < 3; i++) watchFs(directory).close();
  const watcher = watchFs(directory);
  const kinds: string[] = [];
  writeFileSync(join(directory, "a"), "1");
  rmSync(join(directory, "a"));
  await within((async () => {
    for await (const { kind } of watcher) {
      kinds.push(kind);
      if (kind === "remove") break;
    }
  })());
  assert.deepEqual(kinds, ["create", "modify", "access", "remove"]);
});

test("watchFs() reports the removal of a given file", async () => {
  const directory = tmpDir();
  writeFileSync(join(directory, "a"), "");
  const { upTo, close } = listen(watchFs(join(directory, "a")), directory);
  rmSync(join(directory, "a"));
  assert.deepEqual(await upTo("remove a"), ["modify a", "remove a"]);
  await close();
});

test("watchFs() takes one ignored path as a string, and reports no removal in it", async () => {
  const directory = tmpDir();
  for (const name of ["ignored/a", "b"]) mkdirSync(join(directory, name), { recursive: true });
  const watcher = watchFs(directory, { ignore: join(directory, "ignored") });
  const { upTo, close } = listen(watcher, directory);
  for (const name of ["ignored/a", "b"]) rmSync(join(directory, name), { recursive: true });
  assert.deepEqual(await upTo("remove b"), ["remove b"]);
  await close();
});

test("watchFs() throws NotCapable for a path that the runtime does not permit", {
  skip: runtimeName === "bun" && "Bun has no permissions",
}, () => {
  const allowed = tmpDir();
  const root = join(import.meta.dirname!, "../..");
  const flags = runtimeName === "deno"
    ? ["run", "--no-prompt", "--no-check", "--allow-ffi", `--allow-read=${allowed}`]
    : ["--no-warnings", "--permission", "--allow-ffi", `--allow-fs-read=${root}`];
  assert.deepEqual(runForJson("refused_watchfs.ts", [tmpDir()], { flags }), {
    name: runtimeName === "deno" ? "NotCapable" : "InotifyError",
    code: "EACCES",
  });
});
