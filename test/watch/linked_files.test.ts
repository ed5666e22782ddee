/** `followSymlinks` for links to files; the scenarios linked-file*.txt have the events. */

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { watch, type WatchOptions } from "../../mod.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

/** A watcher of links to files elsewhere, and its events as lines. */
async function subject(names: string[], options: WatchOptions = {}) {
  const [directory, outside] = [tmpDir(fastest), tmpDir(fastest)];
  const [at, out] = [directory, outside].map((base) => (name: string) => join(base, name));
  for (const name of names) {
    writeFileSync(out(name), "");
    symlinkSync(out(name), at(name));
  }
  const watcher = watch(directory, { followSymlinks: true, ...options });
  await within(watcher.ready);
  const lines: string[] = [];
  const ended = (async () => {
    for await (const event of watcher) {
      lines.push(
        "path" in event ? `${event.kind} ${event.path.slice(directory.length + 1)}` : event.kind,
      );
    }
  })();
  return {
    at,
    out,
    watcher,
    /** What was reported until all is settled. */
    async reported(): Promise<string[]> {
      await within(watcher.sync(), () => lines);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return lines.splice(0);
    },
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await ended;
    },
  };
}

test("linked files: an atomic save is one modify in a batch", async () => {
  const { at, out, watcher } = await subject(["a"]);
  await using _ = watcher;
  const batches = watcher.batches({ settle: 20 });
  const first = batches.next();
  writeFileSync(out("a~"), "x");
  renameSync(out("a~"), out("a"));
  const { value } = await within(first);
  assert.deepEqual(value, [{ kind: "modify", path: at("a"), isDirectory: false }]);
});

test("linked files: a link that is also a given path is reported once, before and after", async () => {
  await using one = await subject(["a", "b"]);
  const touch = () => ["a", "b"].forEach((name) => appendFileSync(one.out(name), "x"));
  await within(one.watcher.add(one.at("a")));
  touch();
  assert.deepEqual(await one.reported(), ["modify a", "modify b"]);
  one.watcher.remove(one.at("a"));
  touch();
  assert.deepEqual(await one.reported(), ["modify a", "modify b"]);
});

test("linked files: what takes the place of a link is reported once", async () => {
  await using one = await subject(["a"]);
  writeFileSync(one.out("b"), "");
  renameSync(one.out("b"), one.at("a"));
  assert.deepEqual(await one.reported(), ["modify a"]);
  appendFileSync(one.at("a"), "x");
  appendFileSync(one.out("a"), "x");
  assert.deepEqual(await one.reported(), ["modify a"]);
});

test("linked files: kinds without content report another file as a removal and a creation", async () => {
  await using one = await subject(["a"], { events: ["create", "remove"] });
  appendFileSync(one.out("a"), "x");
  assert.deepEqual(await one.reported(), []);
  rmSync(one.out("a"));
  assert.deepEqual(await one.reported(), ["remove a", "create a"]);
});

test("linked files: a loop that was too slow gets those that have changed", async () => {
  const { at, out, watcher } = await subject(["a", "b"], { maxQueue: 2 });
  await using _ = watcher;
  const loop = watcher[Symbol.asyncIterator]();
  const first = loop.next();
  for (let i = 0; i < 5; i++) mkdirSync(at(`new${i}`));
  renameSync(out("b"), out("a"));
  await within(watcher.sync());
  const lines: string[] = [];
  let { value } = await within(first);
  while (lines.length < 3) {
    if (value !== undefined && "path" in value && value.kind === "modify") {
      lines.push(basename(value.path));
    } else if (value?.kind === "overflow") lines.push("overflow");
    value = (await within(loop.next(), () => lines)).value;
  }
  assert.deepEqual(lines.sort(), ["a", "b", "overflow"]);
});

test("linked files: none is followed that is ignored, or without followSymlinks", async () => {
  for (const options of [{ ignore: "a" }, { include: "b" }, { followSymlinks: false }]) {
    await using one = await subject(["a"], options);
    appendFileSync(one.out("a"), "x");
    rmSync(one.out("a"));
    assert.deepEqual(await one.reported(), []);
  }
});

test("linked files: their watches are released with the links, and with the watcher", async () => {
  await using other = watch(tmpDir(fastest));
  await within(other.ready);
  const before = ownUse().watches;
  {
    await using one = await subject([]);
    const alone = ownUse().watches;
    for (const name of ["d", "d/in"]) mkdirSync(one.at(name));
    for (let i = 0; i < 9; i++) {
      mkdirSync(one.out(`${i}`));
      writeFileSync(one.out(`${i}/f`), "");
      symlinkSync(one.out(`${i}/f`), one.at(i < 3 ? `${i}` : `d/in/${i}`));
    }
    await within(one.watcher.sync());
    assert.ok(ownUse().watches >= alone + 2 + 18);
    for (let i = 0; i < 3; i++) rmSync(one.at(`${i}`));
    renameSync(one.at("d"), one.out("d"));
    await within(one.watcher.sync());
    assert.equal(ownUse().watches, alone);
    symlinkSync(one.out("0/f"), one.at("last"));
    await within(one.watcher.sync());
    assert.ok(ownUse().watches >= alone + 2);
  }
  assert.equal(ownUse().watches, before);
});
