/** Properties of the parser and of lossless text, for random bytes. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { fromBytes, toBytes } from "../../src/kernel/byte_string.ts";
import { type InotifyEvent, parseEvents } from "../../src/kernel/parse.ts";
import { fastCheck } from "../helpers/fast_check.ts";

const fc = fastCheck();

/** INOTIFY_RUNS sets another number of runs. */
const numRuns = Number(process.env["INOTIFY_RUNS"] ?? 2000);

/** A `struct inotify_event` (inotify(7)). */
interface Entry {
  readonly wd: number;
  readonly mask: number;
  readonly cookie: number;
  /** Without NUL bytes. */
  readonly name: Uint8Array;
}

const strict = new TextDecoder("utf-8", { fatal: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: "binary", maxLength: 80 });
const name = fc.oneof(
  bytes.map((all) => all.filter((byte) => byte !== 0).subarray(0, 255)),
  text.map((all) => new TextEncoder().encode(all.replaceAll("\0", "")).subarray(0, 255)),
);
const entry = fc.record<Entry>({ wd: int32, mask: uint32, cookie: uint32, name })
  .map((one) => ({ ...one })); // fast-check makes objects without a prototype
const entries = fc.array(entry, { maxLength: 20 });

/** The bytes that a read(2) returns. */
function write(entries: readonly Entry[]): Uint8Array {
  return new Uint8Array(Buffer.concat(entries.map(({ wd, mask, cookie, name }) => {
    const len = name.length === 0 ? 0 : (name.length + 16) & ~15;
    const record = Buffer.alloc(16 + len);
    record.writeInt32LE(wd, 0);
    record.writeUInt32LE(mask, 4);
    record.writeUInt32LE(cookie, 8);
    record.writeUInt32LE(len, 12);
    record.set(name, 16);
    return record;
  })));
}

/** The record that an event was parsed from. */
function toEntry({ wd, mask, cookie, name, rawName }: InotifyEvent): Entry {
  return { wd, mask, cookie, name: rawName ?? new TextEncoder().encode(name) };
}

test("parseEvents() returns the records that were written", () => {
  fc.assert(
    fc.property(entries, (written) => {
      const events = parseEvents(write(written));
      assert.deepEqual(events.map(toEntry), written);
      for (const { name, rawName } of events) {
        if (rawName === undefined) continue;
        assert.throws(() => strict.decode(rawName));
        assert.equal(name, lossy.decode(rawName));
      }
    }),
    { numRuns },
  );
});

test("parseEvents() of truncated bytes throws at the truncated record, if there is one", () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 0, max: 5000 }), (written, at) => {
      const all = write(written);
      const cut = all.subarray(0, at % (all.length + 1));
      let whole = 0;
      while (write(written.slice(0, whole + 1)).length <= cut.length && whole < written.length) {
        whole++;
      }
      const offset = write(written.slice(0, whole)).length;
      if (offset === cut.length) {
        assert.deepEqual(parseEvents(cut).map(toEntry), written.slice(0, whole));
      } else {
        assert.throws(() => parseEvents(cut), new RegExp(`event at byte ${offset}: `));
      }
    }),
    { numRuns },
  );
});

test("parseEvents() of any bytes returns events for all of them, or throws with the offset", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.integer({ min: 0, max: 7 }),
      (any, zeros) => {
        // Mostly zeros, since few random lengths fit.
        const all = any.map((byte, i) => i % 8 < zeros ? 0 : byte);
        let events: InotifyEvent[];
        try {
          events = parseEvents(all);
        } catch (error) {
          assert.ok(error instanceof RangeError);
          const offset = Number(/at byte (\d+): it has \d+ bytes/.exec(error.message)![1]);
          assert.ok(offset % 4 === 0 && offset < all.length);
          const before = parseEvents(all.subarray(0, offset)); // the records before the offset are complete
          assert.ok(before.length <= offset / 16);
          return;
        }
        let offset = 0;
        for (const event of events) {
          const view = new DataView(all.buffer, all.byteOffset + offset);
          assert.equal(event.wd, view.getInt32(0, true));
          assert.equal(event.mask, view.getUint32(4, true));
          assert.equal(event.cookie, view.getUint32(8, true));
          offset += 16 + view.getUint32(12, true);
        }
        assert.equal(offset, all.length);
      },
    ),
    { numRuns },
  );
});

test("parseEvents() depends on no bytes around its argument, and keeps no reference to it", () => {
  fc.assert(
    fc.property(entries, bytes, bytes, (written, front, back) => {
      const all = write(written);
      const memory = new Uint8Array(Buffer.concat([front, all, back]));
      const events = parseEvents(memory.subarray(front.length, front.length + all.length));
      memory.fill(0xff);
      assert.deepEqual(events, parseEvents(all));
    }),
    { numRuns },
  );
});

test("fromBytes() loses no byte, and leaves UTF-8 as it is", () => {
  fc.assert(
    fc.property(bytes, text, (any, text) => {
      assert.deepEqual(toBytes(fromBytes(any)), any);
      const encoded = new TextEncoder().encode(text);
      assert.equal(fromBytes(encoded), text.toWellFormed());
      assert.deepEqual(toBytes(fromBytes(encoded)), encoded);
    }),
    { numRuns },
  );
});
