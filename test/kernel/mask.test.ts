/** maskNames(): a name for each bit of a mask. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as mask from "../../src/kernel/mask.ts";

const { maskNames, ...constants } = mask;

test("no bit has no name", () => {
  assert.deepEqual(maskNames(0), []);
});

test("each single bit has the name of its constant", () => {
  const joined = ["IN_CLOSE", "IN_MOVE", "IN_ALL_EVENTS"];
  for (const [name, bit] of Object.entries(constants)) {
    if (!joined.includes(name)) assert.deepEqual(maskNames(bit), [name]);
  }
});

test("joined constants appear as the bits that they join", () => {
  assert.deepEqual(maskNames(mask.IN_CLOSE), ["IN_CLOSE_WRITE", "IN_CLOSE_NOWRITE"]);
  assert.deepEqual(maskNames(mask.IN_MOVE), ["IN_MOVED_FROM", "IN_MOVED_TO"]);
  assert.equal(maskNames(mask.IN_ALL_EVENTS).length, 12);
});

test("names come from the lowest bit up", () => {
  const names = maskNames(mask.IN_ISDIR | mask.IN_DELETE | mask.IN_ACCESS);
  assert.deepEqual(names, ["IN_ACCESS", "IN_DELETE", "IN_ISDIR"]);
  const values: Readonly<Record<string, number>> = constants;
  const bits = maskNames(0xf700efff).map((name) => values[name]);
  assert.equal(bits.length, 22);
  assert.deepEqual(bits, bits.toSorted((a, b) => a - b));
});

test("IN_ONESHOT, the sign bit, is named in a signed and in an unsigned mask", () => {
  const signed = mask.IN_ONESHOT | mask.IN_OPEN;
  assert.ok(signed < 0);
  assert.deepEqual(maskNames(signed), ["IN_OPEN", "IN_ONESHOT"]);
  assert.deepEqual(maskNames(signed >>> 0), ["IN_OPEN", "IN_ONESHOT"]);
});

test("bits without a name appear as one hexadecimal number, after the names", () => {
  assert.deepEqual(maskNames(0x1000), ["0x1000"]);
  assert.deepEqual(maskNames(mask.IN_CREATE | 0x08101000), ["IN_CREATE", "0x8101000"]);
});

test("all 32 bits survive", () => {
  const names = maskNames(0xffffffff);
  const { 22: rest, length } = names;
  assert.equal(length, 23);
  assert.equal(rest, "0x8ff1000");
});
