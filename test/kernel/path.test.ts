/** toCString() and toDisplay(): a path as bytes for libc, and as text for display. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Path, toCString, toDisplay } from "../../src/kernel/path.ts";
import { thrown } from "../helpers/thrown.ts";

const NUL = 0;

test("toCString() encodes text as UTF-8 and appends a NUL byte", () => {
  assert.deepEqual(toCString("/é"), new Uint8Array([0x2f, 0xc3, 0xa9, NUL]));
});

test("toCString() of an empty path is its NUL byte", () => {
  assert.deepEqual(toCString(""), new Uint8Array([NUL]));
});

test("toCString() takes bytes unchanged, UTF-8 or not", () => {
  assert.deepEqual(toCString(new Uint8Array([0xff, 0xfe])), new Uint8Array([0xff, 0xfe, NUL]));
});

test("toCString() takes only the bytes of a view", () => {
  const view = new TextEncoder().encode("xx/tmpxx").subarray(2, 6);
  assert.deepEqual(toCString(view), new Uint8Array([0x2f, 0x74, 0x6d, 0x70, NUL]));
});

test("toCString() copies the caller's bytes", () => {
  const path = new Uint8Array([0x61]);
  const taken = toCString(path);
  path[0] = 0x62;
  assert.deepEqual(taken, new Uint8Array([0x61, NUL]));
});

test("toCString() and toDisplay() keep U+FEFF at the start of a path", () => {
  assert.deepEqual(toCString("\ufeffa"), new Uint8Array([0xef, 0xbb, 0xbf, 0x61, NUL]));
  assert.equal(toDisplay("\ufeffa"), "\ufeffa");
});

test("toDisplay() keeps U+FEFF at the start of a path given as bytes", () => {
  assert.equal(toDisplay(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
});

test("toCString() and toDisplay() decode a file: URL", () => {
  const url = new URL("file:///tmp/a%20b/%C3%A9");
  assert.equal(toDisplay(url), "/tmp/a b/é");
  assert.deepEqual(toCString(url), toCString("/tmp/a b/é"));
});

test("toDisplay() returns text unchanged", () => {
  assert.equal(toDisplay("a\nb"), "a\nb");
});

test("toDisplay() shows bytes that are not UTF-8 as U+FFFD", () => {
  assert.equal(toDisplay(new Uint8Array([0x61, 0xff])), "a\ufffd");
});

const REFUSED: readonly [what: string, path: unknown, message: RegExp][] = [
  [
    "a lone surrogate",
    "/tmp/\ud800",
    /^A path must be well-formed text, and "\/tmp\/\\ud800" is not$/,
  ],
  ["a number", 3, /^A path is a string, a file: URL or a Uint8Array, not 3$/],
  ["null", null, /^A path is a string, a file: URL or a Uint8Array, not null$/],
  ["undefined", undefined, /^A path is a string, a file: URL or a Uint8Array, not undefined$/],
  ["an array", ["/tmp"], /^A path is a string, a file: URL or a Uint8Array, not \/tmp$/],
  ["an ArrayBuffer", new ArrayBuffer(1), /, not \[object ArrayBuffer\]$/],
  ["an http: URL", new URL("http://example.com/tmp"), /URL must be of scheme file/],
  ["a file: URL of another host", new URL("file://example.com/tmp"), /File URL host must be/],
  ["a file: URL with an encoded slash", new URL("file:///a%2fb"), /must not include encoded/],
  ["a file: URL that is not UTF-8", new URL("file:///tmp/%ff"), /./],
];

for (const [what, path, message] of REFUSED) {
  test(`toCString() and toDisplay() throw a TypeError for ${what}`, () => {
    for (const convert of [toCString, toDisplay]) {
      const error = thrown(() => convert(path as Path));
      assert.equal(error.name, "TypeError");
      assert.match(String(error.message), message);
    }
  });
}
