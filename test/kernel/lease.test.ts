/** Whether somebody has a file open for writing. */

import assert from "node:assert/strict";
import { closeSync, linkSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { F_RDLCK, F_SETLEASE, F_SETSIG, F_UNLCK, type Libc, SIGURG } from "../../ffi/contract.ts";
import { EACCES, EAGAIN, EINVAL } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { cString } from "../../src/kernel/byte_string.ts";
import { writersOf } from "../../src/kernel/lease.ts";
import { fakeLibc } from "../helpers/fake_libc.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

for (const directory of new Set([fastest, undefined])) {
  test(
    `writersOf() tells whether a file is open for writing, by any name, in ${
      directory ?? "the directory of temporary files"
    }`,
    () => {
      const base = tmpDir(directory);
      const [path, other] = ["a", "b"].map((name) => join(base, name));
      writeFileSync(path, "");
      linkSync(path, other);
      const ask = () => writersOf(libc(), cString(path));
      assert.equal(ask(), "none");
      for (
        const [one, flags, expected] of [
          [path, "r", "none"],
          [path, "a", "some"],
          [path, "r+", "some"],
          [other, "a", "some"],
        ]
      ) {
        const fd = openSync(one, flags);
        assert.equal(ask(), expected, `${one} with ${flags}`);
        closeSync(fd);
        assert.equal(ask(), "none");
      }
      const locks = readFileSync("/proc/locks", "utf8");
      assert.doesNotMatch(locks, new RegExp(`LEASE +\\S+ +\\S+ +${process.pid} `));
      assert.equal(writersOf(libc(), cString(join(base, "missing"))), "unknown");
    },
  );
}

/** A libc on which F_SETLEASE for reading fails with an errno, or does not; and its calls. */
function scripted(
  errno: number,
  fsType: number,
): { readonly libc: Libc; readonly calls: string[] } {
  const calls: string[] = [];
  const COMMANDS = new Map([[F_SETSIG, "F_SETSIG"], [F_SETLEASE, "F_SETLEASE"]]);
  const given: Partial<Libc> = {
    errno: () => errno,
    open: () => 7,
    close(fd) {
      calls.push(`close ${fd}`);
      return 0;
    },
    fcntl(fd, cmd, arg) {
      calls.push(`${COMMANDS.get(cmd)} ${fd} ${arg}`);
      return cmd === F_SETLEASE && arg === F_RDLCK && errno !== 0 ? -1 : 0;
    },
    statfs(_path, buf) {
      new DataView(buf.buffer).setUint32(0, fsType, true);
      return 0;
    },
  };
  return { libc: fakeLibc(given), calls };
}

const EXT4 = 0xef53;
const NFS = 0x6969;
const SMB2 = 0xfe534d42;

test("writersOf() chooses a harmless signal before it has a lease, and gives the lease back", () => {
  const { libc, calls } = scripted(0, EXT4);
  assert.equal(writersOf(libc, cString("/f")), "none");
  const [first, second, third, last] = calls;
  assert.equal(first, `F_SETSIG 7 ${SIGURG}`);
  assert.equal(second, `F_SETLEASE 7 ${F_RDLCK}`);
  assert.equal(third, `F_SETLEASE 7 ${F_UNLCK}`);
  assert.equal(last, "close 7");
});

for (
  const [what, errno, type, expected] of [
    ["is refused for a file with a writer", EAGAIN, EXT4, "some"],
    ["may not be had", EACCES, EXT4, "none"],
    ["does not exist on the file system", EINVAL, EXT4, "none"],
    ["is not given by an NFS server", EAGAIN, NFS, "none"],
    ["is not given by an SMB server", EAGAIN, SMB2, "none"],
  ] as const
) {
  test(`writersOf(): "${expected}" if a lease ${what}`, () => {
    const { libc, calls } = scripted(errno, type);
    assert.equal(writersOf(libc, cString("/f")), expected);
    assert.equal(calls.at(-1), "close 7");
    assert.equal(calls.length, 3);
  });
}
