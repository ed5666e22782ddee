/** Bytes that are given may be shared, resizable or gone: no call of C gets a pointer into them. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_CREATE, Inotify, parseEvents, watch } from "../../mod.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** The same bytes in other kinds of memory, and what makes the memory useless afterwards. */
const MEMORIES: Record<string, (bytes: Uint8Array) => [Uint8Array, spoil: () => void]> = {
  "of its own": (bytes) => {
    const copy = bytes.slice();
    return [copy, () => void copy.buffer.transfer()];
  },
  "shared": (bytes) => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return [copy, () => void copy.fill(0xff)];
  },
  "resizable": (bytes) => {
    const buffer = new ArrayBuffer(bytes.length, { maxByteLength: 2 * bytes.length });
    const copy = new Uint8Array(buffer);
    copy.set(bytes);
    return [copy, () => buffer.resize(0)];
  },
};

for (const [name, make] of Object.entries(MEMORIES)) {
  test(`a path in memory ${name} is taken at the call`, async () => {
    const directory = tmpDir();
    const [bytes, spoil] = make(new TextEncoder().encode(directory));
    await using inotify = new Inotify();
    await using watcher = watch(bytes);
    inotify.addWatch(bytes, IN_CREATE);
    spoil();
    await within(watcher.ready);
    mkdirSync(join(directory, "made"));
    assert.deepEqual((await within(inotify.read())).map(({ name }) => name), ["made"]);
    for await (const event of watcher) {
      assert.deepEqual(event, {
        kind: "create",
        path: join(directory, "made"),
        isDirectory: true,
      });
      break;
    }
  });

  test(`records in memory ${name} are parsed into events that do not need it`, () => {
    const name = [0xc3, 0xa9, 0xff, 0]; // é, and a byte that is no UTF-8
    const record = new Uint8Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, ...name]);
    const [bytes, spoil] = make(record);
    const events = parseEvents(bytes);
    spoil();
    const rawName = new Uint8Array([0xc3, 0xa9, 0xff]);
    assert.deepEqual(events, [{ wd: 1, mask: IN_CREATE, cookie: 0, name: "é\ufffd", rawName }]);
  });
}

test("bytes that are gone are refused as a path, and are no records", async () => {
  const bytes = new TextEncoder().encode(tmpDir());
  bytes.buffer.transfer();
  await using inotify = new Inotify();
  assert.throws(() => inotify.addWatch(bytes, IN_CREATE), TypeError);
  assert.throws(() => watch(bytes), TypeError);
  assert.deepEqual(parseEvents(bytes), []);
});

test("what is read stays what it was, whatever is read after it", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify({ bufferSize: 4096 });
  inotify.addWatch(directory, IN_CREATE);
  const all = [];
  for (const name of ["é-one", "é-two", "é-three"]) {
    writeFileSync(join(directory, name), "");
    all.push(...await within(inotify.read()));
  }
  assert.deepEqual(all.map(({ name }) => name), ["é-one", "é-two", "é-three"]);
});
