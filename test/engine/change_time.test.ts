/** changedSince(): when an entry counts as changed, with a fake libc; and what a watcher reports then. */

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

/** An entry, and the file system that it is on. */
interface Fake {
  readonly mode?: number;
  /** When it was changed: whole seconds, and nanoseconds. */
  readonly time?: readonly [seconds: number, nanoseconds: number];
  readonly mask?: number;
  readonly device?: number;
  /** The file system of each path, by default EXT4; or an errno, negative. */
  readonly fileSystem?: (path: string) => bigint | number;
  /** What statx(2) fails with. */
  readonly errno?: number;
}

/** @returns the function that is tested, and the paths that statfs(2) was asked for */
function changed(fake: Fake, since: number): { ask: (path: string) => boolean; asked: string[] } {
  const asked: string[] = [];
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
      asked.push(text);
      const answer = fake.fileSystem?.(text) ?? EXT4;
      if (typeof answer === "number") {
        errno = -answer;
        return -1;
      }
      new DataView(buffer.buffer, buffer.byteOffset).setBigUint64(0, answer, true);
      return 0;
    },
  });
  return { ask: changedSince(c, since), asked };
}

test("a time counts to the nanosecond", () => {
  const time = [10, 500_000_000] as const;
  assert.equal(changed({ time }, 10_500).ask("/a"), true);
  assert.equal(changed({ time }, 10_500.001).ask("/a"), false);
});

test("a time without nanoseconds may be as late as the next second", () => {
  const time = [10, 0] as const;
  assert.equal(changed({ time }, 10_999).ask("/a"), true);
  assert.equal(changed({ time }, 11_000.001).ask("/a"), false);
});

test("a time is no proof where it may be of another clock, or anybody can set it", () => {
  for (const fileSystem of [NFS, FUSE, FAT]) {
    assert.equal(changed({ fileSystem: () => fileSystem }, 1e12).ask("/a"), true);
  }
  for (const fileSystem of [EXT4, BTRFS]) {
    assert.equal(changed({ fileSystem: () => fileSystem }, 1e12).ask("/a"), false);
  }
});

test("what cannot be looked at counts as changed, whatever the errno", () => {
  for (const errno of [ENOENT, EACCES, EPERM, ENOSYS]) {
    assert.equal(changed({ errno }, 1e12).ask("/a"), true);
    assert.equal(changed({ fileSystem: () => -errno }, 1e12).ask("/a"), true);
  }
  assert.equal(changed({ mask: STATX_TYPE }, 1e12).ask("/a"), true);
});

test("a file system is asked for once a device, and not for what has changed anyway", () => {
  const fake: { device: number; time: [number, number] } = { device: 1, time: [10, 1] };
  const { ask, asked } = changed(fake, 11_000);
  for (const [device, path] of [[1, "/a"], [1, "/b"], [2, "/c"], [2, "/d"], [1, "/e"]] as const) {
    fake.device = device;
    ask(path);
  }
  assert.deepEqual(asked, ["/a", "/c"]);
  fake.device = 3;
  fake.time = [12, 1];
  ask("/f");
  assert.deepEqual(asked, ["/a", "/c"]);
});

test("of a symbolic link that is not followed, the file system is that of its directory", () => {
  for (const [path, directory] of [["/a/b", "/a"], ["/a", "/"]]) {
    const { ask, asked } = changed({ mode: LINK }, 1e12);
    ask(path);
    assert.deepEqual(asked, [directory]);
  }
});

for (const name of ["statx", "statfs"] as const) {
  test(`after a loss every file is reported as changed, and once, where ${name} is refused`, async () => {
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
