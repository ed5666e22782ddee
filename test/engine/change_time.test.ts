/** changedSince(), with a fake libc; and what a watcher reports after a loss if a call is refused. */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { STATX_CTIME, STATX_TYPE } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { watch } from "../../mod.ts";
import { changedSince } from "../../src/engine/change_time.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { fakeLibc } from "../helpers/fake_libc.ts";
import { loseEvents } from "../helpers/interpose.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

const { ENOENT, EACCES, EPERM, ENOSYS } = os.constants.errno;

const EXT4 = 0xef53n;
const NFS = 0x6969n;
const FUSE = 0x65735546n;
const FAT = 0x4d44n;
const BTRFS = 0x9123683en;

const FILE = 0o100644;
const LINK = 0o120777;

/** An entry and its file system. */
interface Fake {
  readonly mode?: number;
  /** The change time. */
  readonly time?: readonly [seconds: number, nanoseconds: number];
  readonly mask?: number;
  readonly device?: number;
  /** The file system of a path, or a negative errno. @default EXT4 */
  readonly fileSystem?: (path: string) => bigint | number;
  /** The errno of statx(2). */
  readonly errno?: number;
}

/** @returns the tested function, and the paths that statfs(2) was called with */
function changed(
  fake: Fake,
  since: number,
): { hasChanged: (path: string) => boolean; statfsPaths: string[] } {
  const statfsPaths: string[] = [];
  let errno = 0;
  const c = fakeLibc({
    errno: () => errno,
    statx(_dirfd, _path, _flags, _mask, buffer) {
      errno = fake.errno ?? 0;
      if (errno !== 0) return -1;
      const view = new DataView(buffer.buffer, buffer.byteOffset);
      const [seconds, nanoseconds] = fake.time ?? [0, 0];
      view.setUint32(0, fake.mask ?? (STATX_TYPE | STATX_CTIME), true);
      view.setUint16(28, fake.mode ?? FILE, true);
      view.setBigInt64(96, BigInt(seconds), true);
      view.setUint32(104, nanoseconds, true);
      view.setUint32(140, fake.device ?? 1, true);
      return 0;
    },
    statfs(path, buffer) {
      const text = new TextDecoder().decode(path).slice(0, -1);
      statfsPaths.push(text);
      const answer = fake.fileSystem?.(text) ?? EXT4;
      if (typeof answer === "number") {
        errno = -answer;
        return -1;
      }
      new DataView(buffer.buffer, buffer.byteOffset).setBigUint64(0, answer, true);
      return 0;
    },
  });
  return { hasChanged: changedSince(c, since), statfsPaths };
}

test("changedSince() compares times to the nanosecond", () => {
  const time = [10, 500_000_000] as const;
  assert.equal(changed({ time }, 10_500).hasChanged("/a"), true);
  assert.equal(changed({ time }, 10_500.001).hasChanged("/a"), false);
});

test("changedSince() takes a time without nanoseconds for the end of its second", () => {
  const time = [10, 0] as const;
  assert.equal(changed({ time }, 10_999).hasChanged("/a"), true);
  assert.equal(changed({ time }, 11_000.001).hasChanged("/a"), false);
});

test("changedSince() is always true on file systems with another clock or with times that anyone can set", () => {
  for (const fileSystem of [NFS, FUSE, FAT]) {
    assert.equal(changed({ fileSystem: () => fileSystem }, 1e12).hasChanged("/a"), true);
  }
  for (const fileSystem of [EXT4, BTRFS]) {
    assert.equal(changed({ fileSystem: () => fileSystem }, 1e12).hasChanged("/a"), false);
  }
});

test("changedSince() is true if statx or statfs fails, with any errno", () => {
  for (const errno of [ENOENT, EACCES, EPERM, ENOSYS]) {
    assert.equal(changed({ errno }, 1e12).hasChanged("/a"), true);
    assert.equal(changed({ fileSystem: () => -errno }, 1e12).hasChanged("/a"), true);
  }
  assert.equal(changed({ mask: STATX_TYPE }, 1e12).hasChanged("/a"), true);
});

test("changedSince() calls statfs once per device, and not for a changed entry", () => {
  const fake: { device: number; time: [number, number] } = { device: 1, time: [10, 1] };
  const { hasChanged, statfsPaths } = changed(fake, 11_000);
  for (const [device, path] of [[1, "/a"], [1, "/b"], [2, "/c"], [2, "/d"], [1, "/e"]] as const) {
    fake.device = device;
    hasChanged(path);
  }
  assert.deepEqual(statfsPaths, ["/a", "/c"]);
  fake.device = 3;
  fake.time = [12, 1];
  hasChanged("/f");
  assert.deepEqual(statfsPaths, ["/a", "/c"]);
});

test("changedSince() calls statfs for the directory of a symbolic link", () => {
  for (const [path, directory] of [["/a/b", "/a"], ["/a", "/"]]) {
    const { hasChanged, statfsPaths } = changed({ mode: LINK }, 1e12);
    hasChanged(path);
    assert.deepEqual(statfsPaths, [directory]);
  }
});

for (const name of ["statx", "statfs"] as const) {
  test(`after a loss every file is reported as modified once if ${name} is refused`, async () => {
    const directory = tmpDir();
    mkdirSync(join(directory, "d"));
    const files = ["d/f", "g", "link"].map((name) => join(directory, name));
    writeFileSync(files[0], "");
    writeFileSync(files[1], "");
    symlinkSync("nowhere", files[2]);
    await until(() => changedSince(libc(), Date.now() - 50)(files[2]) === false, () => files);
    await using watcher = watch(directory);
    await within(watcher.ready);
    const lines: string[] = [];
    const loop = forEach(watcher, (event) => lines.push(line(event)));
    const lose = async () => {
      loseEvents();
      await taken(watcher);
      await taken(watcher);
      return lines.splice(0);
    };
    assert.deepEqual(await lose(), ["overflow"]);
    const c = libc();
    const { [name]: original, errno } = c;
    Object.assign(c, {
      [name]() {
        c.errno = () => {
          c.errno = errno;
          return EPERM;
        };
        return -1;
      },
    });
    try {
      const [overflow, ...changed] = await lose();
      assert.equal(overflow, "overflow");
      assert.deepEqual(changed.sort(), files.map((file) => `modify ${file}`));
    } finally {
      Object.assign(c, { [name]: original });
    }
    await watcher.close();
    await loop;
  });
}
