/** `fileSystemOf()` and `isShared()`: the warning of `watch` about file systems that others change. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { libc } from "../../ffi/libc.ts";
import { fileSystemOf, isShared, isVirtual } from "../../src/cli/filesystem.ts";
import { tmpDir } from "../helpers/tmp.ts";

for (const path of ["/", "/proc/self", "/sys", "/dev", "/dev/pts", "/tmp", "."]) {
  test(`fileSystemOf(${path}) is what df(1) prints`, () => {
    const table = execFileSync("df", ["--output=fstype", path], { encoding: "utf8" });
    assert.equal(fileSystemOf(libc(), path), table.trim().split("\n").at(-1));
  });
}

test("fileSystemOf() follows a symbolic link", () => {
  const link = join(tmpDir(), "link");
  symlinkSync("/proc", link);
  assert.equal(fileSystemOf(libc(), link), "proc");
});

test("fileSystemOf() is undefined for a path that does not exist", () => {
  assert.equal(fileSystemOf(libc(), join(tmpDir(), "a")), undefined);
});

test("isShared() is true for network, guest and FUSE file systems only", () => {
  for (const type of ["nfs4", "cifs", "9p", "virtiofs", "fuse", "fuse.sshfs"]) {
    assert.equal(isShared(type), true, type);
  }
  for (const type of ["ext4", "btrfs", "overlay", "tmpfs", "fuseblk", "nfsd"]) {
    assert.equal(isShared(type), false, type);
  }
});

test("isVirtual() is true for file systems that report nothing of their own changes", () => {
  for (const path of ["/proc", "/sys", "/dev/pts"]) {
    assert.equal(isVirtual(fileSystemOf(libc(), path)!), true, path);
  }
  assert.equal(isVirtual(fileSystemOf(libc(), "/")!), false);
});
