/** `watch()` and the methods of `Watcher`; what events it reports is in scenarios/. */

import assert from "node:assert/strict";
import { renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { InotifyError, type Path, watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { mkdirs } from "../helpers/directories.ts";
import { collect, taken } from "../helpers/events.ts";
import { openFiles } from "../helpers/proc.ts";
import { thrown } from "../helpers/thrown.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

// Paths

for (
  const [name, path] of Object.entries<(directory: string) => Path>({
    "a relative path": (directory) => relative(process.cwd(), directory),
    "a file: URL": (directory) => pathToFileURL(directory),
    "bytes": (directory) => new TextEncoder().encode(directory),
    "a path that is not normalized": (directory) => `${directory}/./x/..//`,
  })
) {
  test(`watch() takes ${name}, and events have absolute paths`, async () => {
    const directory = tmpDir();
    await using watcher = watch(path(directory));
    const { lines } = collect(watcher);
    await within(watcher.ready);
    assert.deepEqual(watcher.watched(), [directory]);
    mkdirs(directory, "a");
    await taken(watcher);
    assert.deepEqual(lines, [`create ${directory}/a`]);
  });
}

test("Watcher.add() of a directory on the way to a missing path applies no removal without what came after it", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  mkdirs(directory, "a");
  writeFileSync(at("file"), "");
  await using watcher = watch(at("a/missing"));
  await within(watcher.ready);
  const { lines } = collect(watcher);
  rmSync(at("file"));
  writeFileSync(at("new"), "");
  renameSync(at("new"), at("file"));
  await within(watcher.add(directory));
  await taken(watcher);
  const ofFile = lines.filter((line) => line.endsWith("/file"));
  assert.notEqual(ofFile.at(-1), `remove ${at("file")}`, `${lines}`);
});

test("Watcher.add() and remove() change what is watched; where paths overlap, each event comes once", async () => {
  const base = tmpDir();
  mkdirs(base, "a", "a/b", "c");
  await using watcher = watch(join(base, "a"));
  const { lines } = collect(watcher);
  await within(watcher.add(join(base, "a/b")));
  await within(watcher.add(join(base, "c")));
  assert.deepEqual(watcher.watched().sort(), ["a", "a/b", "c"].map((name) => join(base, name)));
  mkdirs(base, "a/b/1", "c/1");
  await within(watcher.sync());
  assert.equal(watcher.remove(join(base, "a")), true);
  assert.equal(watcher.remove(join(base, "a")), false);
  mkdirs(base, "a/2", "a/b/2", "c/2");
  await within(watcher.sync());
  assert.equal(watcher.remove(join(base, "c")), true);
  mkdirs(base, "c/3", "a/b/3");
  await taken(watcher);
  const expected = ["a/b/1", "c/1", "a/b/2", "c/2", "a/b/3"];
  assert.deepEqual(lines, expected.map((name) => `create ${base}/${name}`));
});

test("watchers of one tree report the same events, and closing one does not affect the others", async () => {
  const directory = tmpDir();
  mkdirs(directory, "sub");
  const outer = watch(directory);
  const inner = watch(join(directory, "sub"), { events: ["create"] });
  const twin = watch(directory);
  const seen = [outer, inner, twin].map((watcher) => collect(watcher).lines);
  await within(Promise.all([outer.ready, inner.ready, twin.ready]));
  mkdirs(directory, "sub/1");
  await within(Promise.all([outer.sync(), inner.sync(), twin.sync()]));
  await within(inner.close());
  mkdirs(directory, "sub/2");
  await within(outer.sync());
  await within(twin.close());
  mkdirs(directory, "sub/3");
  await taken(outer);
  await within(outer.close());
  const made = (...numbers: number[]) => numbers.map((n) => `create ${directory}/sub/${n}`);
  assert.deepEqual(seen, [made(1, 2, 3), made(1), made(1, 2)]);
});

test("a new watcher does not report older changes that another watcher has yet to report", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  mkdirs(directory, "gone", "moves", "stays");
  await using before = watch(directory);
  await within(before.ready);
  const first = collect(before);
  rmdirSync(at("gone"));
  renameSync(at("moves"), at("moved"));
  mkdirs(directory, "stays/sub", "new");
  await using after = watch(directory);
  const second = collect(after);
  await within(after.sync());
  mkdirs(directory, "stays/sub/a", "new/b", "moved/c");
  await taken(after);
  const reported = (...lines: string[]) =>
    lines.map((line) => line.replace(" ", ` ${directory}/`)).toSorted();
  const later = reported("create stays/sub/a", "create new/b", "create moved/c");
  assert.deepEqual(second.lines.toSorted(), later);
  const earlier = reported("remove gone", "rename moved", "create stays/sub", "create new");
  assert.deepEqual(first.lines.toSorted(), [...earlier, ...later].toSorted());
});

// Arguments and callbacks

for (
  const [name, paths, options, error] of [
    ["an empty path", "", {}, /must not be empty/],
    ["a path with a NUL byte", "a\0b", {}, /contain a NUL byte, and "a\\u0000b" does/],
    ["a number as path", 5 as unknown as string, {}, /, not 5/],
    ["an unknown kind", ".", { events: ["created"] }, /events must be .*, not "created"/],
    ["events that are not an array", ".", { events: "create" }, /events must .*, not "create"/],
    ["an empty glob", ".", { ignore: "" }, /ignore takes .*, and not ""/],
    ["a number as ignore", ".", { ignore: 5 }, /ignore takes .*, and not 5/],
    ["a maxQueue of 1", ".", { maxQueue: 1 }, /maxQueue must .*, not 1/],
    ["a fractional maxQueue", ".", { maxQueue: 2.5 }, /maxQueue must .*, not 2.5/],
    ["a string as maxQueue", ".", { maxQueue: "9" }, /maxQueue must be a number, not "9"/],
    [
      "an AbortController as signal",
      ".",
      { signal: new AbortController() },
      /signal must be .*AbortController/,
    ],
    ["null as signal", ".", { signal: null }, /signal must be an AbortSignal, not null/],
    ["a number as onProgress", ".", { onProgress: 5 }, /onProgress must be a function, not 5/],
    [
      "another string as followSymlinks",
      ".",
      { followSymlinks: "always" },
      /followSymlinks must be true, false or "never", not "always"/,
    ],
    ["a string as initial", ".", { initial: "no" }, /initial must be true or false, not "no"/],
    ["null as options", ".", null, /options must be an object, not null/],
  ] as const
) {
  test(`watch() throws for ${name}, and leaves nothing open`, () => {
    const { inotify } = openFiles();
    assert.throws(() => watch(paths, options as unknown as WatchOptions), error);
    assert.equal(openFiles().inotify, inotify, "nothing stays open");
  });
}

test("Watcher.add() throws EBADF, and remove() returns false, after close()", async () => {
  const watcher = watch([]);
  await within(watcher.close());
  assert.deepEqual(thrown(() => watcher.add("/dev/shm")), {
    name: "InotifyError",
    message: 'Cannot watch "/dev/shm": this watcher is closed (EBADF)',
    code: "EBADF",
    errno: 9,
    syscall: "inotify_add_watch",
    path: "/dev/shm",
  });
  assert.equal(watcher.remove("/dev/shm"), false);
});

test("Watcher.batches() throws for times that are negative, NaN or not a number", async () => {
  await using watcher = watch(tmpDir());
  assert.throws(() => watcher.batches({ settle: -1 }), /settle must be .*, not -1/);
  assert.throws(() => watcher.batches({ maxWait: NaN }), /maxWait must be .*, not NaN/);
  const five = "5" as unknown as number;
  assert.throws(() => watcher.batches({ settle: five }), /settle must be a number, not "5"/);
});

test("an ignore function that throws closes the watcher, and loops reject with its error", async () => {
  const directory = tmpDir();
  const watcher = watch(directory, {
    ignore(path) {
      if (path.endsWith("bad")) throw new Error("no idea");
      return false;
    },
  });
  await within(watcher.ready);
  const { ended } = collect(watcher);
  mkdirs(directory, "good", "bad");
  await assert.rejects(within(ended), /no idea/);
  assert.deepEqual(watcher.watched(), []);
  await within(watcher.close());
});

test("onProgress that throws closes its own watcher only, and ready and loops reject with its error", async () => {
  const directory = tmpDir();
  await using other = watch(directory);
  await within(other.ready);
  const { lines, ended } = collect(other, 1);
  const watcher = watch(directory, {
    onProgress() {
      throw new Error("no terminal");
    },
  });
  await assert.rejects(within(watcher.ready), /no terminal/);
  await assert.rejects(within(collect(watcher).ended), /no terminal/);
  assert.deepEqual(watcher.watched(), []);
  await within(watcher.close());
  mkdirs(directory, "file");
  await within(ended);
  assert.deepEqual(lines, [`create ${directory}/file`]);
});

test("onProgress gets the number of watched directories", async () => {
  const directory = tmpDir();
  mkdirs(directory, "a", "b");
  const counts: number[] = [];
  await using watcher = watch(directory, { onProgress: (count) => counts.push(count) });
  await within(watcher.ready);
  assert.equal(counts.at(-1), 3);
});

test("an ignore function may return any truthy or falsy value", async () => {
  const directory = tmpDir();
  const ignore = (path: string) => path.match(/bad/) as unknown as boolean;
  await using watcher = watch(directory, { ignore });
  await within(watcher.ready);
  const { lines, ended } = collect(watcher, 1);
  mkdirs(directory, "bad", "good");
  await within(ended);
  assert.deepEqual(lines, [`create ${directory}/good`]);
});

test("an ignore function that returns a promise closes the watcher with a TypeError", async () => {
  const directory = tmpDir();
  const ignore = (() => Promise.resolve(false)) as unknown as () => boolean;
  const watcher = watch(directory, { ignore });
  const { ended } = collect(watcher);
  mkdirs(directory, "file");
  await assert.rejects(within(ended), /must return a boolean, not a promise/);
  await within(watcher.close());
});

test("a given path that cannot be resolved rejects ready and every loop with ENOTDIR", async () => {
  const watcher = watch("/dev/null/x");
  const { ended } = collect(watcher);
  const isENOTDIR = (error: unknown) =>
    error instanceof InotifyError && error.code === "ENOTDIR" && error.path === "/dev/null/x";
  await assert.rejects(within(ended), isENOTDIR);
  await assert.rejects(within(watcher.ready), isENOTDIR);
});

// close()

test("Watcher.close() ends loops and a pending sync(), and returns the same promise each time", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  const { lines, ended } = collect(watcher);
  await within(watcher.ready);
  const sync = watcher.sync();
  const closed = watcher.close();
  assert.equal(watcher.close(), closed);
  await within(Promise.all([sync, closed, ended]));
  await within(watcher.sync());
  mkdirs(directory, "late");
  assert.deepEqual(lines, []);
});

test("Watcher.close() in a loop ends it and discards queued events", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  await within(watcher.ready);
  mkdirs(directory, "1", "2", "3");
  await within(watcher.sync());
  const seen: WatchEvent[] = [];
  for await (const event of watcher) {
    seen.push(event);
    await watcher.close();
  }
  assert.equal(seen.length, 1);
});

test("Watcher.close() during set-up resolves ready and ends the loop", async () => {
  const directory = tmpDir();
  for (let i = 0; i < 200; i++) mkdirs(directory, String(i));
  const watcher = watch(directory);
  const { ended } = collect(watcher);
  await within(Promise.all([watcher.close(), watcher.ready, ended]));
});

test("Watcher.close() during set-up ends a pending sync()", async () => {
  const directory = tmpDir(fastest);
  mkdirs(directory, ...Array.from({ length: 5000 }, (_, i) => String(i)));
  const watcher = watch(directory);
  const synced = watcher.sync();
  await setImmediate();
  await within(watcher.close());
  await within(synced);
});

test("an aborted signal closes the watcher, even when it is aborted before watch()", async () => {
  const controller = new AbortController();
  const watcher = watch(tmpDir(), { signal: controller.signal });
  const { ended } = collect(watcher);
  await within(watcher.ready);
  controller.abort();
  await within(ended);
  const late = watch(tmpDir(), { signal: controller.signal });
  await within(Promise.all([late.ready, collect(late).ended]));
  assert.deepEqual(late.watched(), []);
});
