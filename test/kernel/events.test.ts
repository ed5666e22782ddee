/** The events and flags of inotify(7) on the real kernel: what causes each, and which events it gives. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  IN_ACCESS,
  IN_ATTRIB,
  IN_CLOSE,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_MASK_ADD,
  IN_MODIFY,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  IN_OPEN,
  Inotify,
  maskNames,
} from "../../mod.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** An action on a directory with a file and a symbolic link, and the events that it causes. */
interface Case {
  readonly mask: number;
  /** The name to watch; the directory, if left out. */
  readonly name?: string;
  readonly act: (at: (name: string) => string) => void;
  readonly events: readonly string[];
}

const read: Case["act"] = (at) => void fs.readFileSync(at("file"));
const rename: Case["act"] = (at) => fs.renameSync(at("file"), at("new"));
const writeUnlinked: Case["act"] = (at) => {
  const fd = fs.openSync(at("file"), "a");
  fs.unlinkSync(at("file"));
  fs.writeSync(fd, "x");
  fs.closeSync(fd);
};

const CASES: Readonly<Record<string, Case>> = {
  IN_ACCESS: { mask: IN_ACCESS, act: read, events: ["IN_ACCESS file"] },
  IN_MODIFY: {
    mask: IN_MODIFY,
    act: (at) => fs.appendFileSync(at("file"), "x"),
    events: ["IN_MODIFY file"],
  },
  IN_ATTRIB: {
    mask: IN_ATTRIB,
    act: (at) => fs.chmodSync(at("file"), 0o600),
    events: ["IN_ATTRIB file"],
  },
  "IN_ATTRIB, and no IN_DELETE_SELF, for a file with another link": {
    mask: IN_ATTRIB | IN_DELETE_SELF,
    name: "file",
    act(at) {
      fs.linkSync(at("file"), at("other"));
      fs.unlinkSync(at("file"));
    },
    events: ["IN_ATTRIB"],
  },
  IN_OPEN: { mask: IN_OPEN, act: read, events: ["IN_OPEN file"] },
  IN_CLOSE_NOWRITE: { mask: IN_CLOSE_NOWRITE, act: read, events: ["IN_CLOSE_NOWRITE file"] },
  IN_CLOSE_WRITE: {
    mask: IN_CLOSE_WRITE,
    act: (at) => fs.appendFileSync(at("file"), "x"),
    events: ["IN_CLOSE_WRITE file"],
  },
  "IN_CLOSE, as one of its two bits": {
    mask: IN_CLOSE,
    act: read,
    events: ["IN_CLOSE_NOWRITE file"],
  },
  "IN_CREATE, with IN_ISDIR for a directory": {
    mask: IN_CREATE,
    act(at) {
      fs.writeFileSync(at("a"), "");
      fs.mkdirSync(at("b"));
    },
    events: ["IN_CREATE a", "IN_CREATE|IN_ISDIR b"],
  },
  IN_DELETE: { mask: IN_DELETE, act: (at) => fs.rmSync(at("file")), events: ["IN_DELETE file"] },
  "IN_DELETE_SELF, followed by IN_IGNORED": {
    mask: IN_DELETE_SELF,
    name: "file",
    act: (at) => fs.rmSync(at("file")),
    events: ["IN_DELETE_SELF", "IN_IGNORED"],
  },
  IN_MOVED_FROM: { mask: IN_MOVED_FROM, act: rename, events: ["IN_MOVED_FROM file"] },
  IN_MOVED_TO: { mask: IN_MOVED_TO, act: rename, events: ["IN_MOVED_TO new"] },
  "IN_MOVE, as both of its bits": {
    mask: IN_MOVE,
    act: rename,
    events: ["IN_MOVED_FROM file", "IN_MOVED_TO new"],
  },
  IN_MOVE_SELF: { mask: IN_MOVE_SELF, name: "file", act: rename, events: ["IN_MOVE_SELF"] },
  "IN_DONT_FOLLOW, for the link itself": {
    mask: IN_MOVE_SELF | IN_DONT_FOLLOW,
    name: "link",
    act: (at) => fs.renameSync(at("link"), at("new")),
    events: ["IN_MOVE_SELF"],
  },
  "no IN_DONT_FOLLOW, for the link's target": {
    mask: IN_ATTRIB,
    name: "link",
    act: (at) => fs.chmodSync(at("file"), 0o600),
    events: ["IN_ATTRIB"],
  },
  "IN_EXCL_UNLINK, none for a file that was unlinked": {
    mask: IN_MODIFY | IN_EXCL_UNLINK,
    act: writeUnlinked,
    events: [],
  },
  "no IN_EXCL_UNLINK, for a file that was unlinked": {
    mask: IN_MODIFY,
    act: writeUnlinked,
    events: ["IN_MODIFY file"],
  },
  "IN_ONLYDIR, for a directory": {
    mask: IN_CREATE | IN_ONLYDIR,
    act: (at) => fs.writeFileSync(at("a"), ""),
    events: ["IN_CREATE a"],
  },
};

for (const [what, { mask, name, act, events }] of Object.entries(CASES)) {
  test(`readSync() returns the events of ${what}`, async () => {
    const directory = tmpDir();
    const at = (name: string) => join(directory, name);
    fs.writeFileSync(at("file"), "hello");
    fs.symlinkSync("file", at("link"));
    await using inotify = new Inotify();
    inotify.addWatch(name === undefined ? directory : at(name), mask);
    act(at);
    const lines = inotify.readSync().map(({ mask, name }) =>
      `${maskNames(mask).join("|")} ${name}`.trimEnd()
    );
    assert.deepEqual(lines, events);
  });
}

for (const [flag, expected] of [[0, ["IN_DELETE"]], [IN_MASK_ADD, ["IN_CREATE", "IN_DELETE"]]]) {
  const title = flag === 0 ? "without IN_MASK_ADD replaces" : "with IN_MASK_ADD extends";
  test(`addWatch() ${title} the mask of a watched inode`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    const wd = inotify.addWatch(directory, IN_CREATE);
    assert.equal(inotify.addWatch(directory, IN_DELETE | (flag as number)), wd);
    fs.writeFileSync(join(directory, "a"), "");
    fs.rmSync(join(directory, "a"));
    assert.deepEqual(inotify.readSync().map(({ mask }) => maskNames(mask)[0]), expected);
  });
}
