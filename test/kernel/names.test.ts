/** `InotifyEvent.name` and `rawName` have the exact bytes of the name on disk. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { IN_CREATE, IN_ISDIR, Inotify, type InotifyEvent } from "../../mod.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const utf8 = new TextEncoder();

/** Makes an entry by a program that takes its name as bytes: not every runtime can do so. */
function create(
  program: "touch" | "mkdir",
  directory: string | Uint8Array,
  name: Uint8Array,
): void {
  const path = typeof directory === "string" ? utf8.encode(directory) : directory;
  const input = Buffer.concat([path, Buffer.from("/"), name, Buffer.from([0])]);
  const { status, stderr } = spawnSync("xargs", ["-0", program, "--"], { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const UTF8: readonly [what: string, name: string][] = [
  ["of 255 ASCII bytes", "n".repeat(255)],
  ["of 255 bytes in two-byte characters", "é".repeat(127) + "."],
  ["of 255 bytes in three-byte characters", "€".repeat(85)],
  ["of 255 bytes in four-byte characters", "😀".repeat(63) + "..."],
  ["of one byte", "a"],
  ["with a newline", "two\nlines"],
  ["that ends with a newline", "line\n"],
  ["that is a newline", "\n"],
  ["with a tab", "a\tb"],
  ["with quotes and a backslash", `'"\`\\`],
  [
    "with every control character",
    Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join("") + "\x7f",
  ],
  ["that begins with U+FEFF", "\ufeffa"],
  ["that is U+FEFF", "\ufeff"],
  ["with U+FFFD in it", "a\ufffdb"],
  ["with an emoji of several code points", "👩‍👩‍👧"],
  ["in decomposed form", "e\u0301"],
  ["of C1 control characters", "\x80\x85\x9f"],
  ["with trailing spaces", "a   "],
  ["with leading spaces and a dash", "  -rf"],
];

for (const [what, name] of UTF8) {
  test(`readSync() returns a name ${what} unchanged`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    const wd = inotify.addWatch(directory, IN_CREATE);
    create("touch", directory, utf8.encode(name));
    assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name }]);
  });
}

const NOT_UTF8: readonly [what: string, bytes: string, name: string][] = [
  ["two bytes that never occur in UTF-8", "\xff\xfe", "\ufffd\ufffd"],
  ["é in Latin-1", "caf\xe9", "caf\ufffd"],
  ["é in Latin-1, inside", "\xe9t\xe9.txt", "\ufffdt\ufffd.txt"],
  ["a character that is cut off", "a\xe2\x82", "a\ufffd"],
  ["a lone surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"],
  ["an overlong slash", "\xc0\xaf", "\ufffd\ufffd"],
  ["255 bytes 0xff", "\xff".repeat(255), "\ufffd".repeat(255)],
  ["U+FEFF and a byte that is not UTF-8", "\xef\xbb\xbf\xff", "\ufeff\ufffd"],
];

for (const [what, raw, name] of NOT_UTF8) {
  const rawName = bytes(raw);

  test(`readSync() returns a name that is ${what} with its bytes`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    const wd = inotify.addWatch(directory, IN_CREATE);
    create("touch", directory, rawName);
    assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name, rawName }]);
  });

  test(`read() waits for a name that is ${what}, and returns it with its bytes`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    const wd = inotify.addWatch(directory, IN_CREATE);
    const read = inotify.read();
    create("mkdir", directory, rawName);
    const events = await within(read);
    assert.deepEqual(events, [{ wd, mask: IN_CREATE | IN_ISDIR, cookie: 0, name, rawName }]);
  });
}

test("later reads leave the rawName of earlier events unchanged", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const events: InotifyEvent[] = [];
  for (const name of ["\xff1", "\xff2", "\xff3"]) {
    const read = inotify.read();
    create("touch", directory, bytes(name));
    events.push(...await within(read));
  }
  const names = events.map(({ rawName }) => rawName);
  assert.deepEqual(names, [bytes("\xff1"), bytes("\xff2"), bytes("\xff3")]);
});

test("addWatch() accepts the bytes of a directory whose name is not UTF-8", async () => {
  const directory = tmpDir();
  const name = bytes("\xff\xfe");
  create("mkdir", directory, name);
  const path = new Uint8Array(Buffer.concat([utf8.encode(`${directory}/`), name]));
  await using inotify = new Inotify();
  const wd = inotify.addWatch(path, IN_CREATE);
  create("touch", path, utf8.encode("inside"));
  assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name: "inside" }]);
});

test("addWatch() accepts the text of a directory whose name begins with U+FEFF", async () => {
  const directory = tmpDir();
  create("mkdir", directory, utf8.encode("\ufeffd"));
  await using inotify = new Inotify();
  const wd = inotify.addWatch(`${directory}/\ufeffd`, IN_CREATE);
  create("touch", `${directory}/\ufeffd`, utf8.encode("inside"));
  assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name: "inside" }]);
});
