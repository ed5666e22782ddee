/** `closeWrite`: every file is reported as complete once it is, however it came. */

import assert from "node:assert/strict";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { Inbox } from "../helpers/inbox.ts";
import { sh } from "../helpers/shell.ts";
import { within } from "../helpers/within.ts";

test("closeWrite follows the create of a file that moves in, or is linked in", async () => {
  await using inbox = await Inbox.open();
  for (const name of ["linked", "moved"]) writeFileSync(inbox.out(name), "");
  linkSync(inbox.out("linked"), inbox.at("linked"));
  assert.deepEqual(await inbox.take(), ["create linked", "closeWrite linked"]);
  renameSync(inbox.out("moved"), inbox.at("moved"));
  assert.deepEqual(await inbox.take(), ["create moved", "closeWrite moved"]);
});

test("closeWrite follows the rename of a file, and not that of a directory", async () => {
  await using inbox = new Inbox();
  mkdirSync(inbox.at("d"));
  for (const name of ["a", "other", "d/f"]) writeFileSync(inbox.at(name), "");
  await inbox.watch();
  renameSync(inbox.at("a"), inbox.at("b"));
  assert.deepEqual(await inbox.take(), ["rename a -> b", "closeWrite b"]);
  renameSync(inbox.at("b"), inbox.at("other"));
  assert.deepEqual(await inbox.take(), ["rename b -> other", "closeWrite other"]);
  renameSync(inbox.at("d"), inbox.at("e"));
  assert.deepEqual(await inbox.take(), ["rename d -> e"]);
});

test("closeWrite alone is enough: nothing else tells of a file", async () => {
  await using inbox = await Inbox.open({ events: ["closeWrite"] });
  mkdirSync(inbox.out("d"));
  for (const name of ["a", "b", "d/f"]) writeFileSync(inbox.out(name), "");
  writeFileSync(inbox.at("new"), "");
  assert.deepEqual(await inbox.take(), ["closeWrite new"]);
  renameSync(inbox.out("a"), inbox.at("a"));
  assert.deepEqual(await inbox.take(), ["closeWrite a"]);
  renameSync(inbox.out("b"), inbox.at("a"));
  assert.deepEqual(await inbox.take(), ["closeWrite a"]);
  renameSync(inbox.at("a"), inbox.at("c"));
  assert.deepEqual(await inbox.take(), ["closeWrite c"]);
  renameSync(inbox.out("d"), inbox.at("d"));
  assert.deepEqual(await inbox.take(), ["closeWrite d/f"]);
});

for (const how of ["found in a new directory", "moved in", "renamed", "moved over another"]) {
  test(`a file that is ${how} while somebody writes it is complete once it is closed`, async () => {
    await using inbox = new Inbox();
    if (how === "moved over another") writeFileSync(inbox.at("f"), "");
    await inbox.watch();
    let fd: number;
    let path = inbox.at("f");
    if (how === "found in a new directory") {
      mkdirSync(inbox.at("a/b"), { recursive: true });
      fd = openSync(path = inbox.at("a/b/f"), "a");
    } else {
      const before = how === "renamed" ? inbox.at("part") : inbox.out("f");
      fd = openSync(before, "a");
      if (how === "renamed") await inbox.take();
      renameSync(before, path);
    }
    const isComplete = (line: string) => line.startsWith("closeWrite");
    for (let i = 0; i < 3; i++) {
      writeSync(fd, "more");
      assert.deepEqual((await inbox.take()).filter(isComplete), []);
    }
    closeSync(fd);
    assert.deepEqual(await inbox.take(), [`closeWrite ${path.slice(inbox.path.length + 1)}`]);
  });
}

for (const isKept of [true, false]) {
  test(
    `a file that is linked in while it is written by another name is complete once it is closed${
      isKept ? "" : ", even if that name is gone"
    }`,
    async () => {
      await using inbox = await Inbox.open();
      const fd = openSync(inbox.out("f"), "a");
      linkSync(inbox.out("f"), inbox.at("f"));
      if (!isKept) rmSync(inbox.out("f"));
      assert.deepEqual(await inbox.take(), ["create f"]);
      writeSync(fd, "more");
      assert.deepEqual(await inbox.take(), []);
      closeSync(fd);
      assert.deepEqual(await inbox.take(), ["closeWrite f"]);
    },
  );
}

test("a file that two processes write is complete when the last one closes it, by its other name", async () => {
  await using inbox = await Inbox.open();
  const fds = [1, 2].map(() => openSync(inbox.out("f"), "a"));
  linkSync(inbox.out("f"), inbox.at("f"));
  for (const fd of fds) {
    assert.ok(!(await inbox.take()).includes("closeWrite f"));
    closeSync(fd);
  }
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

test("directories, links and FIFOs have no closeWrite, and no FIFO is opened", async () => {
  await using inbox = await Inbox.open();
  mkdirSync(inbox.out("d/e"), { recursive: true });
  symlinkSync("nowhere", inbox.out("d/link"));
  symlinkSync("d", inbox.out("d/to a directory"));
  await sh("mkfifo fifo", inbox.outside);
  // A writer of a FIFO waits for a reader.
  const writer = sh("echo written > fifo", inbox.outside);
  linkSync(inbox.out("fifo"), inbox.out("d/fifo"));
  renameSync(inbox.out("d"), inbox.at("d"));
  const lines = await inbox.take();
  renameSync(inbox.at("d/link"), inbox.at("d/other link"));
  lines.push(...await inbox.take());
  const kinds = new Set(lines.map((line) => line.split(" ")[0]));
  assert.deepEqual([...kinds], ["create", "rename"]);
  await sh("test $(timeout 5 cat fifo) = written", inbox.outside);
  await writer;
});

test("a link that is replaced is closeWrite if no other kind reports it", async () => {
  await using inbox = new Inbox();
  for (const path of [inbox.at("link"), inbox.out("link")]) symlinkSync("nowhere", path);
  await inbox.watch({ events: ["closeWrite"] });
  renameSync(inbox.out("link"), inbox.at("link"));
  assert.deepEqual(await inbox.take(), ["closeWrite link"]);
});

test("a link that is renamed, and then replaced, is closeWrite if no other kind reports it", async () => {
  await using inbox = new Inbox();
  for (const path of [inbox.at("a"), inbox.out("link")]) symlinkSync("nowhere", path);
  await inbox.watch({ events: ["rename", "closeWrite"] });
  renameSync(inbox.at("a"), inbox.at("b"));
  writeFileSync(inbox.at("x"), ""); // the kernel joins two events in a row that are equal
  renameSync(inbox.out("link"), inbox.at("b"));
  assert.deepEqual(await inbox.take(), ["rename a -> b", "closeWrite x", "closeWrite b"]);
});

test("a link that leads nowhere is closeWrite, too, in the place of a given file below another path", async () => {
  await using inbox = await Inbox.open({ events: ["create", "closeWrite", "remove"] });
  await within(inbox.watcher.add(inbox.at("f")));
  writeFileSync(inbox.at("f"), "1");
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  symlinkSync("nowhere", inbox.out("link"));
  renameSync(inbox.out("link"), inbox.at("f"));
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});

test("with followSymlinks, a link to a file is complete in the place of a given file below another path", async () => {
  await using inbox = new Inbox({ followSymlinks: true });
  writeFileSync(inbox.at("file"), "1");
  await inbox.watch({}, inbox.at("f"));
  await within(inbox.watcher.add(inbox.path));
  writeFileSync(inbox.at("f"), "1");
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  symlinkSync("../in/file", inbox.out("link"));
  renameSync(inbox.out("link"), inbox.at("f"));
  assert.deepEqual(await inbox.take(), ["remove f", "create f", "closeWrite f"]);
});

test("what is there in the beginning has no closeWrite", async () => {
  await using inbox = new Inbox();
  writeFileSync(inbox.at("a"), "");
  await inbox.watch({ initial: true });
  mkdirSync(inbox.out("later"));
  writeFileSync(inbox.out("later/b"), "");
  await within(inbox.watcher.add(inbox.outside));
  assert.deepEqual((await inbox.take()).filter((line) => line.startsWith("closeWrite")), []);
});

test("a given path that is a file is complete when it comes, and when it is replaced", async () => {
  await using inbox = new Inbox();
  const path = inbox.at("f");
  await inbox.watch({}, path);
  writeFileSync(inbox.out("f"), "");
  renameSync(inbox.out("f"), path);
  assert.deepEqual(await inbox.take(), ["create f", "closeWrite f"]);
  const fd = openSync(inbox.out("f"), "a");
  renameSync(inbox.out("f"), path);
  assert.deepEqual(await inbox.take(), []);
  closeSync(fd);
  assert.deepEqual(await inbox.take(), ["closeWrite f"]);
});
