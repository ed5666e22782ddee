/** On what file system a path is: that of the watch command's warning. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileSystemOf, isShared } from "../../src/cli/filesystem.ts";
import { tmpDir } from "../helpers/tmp.ts";

for (const path of ["/", "/proc/self", "/sys", "/dev", "/dev/pts", "/tmp", "."]) {
  test(`the file system of ${path} is what df(1) says`, () => {
    const table = execFileSync("df", ["--output=fstype", path], { encoding: "utf8" });
    assert.equal(fileSystemOf(path), table.trim().split("\n").at(-1));
  });
}

test("that of a symbolic link is where it leads", () => {
  const link = join(tmpDir(), "link");
  symlinkSync("/proc", link);
  assert.equal(fileSystemOf(link), "proc");
});

test("a path that does not exist has none", () => {
  assert.equal(fileSystemOf(join(tmpDir(), "a")), undefined);
});

test("those that others change are told from the others", () => {
  for (const type of ["nfs4", "cifs", "9p", "virtiofs", "fuse", "fuse.sshfs"]) {
    assert.equal(isShared(type), true, type);
  }
  for (const type of ["ext4", "btrfs", "overlay", "tmpfs", "fuseblk", "nfsd"]) {
    assert.equal(isShared(type), false, type);
  }
});
