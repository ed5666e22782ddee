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

test("parseEvents() of no bytes is empty", () => {
  assert.deepEqual(parseEvents(new Uint8Array(0)), []);
});

test("parseEvents() gives a record without a name an empty name", () => {
  assert.deepEqual(parseEvents(record()), [event()]);
});

test("parseEvents() reads every field", () => {
  const bytes = record({ wd: 7, mask: 0x40000040, cookie: 42, name: "from" });
  assert.deepEqual(parseEvents(bytes), [{ wd: 7, mask: 0x40000040, cookie: 42, name: "from" }]);
});

test("parseEvents() reads fields as little-endian", () => {
  const bytes = new Uint8Array([1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(parseEvents(bytes), [{ wd: 0x201, mask: 0x403, cookie: 0x605, name: "" }]);
});

test("parseEvents() reads mask and cookie as unsigned", () => {
  const bytes = record({ mask: 0x80000000, cookie: 0xffffffff });
  assert.deepEqual(parseEvents(bytes), [event({ mask: 0x80000000, cookie: 0xffffffff })]);
});

test("parseEvents() reads wd as signed: -1 comes with IN_Q_OVERFLOW", () => {
  assert.deepEqual(parseEvents(record({ wd: -1, mask: 0x4000 })), [
    event({ wd: -1, mask: 0x4000 }),
  ]);
});

test("parseEvents() keeps mask bits that inotify(7) does not name", () => {
  assert.deepEqual(parseEvents(record({ mask: 0x08101000 })), [event({ mask: 0x08101000 })]);
});

test("parseEvents() strips the padding of a name", () => {
  assert.deepEqual(parseEvents(record({ name: "a", len: 64 })), [event({ name: "a" })]);
});

test("parseEvents() ends a name at its first NUL byte, whatever follows", () => {
  const bytes = record({ name: [0x61, 0, 0xff, 0x62], len: 4 });
  assert.deepEqual(parseEvents(bytes), [event({ name: "a" })]);
});

test("parseEvents() accepts a name that fills its field without a NUL byte", () => {
  assert.deepEqual(parseEvents(record({ name: "abcd", len: 4 })), [event({ name: "abcd" })]);
});

test("parseEvents() advances by 16 + len: names of different lengths stay in order", () => {
  const names = ["a", "", "bb", "c".repeat(255), "", "d".repeat(15), "e".repeat(16)];
  const events = parseEvents(join(...names.map((name) => record({ name }))));
  assert.deepEqual(events.map(({ name }) => name), names);
});

test("parseEvents() returns names of 1 to 255 bytes whole", () => {
  const names = Array.from({ length: 255 }, (_, i) => "n".repeat(i + 1));
  const events = parseEvents(join(...names.map((name) => record({ name }))));
  assert.deepEqual(events.map(({ name }) => name), names);
});

test("parseEvents() decodes UTF-8 names, without a rawName", () => {
  assert.deepEqual(parseEvents(record({ name: "é€😀" })), [event({ name: "é€😀" })]);
});

test("parseEvents() keeps U+FEFF at the start of a name", () => {
  assert.deepEqual(parseEvents(record({ name: "\ufeffa" })), [event({ name: "\ufeffa" })]);
});

test("parseEvents() distinguishes U+007F, the last of ASCII, from U+0080", () => {
  assert.deepEqual(parseEvents(record({ name: "\x7f" })), [event({ name: "\x7f" })]);
  assert.deepEqual(parseEvents(record({ name: "\x80" })), [event({ name: "\x80" })]);
});

test("parseEvents() gives a name that is not UTF-8 U+FFFD and a rawName", () => {
  const bytes = record({ name: [0x63, 0xe9] });
  const rawName = new Uint8Array([0x63, 0xe9]);
  assert.deepEqual(parseEvents(bytes), [event({ name: "c\ufffd", rawName })]);
});

test("parseEvents() reads the names after one that is not ASCII correctly", () => {
  const events = parseEvents(
    join(record({ name: "é" }), record({ name: [0xff] }), record({ name: "z" })),
  );
  assert.deepEqual(events.map(({ name }) => name), ["é", "\ufffd", "z"]);
});

test("parseEvents() keeps no reference to the bytes", () => {
  const bytes = join(record({ name: "abc" }), record({ name: [0xff, 0xfe] }));
  const events = parseEvents(bytes);
  bytes.fill(0x2e);
  const rawName = new Uint8Array([0xff, 0xfe]);
  assert.deepEqual(events, [event({ name: "abc" }), event({ name: "\ufffd\ufffd", rawName })]);
});

test("parseEvents() keeps no reference to a Buffer", () => {
  const bytes = Buffer.from(record({ name: [0xff, 0xfe] }));
  const [{ rawName }] = parseEvents(bytes);
  bytes.fill(0x2e);
  assert.deepEqual([...rawName!], [0xff, 0xfe]);
});

test("rawName is a plain Uint8Array even if parsed from a Buffer", () => {
  const [{ rawName }] = parseEvents(Buffer.from(record({ name: [0xff] })));
  assert.deepEqual(rawName, new Uint8Array([0xff]));
});

for (const shift of [1, 2, 3, 4]) {
  test(`parseEvents() accepts a view that begins at byte ${shift} of its buffer`, () => {
    const bytes = join(new Uint8Array(shift), record({ wd: 5, name: "abc" })).subarray(shift);
    assert.deepEqual(parseEvents(bytes), [event({ wd: 5, name: "abc" })]);
  });
}

test("parseEvents() accepts a Buffer that begins inside its memory", () => {
  const bytes = Buffer.concat([new Uint8Array(1), record({ wd: 5, name: "abc" })]).subarray(1);
  assert.deepEqual(parseEvents(bytes), [event({ wd: 5, name: "abc" })]);
});

test("parseEvents() reads no bytes behind the view", () => {
  const bytes = join(record({ wd: 1 }), record({ wd: 2 })).subarray(0, HEADER);
  assert.deepEqual(parseEvents(bytes), [event({ wd: 1 })]);
});

test("parseEvents() fails with the offset of a header that is cut off", () => {
  for (const there of [1, 4, 15]) {
    assert.deepEqual(parseError(record().subarray(0, there)), {
      name: "RangeError",
      message: `Cannot parse the inotify event at byte 0: it needs 16 bytes, and ${there} are left`,
    });
  }
});

test("parseEvents() fails with the offset of a name that is cut off", () => {
  const bytes = join(record({ name: "first" }), record({ name: "second" })).subarray(0, -1);
  assert.deepEqual(parseError(bytes), {
    name: "RangeError",
    message: "Cannot parse the inotify event at byte 32: it needs 32 bytes, and 31 are left",
  });
});

test("parseEvents() fails with the offset of bytes after the last record", () => {
  assert.deepEqual(parseError(join(record(), new Uint8Array(3))), {
    name: "RangeError",
    message: "Cannot parse the inotify event at byte 16: it needs 16 bytes, and 3 are left",
  });
});

for (const len of [2 ** 31 - 16, 2 ** 31, 2 ** 32 - 16, 2 ** 32 - 1]) {
  test(`parseEvents() fails at a record with a name of ${len} bytes`, () => {
    const bytes = record();
    new DataView(bytes.buffer).setUint32(12, len, true);
    assert.deepEqual(parseError(bytes), {
      name: "RangeError",
      message: `Cannot parse the inotify event at byte 0: it needs ${
        16 + len
      } bytes, and 16 are left`,
    });
  });
}

test("parseEvents() fails at a record that does not end at a multiple of 4", () => {
  assert.equal(parseError(join(record({ name: "a", len: 3 }), record())).name, "RangeError");
});
