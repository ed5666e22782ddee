/** The option `poll`: what the kernel does not report. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { readAll, type View } from "../helpers/disk.ts";
import { withoutEvents } from "../helpers/interpose.ts";
import { Mirror } from "../helpers/mirror.ts";
import { runForJson, start } from "../helpers/program.ts";
import { stormLines } from "../helpers/storm_lines.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

/** So long that only sync() looks. */
const NEVER = 1e6;

/** A watcher whose kernel reports nothing, and its events as lines. */
async function subject(paths: string | string[], base: string, options: WatchOptions = {}) {
  const silence = withoutEvents();
  const watcher = watch(paths, { poll: NEVER, ...options });
  const lines: string[] = [];
  const ended = (async () => {
    for await (const event of watcher) lines.push(line(event, base));
  })();
  await within(watcher.ready);
  return {
    watcher,
    lines,
    /** What was reported until all is settled. */
    async reported(): Promise<string[]> {
      await within(watcher.sync(), () => lines);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return lines.splice(0);
    },
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await ended;
      silence[Symbol.dispose]();
    },
  };
}

function line(event: WatchEvent, base: string): string {
  const shown = (path: string) => path.slice(base.length + 1) || ".";
  if (event.kind === "rename") return `rename ${shown(event.from)} -> ${shown(event.path)}`;
  return event.kind + ("path" in event ? ` ${shown(event.path)}` : "");
}

test("poll reports what the kernel does not, once", async () => {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  mkdirSync(at("d"));
  for (const name of ["changed", "removed", "same"]) writeFileSync(at(name), name);
  await using one = await subject(directory, directory);
  writeFileSync(at("created"), "");
  appendFileSync(at("changed"), "more");
  rmSync(at("removed"));
  mkdirSync(at("d/e/f"), { recursive: true });
  writeFileSync(at("d/e/f/g"), "");
  const events = await one.reported();
  assert.deepEqual(events.sort(), [
    ...["create created", "create d/e", "create d/e/f", "create d/e/f/g"],
    ...["modify changed", "remove removed"],
  ]);
  assert.deepEqual(await one.reported(), []);
});

test("poll reports a change that keeps the size and the modification time", async () => {
  const directory = tmpDir(fastest);
  const path = join(directory, "f");
  writeFileSync(path, "before");
  utimesSync(path, 1, 1);
  await using one = await subject(directory, directory);
  writeFileSync(path, "after!");
  utimesSync(path, 1, 1);
  assert.deepEqual(await one.reported(), ["modify f"]);
});

test("poll reports renames of files and directories, by their inodes", async () => {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  mkdirSync(at("d/e"), { recursive: true });
  mkdirSync(at("other"));
  writeFileSync(at("d/e/f"), "");
  writeFileSync(at("g"), "");
  await using one = await subject(directory, directory);
  renameSync(at("d/e"), at("other/e"));
  renameSync(at("g"), at("d/g"));
  assert.deepEqual((await one.reported()).sort(), ["rename d/e -> other/e", "rename g -> d/g"]);
  appendFileSync(at("other/e/f"), "x");
  assert.deepEqual(await one.reported(), ["modify other/e/f"]);
});

test("poll reports a file, and a directory, in whose place another one is", async () => {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  mkdirSync(at("d"));
  for (const name of ["d/f", "d/g", "file"]) writeFileSync(at(name), "");
  await using one = await subject(directory, directory);
  mkdirSync(at("new"));
  writeFileSync(at("new/f"), "");
  rmSync(at("d"), { recursive: true });
  renameSync(at("new"), at("d"));
  writeFileSync(at("save"), "");
  renameSync(at("save"), at("file"));
  assert.deepEqual((await one.reported()).sort(), ["modify d/f", "modify file", "remove d/g"]);
});

test("poll reports changes of given files, and of given paths that come and go", async () => {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  writeFileSync(at("file"), "");
  mkdirSync(at("d"));
  await using one = await subject([at("file"), at("d"), at("late")], directory);
  appendFileSync(at("file"), "x");
  rmSync(at("d"), { recursive: true });
  mkdirSync(at("late"));
  writeFileSync(at("late/f"), "");
  assert.deepEqual((await one.reported()).sort(), [
    ...["create late", "create late/f", "modify file", "remove d"],
  ]);
});

test("poll with ignore, and with followSymlinks", async () => {
  const [directory, outside] = [tmpDir(fastest), tmpDir(fastest)];
  symlinkSync(outside, join(directory, "link"));
  const options = { ignore: "*.tmp", followSymlinks: true };
  await using one = await subject(directory, directory, options);
  for (const name of ["a", "b.tmp"]) {
    writeFileSync(join(directory, name), "");
    writeFileSync(join(outside, name), "");
  }
  assert.deepEqual((await one.reported()).sort(), ["create a", "create link/a"]);
});

test("poll with include", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  for (const name of ["a.ts", "b.tmp", "c.ts"]) writeFileSync(at(name), "");
  await using one = await subject(directory, directory, { include: "*.ts" });
  renameSync(at("a.ts"), at("a.tmp"));
  renameSync(at("b.tmp"), at("b.ts"));
  appendFileSync(at("c.ts"), "x");
  mkdirSync(at("d"));
  for (const name of ["d/e.ts", "d/f.tmp"]) writeFileSync(at(name), "");
  assert.deepEqual((await one.reported()).sort(), [
    ...["create b.ts", "create d", "create d/e.ts", "modify c.ts", "remove a.ts"],
  ]);
  appendFileSync(at("a.tmp"), "x");
  rmSync(at("d/f.tmp"));
  assert.deepEqual(await one.reported(), []);
});

test("poll with followSymlinks reports what happens to linked files, once", async () => {
  const [directory, outside] = [tmpDir(fastest), tmpDir(fastest)];
  const [at, out] = [directory, outside].map((base) => (name: string) => join(base, name));
  for (const name of ["a", "b", "c", "d"]) writeFileSync(out(name), "");
  for (const name of ["a", "b", "c", "gone"]) symlinkSync(out(name), at(name));
  await using one = await subject(directory, directory, { followSymlinks: true });
  assert.deepEqual(await one.reported(), []);
  appendFileSync(out("a"), "x");
  rmSync(out("b"));
  renameSync(out("d"), out("c"));
  writeFileSync(out("gone"), "");
  symlinkSync(out("a"), at("new"));
  assert.deepEqual((await one.reported()).sort(), [
    ...["create new", "modify a", "modify b", "modify c", "modify gone"],
  ]);
  assert.deepEqual(await one.reported(), []);
  appendFileSync(out("a"), "x");
  renameSync(at("c"), at("e"));
  assert.deepEqual((await one.reported()).sort(), [
    ...["create e", "modify a", "modify new", "remove c"],
  ]);
});

test("poll reports at its interval, without sync()", async () => {
  const directory = tmpDir(fastest);
  await using one = await subject(directory, directory, { poll: 20 });
  for (const name of ["a", "b"]) {
    mkdirSync(join(directory, name));
    await until(() => one.lines.includes(`create ${name}`), () => one.lines);
  }
  assert.deepEqual(one.lines, ["create a", "create b"]);
});

test("poll does not repeat what the kernel reports", async () => {
  const directory = tmpDir(fastest);
  const events: string[] = [];
  await using watcher = watch(directory, {
    poll: 5,
    events: ["create", "closeWrite", "remove", "rename"],
  });
  const loop = (async () => {
    for await (const event of watcher) events.push(line(event, directory));
  })();
  await within(watcher.ready);
  const expected: string[] = [];
  for (let i = 0; i < 20; i++) {
    writeFileSync(join(directory, `f${i}`), "x");
    renameSync(join(directory, `f${i}`), join(directory, `g${i}`));
    expected.push(`create f${i}`, `closeWrite f${i}`, `rename f${i} -> g${i}`, `closeWrite g${i}`);
    await new Promise((resolve) => setTimeout(resolve, i % 7));
  }
  await within(watcher.sync());
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  // A file is complete by its rename. That is reported once it is asked for, when the next file may be there.
  const isByRename = (line: string) => line.startsWith("closeWrite g");
  assert.deepEqual(events.filter(isByRename), expected.filter(isByRename));
  const isReported = (line: string) => !isByRename(line);
  assert.deepEqual(events.filter(isReported), expected.filter(isReported));
});

test("poll with since reports what has changed before, and from then on", async () => {
  const directory = tmpDir(fastest);
  let since: Uint8Array;
  {
    await using watcher = watch(directory);
    since = await within(watcher.snapshot());
  }
  mkdirSync(join(directory, "a"));
  await using one = await subject(directory, directory, { since });
  mkdirSync(join(directory, "a/b"));
  assert.deepEqual(await one.reported(), ["create a", "create a/b"]);
});

test("a snapshot of a watcher with poll has what was reported, and not what nobody has seen yet", async () => {
  const directory = tmpDir(fastest);
  const path = join(directory, "f");
  writeFileSync(path, "1");
  let since: Uint8Array;
  {
    await using one = await subject(directory, directory);
    appendFileSync(path, "2");
    since = await within(one.watcher.snapshot());
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(one.lines, ["modify f"]);
    await one.watcher.close();
    appendFileSync(path, "3");
  }
  await using later = await subject(directory, directory, { since });
  assert.deepEqual(await later.reported(), ["modify f"]);
});

test("a program ends although a watcher with poll is open, if that is not persistent", () => {
  const directory = tmpDir();
  const end = runForJson<string>("poll_and_end.ts", [directory]);
  assert.equal(end, "ready");
});

for (const poll of [0, -1, NaN, Infinity, 2 ** 31]) {
  test(`watch() throws a RangeError if poll is ${poll}`, () => {
    assert.throws(
      () => watch(".", { poll }),
      (error) => error instanceof RangeError && error.message.endsWith(`milliseconds, not ${poll}`),
    );
  });
}

test("watch() throws a TypeError if poll is no number", () => {
  const options = { poll: "1000" } as unknown as WatchOptions;
  assert.throws(() => watch(".", options), /poll must be a number, not "1000"/);
});

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-6").split("-").map(Number);

for (let seed = from; seed <= to; seed++) {
  test(`a mirror equals the disk after a storm that the kernel does not report, seed ${seed}`, async () => {
    const base = join(tmpDir(fastest), "base");
    for (const name of ["t", "o/k0"]) mkdirSync(join(base, name), { recursive: true });
    const hardLinks = seed % 2 === 0;
    // A write by a name that is out of sight is not reported.
    const depth = hardLinks ? Infinity : seed % 4;
    const view: View = {
      roots: new Set([join(base, "t")]),
      depth,
      followSymlinks: false,
      ignores: () => false,
    };
    const writer = start("mirror_writer.ts", [base]);
    using _silence = withoutEvents();
    await using watcher = watch([...view.roots], { poll: 10, initial: true, recursive: depth });
    const mirror = new Mirror(view, true);
    const lines: string[] = [];
    const loop = (async () => {
      for await (const event of watcher) {
        lines.push(line(event, base));
        mirror.apply(event);
      }
    })();
    await within(watcher.ready);
    const flavour = {
      ...{
        tops: ["t"],
        depth: 3,
        links: "any",
        hardLinks,
        exchanges: true,
      } as const,
      ...{
        swaps: true,
        held: false,
        whole: seed % 3 === 0 ? ["t"] : [],
        relinked: [],
        mounts: false,
        pauses: true,
      },
    };
    for (let first = 0; first < 240; first += 40) {
      const changes = stormLines(seed, 40, flavour, first);
      writer.send(JSON.stringify(changes));
      const done = await writer.line<boolean[]>();
      lines.push(...changes.filter((_, i) => done[i]));
      await within(watcher.sync(), () => lines);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const wrong = mirror.differences(readAll(view), true);
      assert.deepEqual(wrong, [], lines.join("\n"));
    }
    writer.end();
    await watcher.close();
    await loop;
  });
}
