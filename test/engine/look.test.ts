/** `Look`: the status of each known entry, and what changes meanwhile. */

import assert from "node:assert/strict";
import { lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { Directory } from "../../src/engine/directory.ts";
import { Look } from "../../src/engine/look.ts";
import type { Picture } from "../../src/engine/picture.ts";
import { INODE, LENGTH, UNCERTAIN, UNKNOWN } from "../../src/engine/statuses.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

/** A directory with files `a` and `b` and a directory `d` with `f`, on the disk and as known. */
function subject(): { readonly path: string; readonly top: Directory; readonly d: Directory } {
  const path = tmpDir(fastest);
  mkdirSync(join(path, "d"));
  for (const name of ["a", "b", "d/f"]) writeFileSync(join(path, name), "");
  const top = new Directory(path, NOBODY);
  const d = new Directory("d", top);
  top.wd = 1;
  d.wd = 2;
  top.entries.set("a", false).set("b", false).set("d", d);
  d.entries.set("f", false);
  return { path, top, d };
}

function begin(since: number): Look {
  return new Look(libc(), true, () => false, () => false, since);
}

/** What is known of each entry, by the end of its path. */
function shown(picture: Picture, path: string): Record<string, string> {
  return Object.fromEntries([...picture.paths()].map(([one]) => {
    const { content, name } = picture.find(one)!;
    const flags = picture.statuses.words[content.entries.get(name)! * LENGTH];
    const state = flags & UNKNOWN ? "unknown" : flags & UNCERTAIN ? "uncertain" : "certain";
    return [one.slice(path.length + 1) || ".", state];
  }));
}

test("Look reads the status of each known entry", async () => {
  const { path, top } = subject();
  const look = begin(Infinity);
  await look.look(new Map([[path, top]]));
  const picture = look.finish(new Map([[path, top]]), false);
  const all = { ".": "certain", a: "certain", b: "certain", d: "certain", "d/f": "certain" };
  assert.deepEqual(shown(picture, path), all);
});

test("Look is uncertain about what has changed since its moment", async () => {
  const { path, top } = subject();
  const moment = Date.now() + 50;
  while (Date.now() < moment + 50);
  writeFileSync(join(path, "d/f"), "x");
  const look = begin(moment);
  await look.look(new Map([[path, top]]));
  const picture = look.finish(new Map([[path, top]]), false);
  assert.equal(shown(picture, path)["d/f"], "uncertain");
  assert.equal(shown(picture, path)["a"], "certain");
});

test("Look is uncertain about a given file that has changed since its moment", async () => {
  const { path } = subject();
  for (
    const [since, state] of [[Date.now() + 60_000, "certain"], [
      Date.now() - 60_000,
      "uncertain",
    ]] as const
  ) {
    const look = begin(since);
    const tops = new Map([[join(path, "a"), false as const]]);
    await look.look(tops);
    assert.deepEqual(shown(look.finish(tops, false), path), { a: state });
  }
});

test("Look reads a root that is a link, if roots are not followed, also if it was touched", async () => {
  const { path } = subject();
  const link = join(path, "link");
  symlinkSync("a", link);
  const inodes = [];
  for (const followsRoots of [true, false]) {
    for (const isTouched of [true, false]) {
      const look = new Look(libc(), followsRoots, () => false, () => false, Infinity);
      const tops = new Map([[link, false]]);
      await look.look(tops);
      if (isTouched) look.touch(undefined, link);
      const { statuses, roots } = look.finish(tops, true);
      inodes.push(statuses.words[roots.entries.get(link)! * LENGTH + INODE]);
    }
  }
  const low = ({ ino }: { readonly ino: number }) => ino % 2 ** 32;
  const [file, own] = [low(statSync(link)), low(lstatSync(link))];
  assert.deepEqual(inodes, [file, file, own, own]);
});

test("Look knows nothing of what was touched, unless it looks again", async () => {
  for (const again of [false, true]) {
    const { path, top, d } = subject();
    const look = begin(Infinity);
    await look.look(new Map([[path, top]]));
    look.touch(top, "a");
    top.entries.delete("b");
    look.touch(top, "b");
    writeFileSync(join(path, "d/g"), "");
    d.entries.set("g", false);
    look.touch(d, "g");
    const { a, b, "d/g": g } = shown(look.finish(new Map([[path, top]]), again), path);
    const state = again ? "certain" : "unknown";
    assert.deepEqual([a, b, g], [state, undefined, state]);
  }
});

test("Look has a root that is missing, that has come, or that has gone meanwhile", async () => {
  const { path, top } = subject();
  const look = begin(Infinity);
  await look.look(new Map([[path, top], ["/late", undefined]]));
  const picture = look.finish(new Map([[path, undefined], ["/late", false]]), false);
  assert.deepEqual([...picture.missing], [path]);
  assert.deepEqual([...picture.roots.entries.keys()], ["/late"]);
});

test("Look leaves a directory without a watch empty, or unlisted if it looks again", async () => {
  for (const again of [false, true]) {
    const { path, top, d } = subject();
    d.wd = -1;
    d.entries.clear();
    const look = begin(Infinity);
    await look.look(new Map([[path, top]]));
    const picture = look.finish(new Map([[path, top]]), again);
    const isListed = picture.roots.directories.get(path)!.directories.has("d");
    assert.equal(isListed, !again);
  }
});
