/** `followSymlinks: "never"`: a given path that is a symbolic link, with the options that look at it themselves. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type WatchOptions } from "../../mod.ts";
import { line } from "../helpers/events.ts";
import { withoutEvents } from "../helpers/interpose.ts";
import { watchMasks } from "../helpers/proc.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const OPTIONS: WatchOptions = { followSymlinks: "never" };

/** A directory with `d/f`, `f`, and the links `to-file` and `to-directory`. */
function tree(): (name: string) => string {
  const base = tmpDir(fastest);
  const at = (name: string) => join(base, name);
  mkdirSync(at("d"));
  for (const name of ["d/f", "f"]) writeFileSync(at(name), "x");
  symlinkSync("f", at("to-file"));
  symlinkSync("d", at("to-directory"));
  return at;
}

/** Points a link elsewhere, by a rename. */
function retarget(path: string, target: string): void {
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Watches both links, and gives the events so far as lines, once all is settled. */
async function watching(at: (name: string) => string, options: WatchOptions = {}) {
  const watcher = watch([at("to-file"), at("to-directory")], { ...OPTIONS, ...options });
  const lines: string[] = [];
  const ended = (async () => {
    for await (const event of watcher) lines.push(line(event).replaceAll(at("/"), ""));
  })();
  await within(watcher.ready);
  return {
    watcher,
    async reported(): Promise<string[]> {
      await within(watcher.sync(), () => lines);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return lines.splice(0).sort();
    },
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await ended;
    },
  };
}

test("a link that is not followed takes a watch of its own, and nothing behind it does", async () => {
  const at = tree();
  await using one = await watching(at);
  assert.deepEqual(one.watcher.watched().sort(), [at("to-directory"), at("to-file")]);
  const isWatched = (name: string) => watchMasks().has(lstatSync(at(name)).ino);
  assert.deepEqual(["to-file", "to-directory", "f", "d"].map(isWatched), [
    true,
    true,
    false,
    false,
  ]);
});

test("a / at the end of a path that is not followed makes no difference", async () => {
  const at = tree();
  await using watcher = watch(`${at("to-directory")}/`, OPTIONS);
  await within(watcher.ready);
  assert.deepEqual(watcher.watched(), [at("to-directory")]);
});

test("since reports what has become of a link that is not followed, and not of what it leads to", async () => {
  const at = tree();
  const snapshot = async () => {
    await using one = await watching(at);
    return await within(one.watcher.snapshot());
  };
  const since = await snapshot();
  appendFileSync(at("f"), "more");
  writeFileSync(at("d/g"), "");
  rmSync(at("d/f"));
  {
    await using one = await watching(at, { since });
    assert.deepEqual(await one.reported(), []);
  }
  retarget(at("to-file"), "nothing");
  rmSync(at("to-directory"));
  {
    await using one = await watching(at, { since });
    assert.deepEqual(await one.reported(), ["modify to-file", "remove to-directory"]);
  }
  renameSync(at("d"), at("to-directory"));
  {
    await using one = await watching(at, { since });
    assert.deepEqual(await one.reported(), [
      ...["create to-directory", "create to-directory/g", "modify to-file"],
      "remove to-directory",
    ]);
  }
});

test("poll reports what has become of a link that is not followed, and not of what it leads to", async () => {
  const at = tree();
  using _silence = withoutEvents();
  await using one = await watching(at, { poll: 1e6 });
  appendFileSync(at("f"), "more");
  writeFileSync(at("d/g"), "");
  assert.deepEqual(await one.reported(), []);
  retarget(at("to-file"), "nothing");
  rmSync(at("to-directory"));
  assert.deepEqual(await one.reported(), ["modify to-file", "remove to-directory"]);
  renameSync(at("d"), at("to-directory"));
  assert.deepEqual(await one.reported(), [
    ...["create to-directory", "create to-directory/f", "create to-directory/g"],
  ]);
  writeFileSync(at("to-directory/h"), "");
  renameSync(at("to-directory"), at("d"));
  symlinkSync("d", at("to-directory"));
  const events = await one.reported();
  assert.deepEqual(events.filter((event) => !event.endsWith("/h")), [
    ...["create to-directory", "remove to-directory"],
  ]);
});
