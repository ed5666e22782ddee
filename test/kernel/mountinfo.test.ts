/** `parseMounts()` and `visibleMounts()`, with made-up mounts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isWithin, parseMounts, visibleMounts } from "../../src/kernel/mountinfo.ts";

function parsed(...lines: string[]) {
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  return parseMounts(bytes);
}

/** The IDs of the mounts that show, by path. Each is given as "ID PARENT PATH". */
function visible(...mounts: string[]): Record<string, number> {
  const lines = mounts.map((mount) => {
    const [id, parent, path] = mount.split(" ");
    return `${id} ${parent} 0:1 / ${path} rw - tmpfs none rw`;
  });
  const found = [...visibleMounts(parsed(...lines))].map(([path, { id }]) => [path, id]);
  return Object.fromEntries(found.sort());
}

test("parseMounts() reads the fields, and octal escapes in paths", () => {
  const line = "36 35 98:0 /mnt1 /a\\040b\\134c\\012 rw,noatime master:1 - ext3 /dev/root rw";
  assert.deepEqual(parsed(line), [
    { id: 36, parent: 35, source: "98:0 /mnt1", path: "/a b\\c\n" },
  ]);
});

test("parseMounts() keeps bytes that are not UTF-8", () => {
  const line = [..."1 0 0:1 / /"].map((c) => c.charCodeAt(0));
  const bytes = new Uint8Array([...line, 0xff, 0x20, 0x0a]);
  assert.deepEqual(parseMounts(bytes).map(({ path }) => path), ["/\udcff"]);
});

for (
  const [what, mounts, expected] of [
    ["those beside and below one another", ["1 0 /", "2 1 /a", "3 2 /a/b", "4 1 /ab"], {
      "/": 1,
      "/a": 2,
      "/a/b": 3,
      "/ab": 4,
    }],
    ["not what is mounted over", ["1 0 /", "2 1 /a", "3 2 /a"], { "/": 1, "/a": 3 }],
    ["nothing below what is mounted over", ["1 0 /", "2 1 /a", "3 2 /a/b", "4 2 /a"], {
      "/": 1,
      "/a": 4,
    }],
    ["nothing below a later one above it", ["1 0 /", "2 1 /a/b/c", "3 1 /a"], { "/": 1, "/a": 3 }],
    ["what is mounted in that", ["1 0 /", "2 1 /a/b", "3 1 /a", "4 3 /a/b"], {
      "/": 1,
      "/a": 3,
      "/a/b": 4,
    }],
    ["those whose parent is out of reach", ["7 6 /x", "8 7 /x/y"], { "/x": 7, "/x/y": 8 }],
  ] as const
) {
  test(`visibleMounts() has ${what}`, () => assert.deepEqual(visible(...mounts), expected));
}

test("isWithin() compares whole names", () => {
  assert.deepEqual(
    [["/a", "/a"], ["/a/b", "/a"], ["/ab", "/a"], ["/a", "/"], ["/", "/a"]]
      .map(([path, above]) => isWithin(path, above)),
    [true, true, false, true, false],
  );
});
