/** `Repeats`: how often in a row something is tried again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../src/engine/directory.ts";
import { Repeats } from "../../src/engine/repeats.ts";
import { NOBODY } from "../helpers/nobody.ts";

const a = new Directory("/a", NOBODY);
const b = new Directory("b", a);
const c = new Directory("/c", NOBODY);

test("Repeats.again() is true until the limit, for each directory, and then from the beginning", () => {
  const repeats = new Repeats(3);
  const times = [a, a, c, a, a].map((directory) => repeats.again(directory));
  assert.deepEqual(times, [true, true, true, false, true]);
});

test("Repeats.end() counts one directory from the beginning, and endWithin() all below it", () => {
  const repeats = new Repeats(2);
  for (const directory of [a, b, c]) repeats.again(directory);
  repeats.end(a);
  assert.deepEqual([repeats.again(a), repeats.again(b)], [true, false]);
  repeats.again(b);
  repeats.endWithin(a);
  assert.deepEqual([a, b, c].map((directory) => repeats.again(directory)), [true, true, false]);
});
