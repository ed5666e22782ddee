/** `Sight`: what a look at the disk sees of known directories. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { Directory } from "../../src/engine/directory.ts";
import { Sight } from "../../src/engine/sight.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

/** A watched directory with a file `f`, a directory `d` and a link, on the disk and as known. */
function subject(): { readonly path: string; readonly top: Directory } {
  const path = tmpDir(fastest);
  mkdirSync(join(path, "d"));
  writeFileSync(join(path, "f"), "");
  symlinkSync("d", join(path, "link"));
  const top = new Directory(path, NOBODY);
  top.wd = 1;
  top.entries.set("f", false).set("d", true).set("link", false);
  return { path, top };
}

function see(
  top: Directory,
  path: string,
  before = new Sight(libc(), true, () => false),
  followsRoots = true,
): Sight {
  const sight = new Sight(libc(), followsRoots, () => false);
  for (const _ of sight.see(new Map([[path, top]]), before));
  return sight;
}

/** The names that were seen, those of directories with a slash. */
function names(sight: Sight, directory: Directory): string[] | undefined {
  const content = sight.contents.get(directory);
  return content &&
    [...content.entries].map(([name, status]) =>
      sight.statuses.isDirectory(status) ? `${name}/` : name
    ).sort();
}

test("Sight.see() sees what is there, whatever is known", () => {
  const { path, top } = subject();
  rmSync(join(path, "f"));
  writeFileSync(join(path, "g"), "");
  assert.deepEqual(names(see(top, path), top), ["d/", "g", "link"]);
});

test("Sight.see() takes a link that is followed for a directory", () => {
  const { path, top } = subject();
  top.entries.set("link", new Directory("link", top, true));
  assert.deepEqual(names(see(top, path), top), ["d/", "f", "link/"]);
});

test("Sight.see() lists what a link that has the place of a root leads to, if roots are followed", () => {
  const { path, top } = subject();
  renameSync(path, `${path}.away`);
  symlinkSync(`${path}.away`, path);
  assert.deepEqual(names(see(top, path), top), ["d/", "f", "link"]);
  assert.equal(names(see(top, path, undefined, false), top), undefined);
});

test("Sight.see() leaves out a directory that cannot be listed, or has no watch", () => {
  const { path, top } = subject();
  const child = new Directory("d", top);
  top.entries.set("d", child);
  assert.equal(names(see(top, path), child), undefined);
  child.wd = 2;
  assert.deepEqual(names(see(top, path), child), []);
  rmSync(join(path, "d"), { recursive: true });
  assert.equal(names(see(top, path), child), undefined);
});

test("Sight.changed has the directories in which something differs", () => {
  const { path, top } = subject();
  const before = see(top, path);
  assert.deepEqual([...before.changed], [top]);
  assert.deepEqual([...see(top, path, before).changed], []);
  writeFileSync(join(path, "f"), "longer");
  assert.deepEqual([...see(top, path, before).changed], [top]);
  const now = see(top, path);
  rmSync(join(path, "link"));
  assert.deepEqual([...see(top, path, now).changed], [top]);
  top.entries.delete("link");
  assert.deepEqual([...see(top, path, see(top, path)).changed], []);
  top.entries.set("new", false);
  assert.deepEqual([...see(top, path, see(top, path)).changed], [top]);
});

test("Sight.differs() compares one entry with another look", () => {
  const { path, top } = subject();
  const before = see(top, path);
  writeFileSync(join(path, "f"), "longer");
  renameSync(join(path, "link"), join(path, "other"));
  const now = see(top, path);
  const differing = ["f", "d", "link", "other"].filter((name) => now.differs(top, name, before));
  assert.deepEqual(differing, ["f", "link", "other"]);
});

test("Sight.takeOver() and takeOverAll() take what another look has", () => {
  const { path, top } = subject();
  const before = see(top, path);
  writeFileSync(join(path, "f"), "longer");
  writeFileSync(join(path, "new"), "");
  const now = see(top, path);
  now.takeOver(top, "f", before);
  now.takeOver(top, "new", before);
  assert.equal(now.differs(top, "f", before), false);
  assert.deepEqual(names(now, top), ["d/", "f", "link"]);
  const later = see(top, path);
  later.takeOverAll(top, before);
  assert.equal(later.differs(top, "f", before), false);
});

test("Sight.changedRoots() are the files that differ", () => {
  const { path, top } = subject();
  const file = join(path, "f");
  const look = () => {
    const sight = new Sight(libc(), true, () => false);
    for (
      const _ of sight.see(
        new Map<string, Directory | false>([[file, false], [path, top]]),
        new Sight(libc(), true, () => false),
      )
    );
    return sight;
  };
  const before = look();
  assert.deepEqual([...look().changedRoots(before)], []);
  writeFileSync(file, "longer");
  assert.deepEqual([...look().changedRoots(before)], [file]);
});
