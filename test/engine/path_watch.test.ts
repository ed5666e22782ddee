/** `PathWatch`: where a path leads, on the real kernel. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { IN_ATTRIB, IN_MODIFY, IN_MOVE_SELF } from "../../mod.ts";
import { libc } from "../../ffi/libc.ts";
import { Instance } from "../../src/engine/instance.ts";
import type { Member } from "../../src/engine/member.ts";
import { PathWatch } from "../../src/engine/path_watch.ts";
import type { Target } from "../../src/engine/walk.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

const { ELOOP, ENOTDIR } = os.constants.errno;

/** A path that is followed, and resolved again whenever it may lead elsewhere. */
class Followed implements AsyncDisposable {
  readonly #member: Member = {
    ...NOBODY,
    overflow() {},
    remounted() {},
    fail() {},
    work: () => false,
  };
  readonly #instance: Instance = Instance.join(this.#member);
  readonly watch: PathWatch;
  target: Target | undefined;
  /** The masks of the events by which it may lead elsewhere. */
  moved: number[] = [];
  /** What happened to the file. */
  masks: number[] = [];

  constructor(path: string, content: number = IN_MODIFY, follow: boolean = true) {
    this.watch = new PathWatch(
      this.#instance,
      path,
      content,
      (mask) => {
        this.moved.push(mask);
        this.target = this.watch.look();
      },
      (mask) => this.masks.push(mask),
      follow,
    );
    this.target = this.watch.look();
  }

  get moves(): number {
    return this.moved.length;
  }

  /** What the path leads to. */
  get leadsTo(): "nothing" | "directory" | "file" | number {
    if (this.target === undefined) return "nothing";
    if (this.target.wd < 0) return this.target.wd;
    return this.target.isDirectory ? "directory" : "file";
  }

  /** How many own the watch of a directory, which is added for that. */
  owners(path: string): number {
    const owner = { receiver: NOBODY };
    const wd = this.#instance.watch(cString(path), IN_MODIFY, owner);
    const count = [...this.#instance.owners.of(wd)].length - 1;
    this.#instance.release(wd, owner);
    return count;
  }

  /** All that was queued before has been received. */
  settled(): Promise<void> {
    return within(new Promise((resolve) => this.#instance.fence(resolve)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch.close();
    await this.#instance.leave(this.#member);
  }
}

/** A directory with `a/b/file`, and a function that gives paths in it. */
function tree(): (name: string) => string {
  const base = tmpDir();
  mkdirSync(join(base, "a/b"), { recursive: true });
  writeFileSync(join(base, "a/b/file"), "");
  return (name) => join(base, name);
}

for (
  const [name, leadsTo] of [
    ["a/b", "directory"],
    ["a/b/file", "file"],
    ["a/b/none", "nothing"],
    ["none/of/this", "nothing"],
    ["link/b/file", "file"],
    ["a/link-to-file", "file"],
    ["a/up/a/b/../b/./file", "file"],
    ["dangling", "nothing"],
    ["loop", -ELOOP],
    ["a/b/file/x", -ENOTDIR],
  ] as const
) {
  test(`PathWatch.look() gives ${leadsTo} for ${name}`, async () => {
    const at = tree();
    symlinkSync("a", at("link"));
    symlinkSync("b/file", at("a/link-to-file"));
    symlinkSync("..", at("a/up"));
    symlinkSync("nothing", at("dangling"));
    symlinkSync("loop", at("loop"));
    await using followed = new Followed(`${at(".")}/${name}`);
    assert.equal(followed.leadsTo, leadsTo);
  });
}

test("PathWatch, not following, has a link for a file, wherever that leads, and hears of it alone", async () => {
  const at = tree();
  symlinkSync("a", at("way"));
  for (
    const [name, to] of [["dir", "b"], ["dangling", "nothing"], ["loop", "loop"], [
      "link",
      "b/file",
    ]]
  ) {
    symlinkSync(to, at(`a/${name}`));
    await using one = new Followed(at(`way/${name}`), IN_MODIFY | IN_ATTRIB, false);
    assert.deepEqual([one.leadsTo, one.watch.end], ["file", at(`a/${name}`)]);
  }
  await using one = new Followed(at("way/link"), IN_MODIFY | IN_ATTRIB, false);
  await one.settled();
  appendFileSync(at("a/b/file"), "x");
  rmSync(at("a/b"), { recursive: true });
  lutimesSync(at("a/link"), 1, 1);
  await one.settled();
  assert.deepEqual([one.masks, one.moves], [[IN_ATTRIB], 0]);
});

test("PathWatch, not following, finds what takes the place of a link, and the link that takes its place", async () => {
  const at = tree();
  symlinkSync("a", at("link"));
  await using one = new Followed(at("link"), IN_MODIFY, false);
  const found = [];
  const changes = [
    () => unlinkSync(at("link")),
    () => mkdirSync(at("link")),
    () => renameSync(at("link"), at("away")),
    () => symlinkSync("away", at("link")),
    () => renameSync(at("a/b/file"), at("link")),
  ];
  for (const change of changes) {
    await one.settled();
    change();
    await one.settled();
    found.push(one.leadsTo);
  }
  assert.deepEqual(found, ["nothing", "directory", "nothing", "file", "file"]);
  assert.equal(one.owners(at("away")), 0);
});

test("PathWatch.look() resolves the way once for all paths in a directory", async () => {
  const at = tree();
  symlinkSync("nothing", at("a/b/link"));
  symlinkSync("a/b", at("link"));
  for (const name of ["other", "third"]) writeFileSync(at(`a/b/${name}`), "");
  const c = libc();
  const { inotify_add_watch, readlink } = c;
  let calls = 0;
  c.inotify_add_watch = (...args) => {
    calls++;
    return inotify_add_watch(...args);
  };
  c.readlink = (...args) => {
    calls++;
    return readlink(...args);
  };
  const counted = (name: string, follow = true): [Followed, number] => {
    calls = 0;
    return [new Followed(at(name), IN_MODIFY, follow), calls];
  };
  try {
    await using first = counted("link/file")[0];
    const [second, few] = counted("link/other");
    await using _ = second;
    assert.deepEqual([first.leadsTo, second.leadsTo, few], ["file", "file", 2]);
    const [link, asFew] = counted("link/link", false);
    await using __ = link;
    assert.deepEqual([link.leadsTo, asFew], ["file", 2]);
    renameSync(at("a/b/third"), at("a/b/other"));
    await second.settled();
    assert.deepEqual([first.moves, second.moves], [0, 1]);
  } finally {
    Object.assign(c, { inotify_add_watch, readlink });
  }
});

test("PathWatch calls moved() once for each path in a directory that moves, and finds what is there then", async () => {
  const at = tree();
  writeFileSync(at("a/b/other"), "");
  mkdirSync(at("new"));
  writeFileSync(at("new/file"), "");
  await using file = new Followed(at("a/b/file"));
  await using other = new Followed(at("a/b/other"));
  await file.settled();
  renameSync(at("a/b"), at("x"));
  await file.settled();
  assert.deepEqual([file, other].map(({ moves, leadsTo }) => [moves, leadsTo]), [
    [1, "nothing"],
    [1, "nothing"],
  ]);
  renameSync(at("new"), at("a/b"));
  await file.settled();
  assert.deepEqual([file, other].map(({ moves, leadsTo }) => [moves, leadsTo]), [
    [2, "file"],
    [2, "nothing"],
  ]);
});

test("PathWatch notices a file in a directory that has the place of one that is gone and still open", async () => {
  const at = tree();
  const fd = openSync(at("a/b"), "r");
  try {
    await using file = new Followed(at("a/b/file"));
    await file.settled();
    rmSync(at("a/b"), { recursive: true }); // sends no IN_DELETE_SELF before it is closed
    await file.settled();
    mkdirSync(at("a/b"));
    for (const name of ["other", "new"]) writeFileSync(at(`a/b/${name}`), "");
    await file.settled();
    await using other = new Followed(at("a/b/other"));
    const before = other.target;
    linkSync(at("a/b/other"), at("a/b/kept")); // so that the old file is not gone
    renameSync(at("a/b/new"), at("a/b/other"));
    await other.settled();
    assert.deepEqual([file.leadsTo, other.leadsTo, other.moves], ["nothing", "file", 1]);
    assert.notDeepEqual(other.target, before);
  } finally {
    closeSync(fd);
  }
});

test("PathWatch.look(), while it is still to come that the way moved, leaves that to come", async () => {
  const at = tree();
  await using file = new Followed(at("a/b/file"));
  await file.settled();
  renameSync(at("a"), at("x"));
  mkdirSync(at("a/b"), { recursive: true });
  writeFileSync(at("a/b/other"), "");
  await using other = new Followed(at("a/b/other"));
  await file.settled();
  assert.deepEqual([file.leadsTo, file.moved], ["nothing", [IN_MOVE_SELF]]);
  assert.deepEqual([other.leadsTo, other.moved], ["file", []]);
  renameSync(at("a"), at("y"));
  renameSync(at("y"), at("a"));
  await file.settled();
  assert.deepEqual([other.leadsTo, other.moved], ["file", [IN_MOVE_SELF, IN_MOVE_SELF]]);
});

test("PathWatch shares the way again when a file comes, and releases what it needed until then", async () => {
  const at = tree();
  await using file = new Followed(at("a/b/file"));
  await using none = new Followed(at("a/b/none"));
  await file.settled();
  const before = file.owners(at("a"));
  writeFileSync(at("a/b/none"), "");
  await file.settled();
  assert.deepEqual([none.leadsTo, none.moves], ["file", 1]);
  assert.deepEqual([before, file.owners(at("a"))], [2, 1]);
  const { target } = none;
  for (const name of ["none", "file"]) {
    writeFileSync(at("a/b/new"), "");
    renameSync(at("a/b/new"), at(`a/b/${name}`));
  }
  await file.settled();
  assert.notDeepEqual(none.target, target);
  assert.deepEqual([file.leadsTo, none.leadsTo], ["file", "file"]);
});

for (
  const [what, name, change, leadsTo] of [
    ["the end goes", "a/b/file", (at) => rmSync(at("a/b/file")), "nothing"],
    ["the end comes", "a/new", (at) => writeFileSync(at("a/new"), ""), "file"],
    ["a part goes", "a/b/file", (at) => renameSync(at("a"), at("x")), "nothing"],
    [
      "several parts come",
      "x/y/z",
      (at) => mkdirSync(at("x/y/z"), { recursive: true }),
      "directory",
    ],
    ["a part is replaced", "a/b", (at) => {
      rmSync(at("a"), { recursive: true });
      mkdirSync(at("a/b"), { recursive: true });
    }, "directory"],
    ["a part becomes a file", "a/b", (at) => {
      rmSync(at("a"), { recursive: true });
      writeFileSync(at("a"), "");
    }, -ENOTDIR],
    ["a link is pointed elsewhere", "link/b", (at) => {
      mkdirSync(at("other"));
      symlinkSync("other", at("new-link"));
      renameSync(at("new-link"), at("link"));
    }, "nothing"],
    ["what a link points to comes", "dangling", (at) => mkdirSync(at("nothing")), "directory"],
    ["a part of a link's target goes", "link/b", (at) => renameSync(at("a/b"), at("b")), "nothing"],
    ["another file is renamed over the end", "a/b/file", (at) => {
      writeFileSync(at("new"), "");
      renameSync(at("new"), at("a/b/file"));
    }, "file"],
  ] as [string, string, (at: (name: string) => string) => void, string | number][]
) {
  test(`PathWatch calls moved() when ${what}, and it leads to ${leadsTo} then`, async () => {
    const at = tree();
    symlinkSync("a", at("link"));
    symlinkSync("nothing", at("dangling"));
    await using followed = new Followed(at(name));
    const before = followed.target;
    change(at);
    await followed.settled();
    assert.ok(followed.moves > 0);
    assert.equal(followed.leadsTo, leadsTo);
    assert.notDeepEqual(followed.target, before);
  });
}

test("PathWatch.look() gives the same watch for the same inode, and calls moved() for nothing else", async () => {
  const at = tree();
  await using followed = new Followed(at("a/b"));
  const { target } = followed;
  writeFileSync(at("other"), "");
  writeFileSync(at("a/other"), "");
  writeFileSync(at("a/b/other"), "");
  await followed.settled();
  assert.deepEqual([followed.moves, followed.watch.look()], [0, target]);
});

test("PathWatch leads nowhere once a directory is removed that somebody holds, and to the next one there", async () => {
  const at = tree();
  const fd = openSync(at("a"), "r");
  try {
    await using followed = new Followed(at("a/b"));
    rmSync(at("a"), { recursive: true }); // `a` sends no IN_DELETE_SELF before it is closed
    await followed.settled();
    assert.equal(followed.leadsTo, "nothing");
    mkdirSync(at("a/b"), { recursive: true });
    await followed.settled();
    assert.equal(followed.leadsTo, "directory");
  } finally {
    closeSync(fd);
  }
});

for (const [links, leadsTo] of [[40, "file"], [41, -ELOOP]] as const) {
  test(`PathWatch.look() gives ${leadsTo} for a path with ${links} links`, async () => {
    const at = tree();
    writeFileSync(at("0"), "");
    for (let i = 1; i <= links; i++) symlinkSync(`${i - 1}`, at(`${i}`));
    await using followed = new Followed(at(`${links}`));
    assert.equal(followed.leadsTo, leadsTo);
  });
}

test("PathWatch calls touched() once for each change of a file, by whichever name", async () => {
  const at = tree();
  await using followed = new Followed(at("a/b/file"));
  await followed.settled();
  appendFileSync(at("a/b/file"), "x");
  await followed.settled();
  assert.deepEqual(followed.masks, [IN_MODIFY]);
  linkSync(at("a/b/file"), at("hard"));
  await followed.settled();
  appendFileSync(at("hard"), "x");
  await followed.settled();
  assert.deepEqual([followed.masks, followed.moves], [[IN_MODIFY, IN_MODIFY], 0]);
});

test("PathWatch calls touched() for the bits that are wanted only, and not for a directory", async () => {
  const at = tree();
  await using file = new Followed(at("a/b/file"), IN_ATTRIB);
  await using directory = new Followed(at("a/b"), IN_MODIFY | IN_ATTRIB);
  await file.settled();
  appendFileSync(at("a/b/file"), "x");
  linkSync(at("a/b/file"), at("hard"));
  unlinkSync(at("hard"));
  await file.settled();
  assert.deepEqual(new Set(file.masks), new Set([IN_ATTRIB]));
  assert.deepEqual(directory.masks, []);
});

test("PathWatch.close() releases all its watches, after ways that came and went", async () => {
  const at = tree();
  await using other = new Followed(at("none"));
  const before = ownUse();
  const followed = new Followed(at("a/b/file"));
  renameSync(at("a"), at("x"));
  await followed.settled();
  mkdirSync(at("elsewhere/b"), { recursive: true });
  symlinkSync("elsewhere", at("a"));
  await followed.settled();
  assert.ok(ownUse().watches > before.watches);
  await followed[Symbol.asyncDispose]();
  await other.settled();
  assert.deepEqual(ownUse(), before);
});

test("PathWatch releases the watches of a way that it no longer takes", async () => {
  const at = tree();
  mkdirSync(at("other/b"), { recursive: true });
  symlinkSync("a/b", at("link"));
  await using followed = new Followed(at("link"));
  await followed.settled();
  const before = ownUse();
  symlinkSync("other/b", at("new"));
  renameSync(at("new"), at("link"));
  await followed.settled();
  assert.deepEqual([followed.moves > 0, ownUse()], [true, before]);
});

test("PathWatch leads to a directory again that replaces a file on the way", async () => {
  const at = tree();
  mkdirSync(at("new/b"), { recursive: true });
  writeFileSync(at("x"), "");
  await using followed = new Followed(at("x/b"));
  assert.equal(followed.leadsTo, -ENOTDIR);
  rmSync(at("x"));
  renameSync(at("new"), at("x"));
  await followed.settled();
  assert.equal(followed.leadsTo, "directory");
});
