/** Paths from the top, and the working directory, which may be gone. */

import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { absolute } from "../../src/kernel/absolute.ts";
import { failing } from "../helpers/interpose.ts";
import { thrown } from "../helpers/thrown.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** Makes a directory the working one, until it is disposed. */
function working(directory: string): Disposable {
  const before = process.cwd();
  process.chdir(directory);
  return { [Symbol.dispose]: () => process.chdir(before) };
}

for (
  const [path, expected] of [
    ["/", "/"],
    ["/a/./b//c/", "/a/b/c"],
    ["/a/../b", "/b"],
    ["/../..", "/"],
    ["/.../..a", "/.../..a"],
  ]
) {
  test(`${path} is ${expected}`, () => assert.equal(absolute(path), expected));
}

test("what does not begin with a slash is from the working directory", () => {
  const directory = tmpDir();
  using _ = working(directory);
  assert.equal(absolute("a"), `${directory}/a`);
  assert.equal(absolute("."), directory);
  assert.equal(absolute("../a"), join(directory, "../a"));
  assert.equal(absolute(new TextEncoder().encode("./a")), `${directory}/a`);
});

test("a working directory that was removed is an error, and not waited for", () => {
  const directory = join(tmpDir(), "gone");
  mkdirSync(directory);
  using _ = working(directory);
  rmdirSync(directory);
  for (const path of ["a", "."]) {
    assert.deepEqual(thrown(() => watch(path)), {
      name: "InotifyError",
      message:
        `Cannot watch "${path}": the working directory, from where it would be, was removed ` +
        "(ENOENT)",
      code: "ENOENT",
      errno: 2,
      syscall: "readlink",
      path,
    });
  }
  assert.equal(absolute("/a"), "/a");
});

test("a working directory that is only called (deleted) is one like any other", () => {
  const directory = join(tmpDir(), "not (deleted)");
  mkdirSync(directory);
  using _ = working(directory);
  assert.equal(absolute("a"), `${directory}/a`);
});

test("without /proc a relative path is an error", () => {
  using _ = failing({ name: "readlink", errno: 2 }, 0);
  assert.deepEqual(thrown(() => watch("a")), {
    name: "InotifyError",
    message:
      'Cannot watch "a": the working directory, from where it would be, is not known without /proc ' +
      "(ENOENT)",
    code: "ENOENT",
    errno: 2,
    syscall: "readlink",
    path: "a",
  });
});
