/** `isSymbolicLink` of `exists` events. */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { reconsider } from "../../src/watch/watcher.ts";
import { forEach, taken } from "../helpers/events.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

const DT_UNKNOWN = 0;
/** Where the type is in a record of getdents64(2), and the record's length. */
const [D_RECLEN, D_TYPE] = [16, 18];

/** The first path of a watcher, and what it says of each entry that exists. */
async function existing(
  directory: string,
  options: WatchOptions = {},
): Promise<Record<string, unknown>> {
  const events: WatchEvent[] = [];
  const watcher = watch(directory, { initial: true, ...options });
  const ended = forEach(watcher, (event) => events.push(event));
  await taken(watcher);
  writeFileSync(join(directory, "late"), "");
  symlinkSync("late", join(directory, "late-link"));
  await taken(watcher);
  await watcher.close();
  await ended;
  return Object.fromEntries(events.flatMap((event) => {
    if (!("isDirectory" in event) || event.kind === "modify") return [];
    const name = event.path.slice(directory.length + 1) || ".";
    const isLink = "isSymbolicLink" in event ? event.isSymbolicLink : "not said";
    return [[name + (event.isDirectory ? "/" : ""), isLink]];
  }));
}

function tree(): string {
  const directory = tmpDir(fastest);
  mkdirSync(join(directory, "d"));
  writeFileSync(join(directory, "d/f"), "");
  symlinkSync("f", join(directory, "d/file-link"));
  symlinkSync("d", join(directory, "link"));
  symlinkSync("nothing", join(directory, "dangling"));
  return directory;
}

/** What is said, if no link is followed. */
const SAID = {
  "./": "not said",
  "d/": false,
  "d/f": false,
  "d/file-link": true,
  link: true,
  dangling: true,
  late: "not said",
  "late-link": "not said",
};

test("exists says of each entry whether it is a symbolic link, but not of the given path", async () => {
  assert.deepEqual(await existing(tree()), SAID);
  assert.deepEqual(await existing(tree(), { blocking: true }), SAID);
});

test("exists says so of a followed link, too, which is a directory by then", async () => {
  const directory = tree();
  const outside = tmpDir(fastest);
  writeFileSync(join(outside, "f"), "");
  symlinkSync(outside, join(directory, "outside"));
  const { link: _, ...said } = SAID;
  assert.deepEqual(await existing(directory, { followSymlinks: true }), {
    ...said,
    "link/": true,
    "outside/": true,
    "outside/f": false,
  });
});

test("exists says so without another system call", async () => {
  const c = libc();
  const { statx, readlink } = c;
  let calls = 0;
  const counted = async (options: WatchOptions) => {
    const directory = tree();
    calls = 0;
    await using watcher = watch(directory, options);
    await watcher.ready;
    return calls;
  };
  c.statx = (...args) => (calls++, statx(...args));
  c.readlink = (...args) => (calls++, readlink(...args));
  try {
    assert.equal(await counted({ initial: true }), await counted({ initial: false }));
  } finally {
    Object.assign(c, { statx, readlink });
  }
});

test("exists says so where the file system does not list types", async () => {
  const c = libc();
  const { getdents64 } = c;
  c.getdents64 = (fd, buffer, size) => {
    const length = getdents64(fd, buffer, size);
    const records = new DataView(buffer.buffer, buffer.byteOffset);
    for (let at = 0; at < length; at += records.getUint16(at + D_RECLEN, true)) {
      buffer[at + D_TYPE] = DT_UNKNOWN;
    }
    return length;
  };
  try {
    assert.deepEqual(await existing(tree()), SAID);
  } finally {
    c.getdents64 = getdents64;
  }
});

test("a link that nobody follows is no directory when its directory is listed again in the beginning", async () => {
  const directory = tree();
  await using watcher = watch(directory, { initial: true, ignore: "nothing-here" });
  const events: WatchEvent[] = [];
  void forEach(watcher, (event) => events.push(event));
  await taken(watcher);
  events.length = 0;
  await reconsider(watcher);
  await taken(watcher);
  assert.deepEqual(events, []);
});
