/** Bytes that a caller gives may be shared, resizable or detached: C gets no pointer to them. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_CREATE, Inotify, parseEvents, watch } from "../../mod.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** Copies the bytes to another kind of memory. The second result makes that memory unusable. */
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
  test(`addWatch() and watch() copy a path in memory ${name}`, async () => {
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

  test(`events that parseEvents() makes of memory ${name} outlive it`, () => {
    const name = [0xc3, 0xa9, 0xff, 0]; // é, and a byte that is not UTF-8
    const record = new Uint8Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, ...name]);
    const [bytes, spoil] = make(record);
    const events = parseEvents(bytes);
    spoil();
    const rawName = new Uint8Array([0xc3, 0xa9, 0xff]);
    assert.deepEqual(events, [{ wd: 1, mask: IN_CREATE, cookie: 0, name: "é\ufffd", rawName }]);
  });
}

test("detached bytes are a TypeError as a path, and no events for parseEvents()", async () => {
  const bytes = new TextEncoder().encode(tmpDir());
  bytes.buffer.transfer();
  await using inotify = new Inotify();
  assert.throws(() => inotify.addWatch(bytes, IN_CREATE), TypeError);
  assert.throws(() => watch(bytes), TypeError);
  assert.deepEqual(parseEvents(bytes), []);
});

test("later reads leave the events of earlier ones unchanged", async () => {
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
