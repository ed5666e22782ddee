/** parseEvents(): events from hand-built bytes. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { type InotifyEvent, parseEvents } from "../../src/kernel/parse.ts";
import { thrown } from "../helpers/thrown.ts";

const HEADER = 16;

/** One `struct inotify_event`, whose name field has `len` bytes. */
function record(
  { wd = 1, mask = 0x100, cookie = 0, name = "" as string | number[], len = -1 } = {},
): Uint8Array {
  const bytes = typeof name === "string" ? new TextEncoder().encode(name) : new Uint8Array(name);
  // The kernel pads to a multiple of its header, with at least one NUL.
  const length = len >= 0 ? len : name.length === 0 ? 0 : (bytes.length + HEADER) & ~(HEADER - 1);
  const all = new Uint8Array(HEADER + length);
  const view = new DataView(all.buffer);
  view.setInt32(0, wd, true);
  view.setUint32(4, mask, true);
  view.setUint32(8, cookie, true);
  view.setUint32(12, length, true);
  all.set(bytes, HEADER);
  return all;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function event(overrides: Partial<InotifyEvent> = {}): InotifyEvent {
  return { wd: 1, mask: 0x100, cookie: 0, name: "", ...overrides };
}

function parseError(bytes: Uint8Array): Record<string, unknown> {
  return thrown(() => parseEvents(bytes));
}

test("no bytes are no events", () => {
  assert.deepEqual(parseEvents(new Uint8Array(0)), []);
});

test("a record without a name is an event with an empty one", () => {
  assert.deepEqual(parseEvents(record()), [event()]);
});

test("every field is the kernel's", () => {
  const bytes = record({ wd: 7, mask: 0x40000040, cookie: 42, name: "from" });
  assert.deepEqual(parseEvents(bytes), [{ wd: 7, mask: 0x40000040, cookie: 42, name: "from" }]);
});

test("fields are little-endian", () => {
  const bytes = new Uint8Array([1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(parseEvents(bytes), [{ wd: 0x201, mask: 0x403, cookie: 0x605, name: "" }]);
});

test("mask and cookie are unsigned", () => {
  const bytes = record({ mask: 0x80000000, cookie: 0xffffffff });
  assert.deepEqual(parseEvents(bytes), [event({ mask: 0x80000000, cookie: 0xffffffff })]);
});

test("wd is signed: -1 comes with IN_Q_OVERFLOW", () => {
  assert.deepEqual(parseEvents(record({ wd: -1, mask: 0x4000 })), [
    event({ wd: -1, mask: 0x4000 }),
  ]);
});

test("bits that inotify(7) does not name survive", () => {
  assert.deepEqual(parseEvents(record({ mask: 0x08101000 })), [event({ mask: 0x08101000 })]);
});

test("the padding after a name is no part of it", () => {
  assert.deepEqual(parseEvents(record({ name: "a", len: 64 })), [event({ name: "a" })]);
});

test("a name ends at its first NUL byte, whatever follows", () => {
  const bytes = record({ name: [0x61, 0, 0xff, 0x62], len: 4 });
  assert.deepEqual(parseEvents(bytes), [event({ name: "a" })]);
});

test("a name may fill its field, without a NUL byte", () => {
  assert.deepEqual(parseEvents(record({ name: "abcd", len: 4 })), [event({ name: "abcd" })]);
});

test("every step is 16 + len: names of different lengths come in order", () => {
  const names = ["a", "", "bb", "c".repeat(255), "", "d".repeat(15), "e".repeat(16)];
  const events = parseEvents(join(...names.map((name) => record({ name }))));
  assert.deepEqual(events.map(({ name }) => name), names);
});

test("a name's own lengths, 1 to 255, come out whole", () => {
  const names = Array.from({ length: 255 }, (_, i) => "n".repeat(i + 1));
  const events = parseEvents(join(...names.map((name) => record({ name }))));
  assert.deepEqual(events.map(({ name }) => name), names);
});

test("a name in UTF-8 is decoded, and has no rawName", () => {
  assert.deepEqual(parseEvents(record({ name: "é€😀" })), [event({ name: "é€😀" })]);
});

test("U+FEFF at the start of a name is part of it", () => {
  assert.deepEqual(parseEvents(record({ name: "\ufeffa" })), [event({ name: "\ufeffa" })]);
});

test("U+007F, the last of ASCII, and U+0080 are told apart", () => {
  assert.deepEqual(parseEvents(record({ name: "\x7f" })), [event({ name: "\x7f" })]);
  assert.deepEqual(parseEvents(record({ name: "\x80" })), [event({ name: "\x80" })]);
});

test("a name that is not UTF-8 has U+FFFD, and its bytes in rawName", () => {
  const bytes = record({ name: [0x63, 0xe9] });
  const rawName = new Uint8Array([0x63, 0xe9]);
  assert.deepEqual(parseEvents(bytes), [event({ name: "c\ufffd", rawName })]);
});

test("a name after one that is not ASCII is read from its own place", () => {
  const events = parseEvents(
    join(record({ name: "é" }), record({ name: [0xff] }), record({ name: "z" })),
  );
  assert.deepEqual(events.map(({ name }) => name), ["é", "\ufffd", "z"]);
});

test("events keep no reference to the bytes", () => {
  const bytes = join(record({ name: "abc" }), record({ name: [0xff, 0xfe] }));
  const events = parseEvents(bytes);
  bytes.fill(0x2e);
  const rawName = new Uint8Array([0xff, 0xfe]);
  assert.deepEqual(events, [event({ name: "abc" }), event({ name: "\ufffd\ufffd", rawName })]);
});

test("events keep no reference to a Buffer either", () => {
  const bytes = Buffer.from(record({ name: [0xff, 0xfe] }));
  const [{ rawName }] = parseEvents(bytes);
  bytes.fill(0x2e);
  assert.deepEqual([...rawName!], [0xff, 0xfe]);
});

test("rawName is a plain Uint8Array, also of a Buffer", () => {
  const [{ rawName }] = parseEvents(Buffer.from(record({ name: [0xff] })));
  assert.deepEqual(rawName, new Uint8Array([0xff]));
});

for (const shift of [1, 2, 3, 4]) {
  test(`bytes may begin ${shift} into their buffer`, () => {
    const bytes = join(new Uint8Array(shift), record({ wd: 5, name: "abc" })).subarray(shift);
    assert.deepEqual(parseEvents(bytes), [event({ wd: 5, name: "abc" })]);
  });
}

test("a Buffer may begin anywhere in its memory", () => {
  const bytes = Buffer.concat([new Uint8Array(1), record({ wd: 5, name: "abc" })]).subarray(1);
  assert.deepEqual(parseEvents(bytes), [event({ wd: 5, name: "abc" })]);
});

test("only the bytes of the view are read, not those behind it in the buffer", () => {
  const bytes = join(record({ wd: 1 }), record({ wd: 2 })).subarray(0, HEADER);
  assert.deepEqual(parseEvents(bytes), [event({ wd: 1 })]);
});

test("a header that is cut off is an error that says where", () => {
  for (const there of [1, 4, 15]) {
    assert.deepEqual(parseError(record().subarray(0, there)), {
      name: "RangeError",
      message:
        `Cannot parse the inotify event at byte 0: it has 16 bytes, of which ${there} are there`,
    });
  }
});

test("a name that is cut off is an error that says where", () => {
  const bytes = join(record({ name: "first" }), record({ name: "second" })).subarray(0, -1);
  assert.deepEqual(parseError(bytes), {
    name: "RangeError",
    message: "Cannot parse the inotify event at byte 32: it has 32 bytes, of which 31 are there",
  });
});

test("bytes after the last record are an error that says where", () => {
  assert.deepEqual(parseError(join(record(), new Uint8Array(3))), {
    name: "RangeError",
    message: "Cannot parse the inotify event at byte 16: it has 16 bytes, of which 3 are there",
  });
});

for (const len of [2 ** 31 - 16, 2 ** 31, 2 ** 32 - 16, 2 ** 32 - 1]) {
  test(`a record that claims a name of ${len} bytes is an error`, () => {
    const bytes = record();
    new DataView(bytes.buffer).setUint32(12, len, true);
    assert.deepEqual(parseError(bytes), {
      name: "RangeError",
      message: `Cannot parse the inotify event at byte 0: it has ${
        16 + len
      } bytes, of which 16 are there`,
    });
  });
}

test("a record that does not end at a multiple of 4 is an error", () => {
  assert.equal(parseError(join(record({ name: "a", len: 3 }), record())).name, "RangeError");
});
