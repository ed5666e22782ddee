/** absolute(): paths in their absolute form, and a working directory that was removed. */

import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ENOENT } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { watch } from "../../mod.ts";
import { absolute } from "../../src/kernel/absolute.ts";
import { fakeLibc } from "../helpers/fake_libc.ts";
import { thrown } from "../helpers/thrown.ts";
import { tmpDir } from "../helpers/tmp.ts";

/** Changes the working directory until the result is disposed. */
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
    ["/a/.b/..c/...", "/a/.b/..c/..."],
    ["/a/..", "/"],
    ["/a/b/.", "/a/b"],
    ["/a//b", "/a/b"],
    ["//a", "/a"],
  ]
) {
  test(`absolute() of ${path} is ${expected}`, () =>
    assert.equal(absolute(libc(), path), expected));
}

test("absolute() joins a relative path to the working directory", () => {
  const directory = tmpDir();
  using _ = working(directory);
  assert.equal(absolute(libc(), "a"), `${directory}/a`);
  assert.equal(absolute(libc(), "."), directory);
  assert.equal(absolute(libc(), "../a"), join(directory, "../a"));
  assert.equal(absolute(libc(), new TextEncoder().encode("./a")), `${directory}/a`);
});

test("watch() of a relative path fails if the working directory was removed", () => {
  const directory = join(tmpDir(), "gone");
  mkdirSync(directory);
  using _ = working(directory);
  rmdirSync(directory);
  for (const path of ["a", "."]) {
    assert.deepEqual(thrown(() => watch(path)), {
      name: "InotifyError",
      message:
        `Cannot watch "${path}": it is relative, and the working directory was removed (ENOENT)`,
      code: "ENOENT",
      errno: 2,
      syscall: "readlink",
      path,
    });
  }
  assert.equal(absolute(libc(), "/a"), "/a");
});

test("absolute() accepts a working directory whose name ends with (deleted)", () => {
  const directory = join(tmpDir(), "not (deleted)");
  mkdirSync(directory);
  using _ = working(directory);
  assert.equal(absolute(libc(), "a"), `${directory}/a`);
});

test("absolute() of a relative path fails without /proc", () => {
  const withoutProc = fakeLibc({ readlink: () => -1, errno: () => ENOENT });
  assert.deepEqual(thrown(() => absolute(withoutProc, "a")), {
    name: "InotifyError",
    message:
      'Cannot watch "a": it is relative, and the working directory is unknown without /proc ' +
      "(ENOENT)",
    code: "ENOENT",
    errno: 2,
    syscall: "readlink",
    path: "a",
  });
});
