/** maskNames(): a name for each bit of a mask. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as mask from "../../src/kernel/mask.ts";

const { maskNames, ...constants } = mask;

test("maskNames(0) is empty", () => {
  assert.deepEqual(maskNames(0), []);
});

test("maskNames() names each single bit by its constant", () => {
  const joined = ["IN_CLOSE", "IN_MOVE", "IN_ALL_EVENTS"];
  for (const [name, bit] of Object.entries(constants)) {
    if (!joined.includes(name)) assert.deepEqual(maskNames(bit), [name]);
  }
});

test("maskNames() names the bits of IN_CLOSE, IN_MOVE and IN_ALL_EVENTS", () => {
  assert.deepEqual(maskNames(mask.IN_CLOSE), ["IN_CLOSE_WRITE", "IN_CLOSE_NOWRITE"]);
  assert.deepEqual(maskNames(mask.IN_MOVE), ["IN_MOVED_FROM", "IN_MOVED_TO"]);
  assert.equal(maskNames(mask.IN_ALL_EVENTS).length, 12);
});

test("maskNames() begins with the lowest bit", () => {
  const names = maskNames(mask.IN_ISDIR | mask.IN_DELETE | mask.IN_ACCESS);
  assert.deepEqual(names, ["IN_ACCESS", "IN_DELETE", "IN_ISDIR"]);
  const values: Readonly<Record<string, number>> = constants;
  const bits = maskNames(0xf700efff).map((name) => values[name]);
  assert.equal(bits.length, 22);
  assert.deepEqual(bits, bits.toSorted((a, b) => a - b));
});

test("maskNames() names IN_ONESHOT, the sign bit, in signed and unsigned masks", () => {
  const signed = mask.IN_ONESHOT | mask.IN_OPEN;
  assert.ok(signed < 0);
  assert.deepEqual(maskNames(signed), ["IN_OPEN", "IN_ONESHOT"]);
  assert.deepEqual(maskNames(signed >>> 0), ["IN_OPEN", "IN_ONESHOT"]);
});

test("maskNames() ends with one hexadecimal number for bits without a name", () => {
  assert.deepEqual(maskNames(0x1000), ["0x1000"]);
  assert.deepEqual(maskNames(mask.IN_CREATE | 0x08101000), ["IN_CREATE", "0x8101000"]);
});

test("maskNames() omits none of the 32 bits", () => {
  const names = maskNames(0xffffffff);
  const { 22: rest, length } = names;
  assert.equal(length, 23);
  assert.equal(rest, "0x8ff1000");
});
