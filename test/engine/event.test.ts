/** The events of `watch()`: how they are made, and that no kind is missing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IN_ACCESS,
  IN_ATTRIB,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_MODIFY,
  IN_OPEN,
} from "../../mod.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  errorEvent,
  KINDS,
  mountEvent,
  renameEvent,
} from "../../src/engine/event.ts";

/** A path with the byte FF, as lossless text, as text and as bytes. */
const FOREIGN = "/\udcff";
const SHOWN = "/\ufffd";
const RAW = new Uint8Array([0x2f, 0xff]);

const error = new Error("no");

for (
  const [name, make] of Object.entries({
    entryEvent: (path: string) => entryEvent("create", path, true),
    mountEvent: (path: string) => mountEvent("mount", path),
    errorEvent: (path: string) => errorEvent(path, error),
  })
) {
  test(`${name}() has rawPath only for a path that is not UTF-8`, () => {
    const plain = make("/ä");
    assert.deepEqual([plain.path, "rawPath" in plain], ["/ä", false]);
    assert.deepEqual(make(FOREIGN), { ...plain, path: SHOWN, rawPath: RAW });
  });
}

for (
  const [from, path, raw] of [
    ["/a", "/b", {}],
    [FOREIGN, "/b", { rawFrom: RAW }],
    ["/a", FOREIGN, { rawPath: RAW }],
    [FOREIGN, FOREIGN, { rawPath: RAW, rawFrom: RAW }],
  ] as const
) {
  test(`renameEvent() has the bytes of ${Object.keys(raw).join(" and ") || "no path"}`, () => {
    assert.deepEqual(renameEvent(from, path, true, false), {
      kind: "rename",
      from: from === FOREIGN ? SHOWN : from,
      path: path === FOREIGN ? SHOWN : path,
      isDirectory: true,
      replaced: false,
      ...raw,
    });
  });
}

test("CONTENT_KINDS has a kind for each bit that says nothing of an entry's coming and going", () => {
  assert.deepEqual(Object.fromEntries([...CONTENT_KINDS].map(([bit, kind]) => [kind, bit])), {
    modify: IN_MODIFY,
    closeWrite: IN_CLOSE_WRITE,
    attrib: IN_ATTRIB,
    open: IN_OPEN,
    access: IN_ACCESS,
    closeNoWrite: IN_CLOSE_NOWRITE,
  });
});

test("KINDS has each kind once", () => {
  assert.deepEqual([...KINDS].sort(), [
    ...["access", "attrib", "closeNoWrite", "closeWrite", "create", "error", "exists", "modify"],
    ...["mount", "open", "overflow", "ready", "remove", "rename", "unmount"],
  ]);
});
