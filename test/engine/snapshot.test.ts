/** Snapshots: pictures as bytes, and bytes that are none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Picture } from "../../src/engine/picture.ts";
import { LENGTH, type Status, type Statuses } from "../../src/engine/statuses.ts";
import { decode, encode } from "../../src/engine/snapshot.ts";
import { type Made, make, pictureOf } from "../helpers/pictures.ts";
import { generator } from "../helpers/random.ts";

function sample(): Made {
  const top = make(true);
  const inside = make(true);
  top.entries.set("f", { ...make(false), version: 2 ** 31 + 5 });
  top.entries.set("é", inside);
  inside.entries.set("not UTF-8: \udcff", make(false));
  inside.entries.set("empty", make(true));
  return top;
}

function wordsOf({ words }: Statuses, status: Status): Uint32Array {
  return words.subarray(status * LENGTH, (status + 1) * LENGTH);
}

/** The words of each status by path. */
function content(picture: Picture): [string, ...number[]][] {
  return [...picture.paths()].map(([path]): [string, ...number[]] => {
    const { content, name } = picture.find(path)!;
    return [path, ...wordsOf(picture.statuses, content.entries.get(name)!)];
  }).sort(([a], [b]) => a < b ? -1 : 1);
}

test("decode() gives the picture that was encoded", () => {
  const picture = pictureOf("/t", sample());
  picture.missing.add("/gone");
  const [[, status]] = picture.roots.directories.get("/t")!.entries;
  picture.statuses.setUncertain(status);
  const decoded = decode(encode(picture));
  assert.deepEqual(content(decoded), content(picture));
  assert.deepEqual([...decoded.missing], ["/gone"]);
});

test("encode() gives the same bytes for the same entries, in whatever order they came", () => {
  const top = sample();
  const other = { ...top, entries: new Map([...top.entries].reverse()) };
  assert.deepEqual(encode(pictureOf("/t", other)), encode(pictureOf("/t", top)));
});

test("encode() takes at most 40 bytes an entry, and its name", () => {
  const top = make(true);
  for (let i = 0; i < 1000; i++) top.entries.set(`f${i}`, make(false));
  const picture = pictureOf("/t", top);
  for (const [, status] of picture.roots.directories.get("/t")!.entries) {
    wordsOf(picture.statuses, status).set([0xffffffff, 0xffffffff], 9); // another time than the change time
  }
  const names = [...top.entries.keys()].join("").length;
  assert.ok(encode(picture).length <= names + 40 * 1001 + 100);
});

const bytes = encode(pictureOf("/t", sample()));

const BAD: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
  "no bytes": [new Uint8Array(), /must be what snapshot\(\) has given, not 0 bytes/],
  "other bytes": [
    new TextEncoder().encode('{"a": 1}'.repeat(9)),
    /not 72 bytes that begin with 7b 22/,
  ],
  "its beginning": [bytes.subarray(0, 50), /cut off: 50 of \d+ bytes/],
  "the header's beginning": [bytes.subarray(0, 10), /not 10 bytes that begin with 69 6e/],
  "more bytes": [new Uint8Array([...bytes, 0]), /longer than it was/],
  "another byte": [bytes.with(40, bytes[40] ^ 1), /its checksum is wrong/],
  "a newer version": [
    bytes.with(8, 2),
    /version 2, which this version of the module does not read/,
  ],
};

for (const [what, [bad, message]] of Object.entries(BAD)) {
  test(`decode() throws a TypeError for ${what}`, () => {
    assert.throws(
      () => decode(bad),
      (error) => error instanceof TypeError && message.test(error.message),
    );
  });
}

test("decode() throws a TypeError for any damage", () => {
  const random = generator(1);
  for (let i = 0; i < 2000; i++) {
    const at = Math.floor(random() * bytes.length);
    const damaged = random() < 0.5
      ? bytes.with(at, bytes[at] ^ 1 << Math.floor(random() * 8))
      : bytes.slice(0, at);
    assert.throws(() => decode(damaged), TypeError);
  }
});

test("decode() throws a TypeError for entries that do not end, though the checksum is right", () => {
  for (const cut of [1, 2, 10, 30]) {
    const picture = new Picture();
    const short = encode(picture);
    const body = bytes.slice(20, bytes.length - cut);
    const forged = new Uint8Array([...short.slice(0, 20), ...body]);
    const view = new DataView(forged.buffer);
    view.setUint32(12, forged.length, true);
    view.setUint32(16, crc32(body), true);
    assert.throws(() => decode(forged), /its entries do not end where it ends/);
  }
});

function crc32(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
