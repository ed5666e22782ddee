/**
 * Bad input to `Inotify`, on the real kernel: each mistake has one clear error and no effect. Longer than 300
 * lines, since it lists every mistake, and all tests share two helpers.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  IN_CREATE,
  IN_DELETE,
  IN_DONT_FOLLOW,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_ONLYDIR,
  Inotify,
  InotifyError,
} from "../../mod.ts";
import type { Path } from "../../src/kernel/path.ts";
import { openFiles } from "../helpers/proc.ts";
import { runForJson } from "../helpers/program.ts";
import { thrown } from "../helpers/thrown.ts";
import { tmpDir } from "../helpers/tmp.ts";

const ENOENT = { code: "ENOENT", errno: 2 };
const EBADF = { code: "EBADF", errno: 9 };
const EACCES = { code: "EACCES", errno: 13 };
const EEXIST = { code: "EEXIST", errno: 17 };
const ENOTDIR = { code: "ENOTDIR", errno: 20 };
const EINVAL = { code: "EINVAL", errno: 22 };
const ENAMETOOLONG = { code: "ENAMETOOLONG", errno: 36 };
const ELOOP = { code: "ELOOP", errno: 40 };

type Errno = typeof ENOENT;

/** The error of an addWatch() that fails. */
function refused(path: string, reason: string, errno: Errno): Record<string, unknown> {
  return {
    name: "InotifyError",
    message: `Cannot watch ${JSON.stringify(path)}: ${reason} (${errno.code})`,
    ...errno,
    syscall: "inotify_add_watch",
    path,
  };
}

/** @returns what addWatch() throws, after a check that it has added no watch */
async function addWatchError(
  path: unknown,
  ...masks: readonly unknown[]
): Promise<Record<string, unknown>> {
  const mask = masks.length > 0 ? masks[0] : IN_CREATE;
  await using inotify = new Inotify();
  const error = thrown(() => inotify.addWatch(path as Path, mask as number));
  assert.throws(() => inotify.rmWatch(1), { code: "EINVAL" });
  return error;
}

test("addWatch() throws an InotifyError, which is an Error", async () => {
  await using inotify = new Inotify();
  assert.throws(() => inotify.addWatch("", IN_CREATE), InotifyError);
  assert.throws(() => inotify.addWatch("", IN_CREATE), Error);
});

test("InotifyError.code is the name of each errno of Linux", () => {
  const codeOf = (errno: number) => {
    const failure = { errno, syscall: "inotify_add_watch" };
    return new InotifyError("watch", "", failure).code;
  };
  const codes = Array.from({ length: 133 }, (_, i) => codeOf(i + 1));
  const nameless = codes.filter((code) => !/^E[A-Z0-9]+$/.test(code));
  assert.deepEqual(nameless, ["errno 41", "errno 58"]); // which are no errors
  assert.equal(new Set(codes).size, codes.length);
  assert.deepEqual([116, 117, 123].map(codeOf), ["ESTALE", "EUCLEAN", "ENOMEDIUM"]);
  const known: Record<string, number> = constants.errno; // some
  for (const errno of Object.values(known)) assert.equal(known[codeOf(errno)], errno);
});

// Paths

test("addWatch() fails for a path with a NUL byte, and does not watch the part before it", async () => {
  const path = `${tmpDir()}\0/more`;
  const reason = `the path has a NUL byte at index ${path.indexOf("\0")}`;
  assert.deepEqual(await addWatchError(path), refused(path, reason, EINVAL));
});

test("addWatch() fails for bytes that end with a NUL byte", async () => {
  const path = new TextEncoder().encode("/tmp\0");
  const expected = refused("/tmp\0", "the path has a NUL byte at index 4", EINVAL);
  assert.deepEqual(await addWatchError(path), expected);
});

test("addWatch() fails for a file: URL with a NUL byte", async () => {
  const expected = refused("/tmp\0", "the path has a NUL byte at index 4", EINVAL);
  assert.deepEqual(await addWatchError(new URL("file:///tmp%00")), expected);
});

test("addWatch() fails for an empty path", async () => {
  assert.deepEqual(await addWatchError(""), refused("", "the path is empty", ENOENT));
});

test("addWatch() fails for an empty path given as bytes", async () => {
  const expected = refused("", "the path is empty", ENOENT);
  assert.deepEqual(await addWatchError(new Uint8Array(0)), expected);
});

test("addWatch() fails for a path that does not exist", async () => {
  const path = join(tmpDir(), "missing");
  const expected = refused(path, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(path), expected);
});

test("addWatch() of a file: URL that does not exist fails with its path", async () => {
  const path = join(tmpDir(), "not here");
  const expected = refused(path, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(new URL(`file://${path.replace(" ", "%20")}`)), expected);
});

test("addWatch() shows a path that is not UTF-8 with U+FFFD in its error", async () => {
  const directory = tmpDir();
  const path = new TextEncoder().encode(`${directory}/?`);
  path[path.length - 1] = 0xff;
  const expected = refused(`${directory}/\ufffd`, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(path), expected);
});

test("InotifyError escapes a newline in its message, and not in `path`", async () => {
  const path = join(tmpDir(), "two\nlines");
  const error = await addWatchError(path);
  assert.deepEqual(error, refused(path, "no such file or directory", ENOENT));
  assert.match(String(error.message), /two\\nlines/);
});

test("addWatch() with IN_ONLYDIR fails for a file", async () => {
  const path = join(tmpDir(), "file");
  writeFileSync(path, "");
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(path, IN_CREATE | IN_ONLYDIR);
  assert.deepEqual(error, refused(path, reason, ENOTDIR));
});

test("addWatch() fails for a path through a file", async () => {
  const file = join(tmpDir(), "file");
  writeFileSync(file, "");
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(join(file, "below"));
  assert.deepEqual(error, refused(join(file, "below"), reason, ENOTDIR));
});

test("addWatch() with IN_ONLYDIR and IN_DONT_FOLLOW fails for a symbolic link", async () => {
  const directory = tmpDir();
  const link = join(directory, "link");
  symlinkSync(directory, link);
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(link, IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW);
  assert.deepEqual(error, refused(link, reason, ENOTDIR));
});

test("addWatch() fails for a symbolic link to itself", async () => {
  const link = join(tmpDir(), "link");
  symlinkSync("link", link);
  const reason = "too many levels of symbolic links";
  assert.deepEqual(await addWatchError(link), refused(link, reason, ELOOP));
});

test("addWatch() fails for a name of 256 bytes", async () => {
  const path = join(tmpDir(), "n".repeat(256));
  assert.deepEqual(await addWatchError(path), refused(path, "file name too long", ENAMETOOLONG));
});

test("addWatch() fails for a path of 4,096 bytes", async () => {
  const path = "/.".repeat(2048);
  assert.deepEqual(await addWatchError(path), refused(path, "file name too long", ENAMETOOLONG));
});

test("addWatch() accepts a path of 4,095 bytes", async () => {
  await using inotify = new Inotify();
  assert.equal(inotify.addWatch("/.".repeat(2047) + "/", IN_CREATE), 1);
});

/** Runs a command in which a file's mode applies to root, too. */
const MORTAL = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const under = process.getuid?.() === 0 ? MORTAL : [];
const noMortal = under.length > 0 &&
  spawnSync(under[0], [...under.slice(1), "true"]).status !== 0 &&
  "root may read everything, and setpriv cannot change that";

test("addWatch() fails for a directory that may not be read", { skip: noMortal }, () => {
  const path = join(tmpDir(), "closed");
  mkdirSync(path);
  chmodSync(path, 0o300);
  const reason = "it, or a directory on the way to it, may not be read";
  const error = runForJson("add_watch.ts", [path], { under });
  chmodSync(path, 0o700); // for its removal
  assert.deepEqual(error, refused(path, reason, EACCES));
});

test(
  "addWatch() fails for a path through a directory that may not be searched",
  { skip: noMortal },
  () => {
    const closed = join(tmpDir(), "closed");
    const path = join(closed, "below");
    mkdirSync(path, { recursive: true });
    chmodSync(closed, 0o600);
    const reason = "it, or a directory on the way to it, may not be read";
    const error = runForJson("add_watch.ts", [path], { under });
    chmodSync(closed, 0o700); // for its removal
    assert.deepEqual(error, refused(path, reason, EACCES));
  },
);

test("addWatch() throws a TypeError for text with a lone surrogate", async () => {
  assert.deepEqual(await addWatchError("/tmp/\ud800"), {
    name: "TypeError",
    message: String.raw`A path must be well-formed text, and "/tmp/\ud800" is not`,
  });
});

for (const path of [3, null, undefined, true, {}]) {
  test(`addWatch() throws a TypeError for the path ${String(path)}`, async () => {
    assert.deepEqual(await addWatchError(path), {
      name: "TypeError",
      message: `A path is a string, a file: URL or a Uint8Array, not ${path}`,
    });
  });
}

test("addWatch() throws a TypeError for an http: URL", async () => {
  assert.deepEqual(await addWatchError(new URL("http://example.com/tmp")), {
    name: "TypeError",
    message: "The URL must be of scheme file",
    code: "ERR_INVALID_URL_SCHEME",
  });
});

// Masks

test("addWatch() fails for mask 0", async () => {
  assert.deepEqual(await addWatchError("/", 0), refused("/", "the mask 0x0 has no event", EINVAL));
});

test("addWatch() fails for a mask without an event bit", async () => {
  const expected = refused("/", "the mask 0x1000 has no event", EINVAL);
  assert.deepEqual(await addWatchError("/", 0x1000), expected);
});

for (const mask of [NaN, Infinity, 1.5, 2 ** 32, -(2 ** 31) - 1, "1", null, undefined]) {
  test(`addWatch() throws a RangeError for the mask ${JSON.stringify(mask) ?? mask} (${mask})`, async () => {
    assert.deepEqual(await addWatchError("/", mask), {
      name: "RangeError",
      message: `A mask is a 32-bit integer, not ${mask}`,
    });
  });
}

test("addWatch() accepts a mask that the operator | has made negative", async () => {
  const IN_ONESHOT = 0x80000000;
  await using inotify = new Inotify();
  assert.equal(inotify.addWatch("/", IN_ONESHOT | IN_CREATE), 1);
});

test("addWatch() with IN_MASK_CREATE fails for a watched inode, and keeps its mask", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE);
  const error = thrown(() => inotify.addWatch(directory, IN_DELETE | IN_MASK_CREATE));
  const reason = "its inode is watched already, and IN_MASK_CREATE is set";
  assert.deepEqual(error, refused(directory, reason, EEXIST));
  writeFileSync(join(directory, "a"), "");
  assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name: "a" }]);
});

test("addWatch() with both IN_MASK_ADD and IN_MASK_CREATE fails", async () => {
  const expected = refused("/", "IN_MASK_ADD and IN_MASK_CREATE exclude each other", EINVAL);
  const error = await addWatchError("/", IN_CREATE | IN_MASK_ADD | IN_MASK_CREATE);
  assert.deepEqual(error, expected);
});

// Watch descriptors

for (const wd of [0, 99, -1]) {
  test(`rmWatch(${wd}) fails without such a watch`, async () => {
    await using inotify = new Inotify();
    assert.deepEqual(thrown(() => inotify.rmWatch(wd)), {
      name: "InotifyError",
      message: `Cannot remove watch ${wd}: this instance has no such watch (any more) (EINVAL)`,
      ...EINVAL,
      syscall: "inotify_rm_watch",
    });
  });
}

test("rmWatch() fails for a watch that was removed", async () => {
  await using inotify = new Inotify();
  const wd = inotify.addWatch("/", IN_CREATE);
  inotify.rmWatch(wd);
  assert.equal(thrown(() => inotify.rmWatch(wd)).code, "EINVAL");
});

for (const wd of [NaN, 1.5, "1", null]) {
  test(`rmWatch(${JSON.stringify(wd)}) (${wd}) throws a TypeError`, async () => {
    await using inotify = new Inotify();
    inotify.addWatch("/", IN_CREATE);
    assert.deepEqual(thrown(() => inotify.rmWatch(wd as number)), {
      name: "TypeError",
      message: `A watch descriptor is an integer, not ${wd}`,
    });
  });
}

for (const wd of [2 ** 31, 2 ** 32 + 1, -(2 ** 32) + 1]) {
  test(`rmWatch(${wd}) fails, and removes no other watch`, async () => {
    await using inotify = new Inotify();
    const first = inotify.addWatch("/", IN_CREATE);
    const { message } = thrown(() => inotify.rmWatch(wd));
    assert.match(String(message), new RegExp(`${wd}`));
    inotify.rmWatch(first);
  });
}

// bufferSize

for (const bufferSize of [271, 0, -1, 272.5, NaN, Infinity, 1e12, "300"]) {
  test(`new Inotify() throws a RangeError for bufferSize ${bufferSize}, and opens nothing`, () => {
    const before = openFiles();
    assert.deepEqual(thrown(() => new Inotify({ bufferSize: bufferSize as number })), {
      name: "RangeError",
      message: `bufferSize must be an integer from 272 to 2147479552, not ${bufferSize}`,
    });
    assert.deepEqual(openFiles(), before);
  });
}

test("new Inotify() accepts bufferSize 272", async () => {
  await using inotify = new Inotify({ bufferSize: 272 });
  assert.deepEqual(inotify.readSync(), []);
});

// After close

async function closedInstance(): Promise<Inotify> {
  const inotify = new Inotify();
  inotify.addWatch("/", IN_CREATE);
  await inotify.close();
  return inotify;
}

test("addWatch() after close() fails with EBADF", async () => {
  const inotify = await closedInstance();
  const error = thrown(() => inotify.addWatch("/", IN_CREATE));
  assert.deepEqual(error, refused("/", "this instance is closed", EBADF));
});

test("addWatch() fails while close() is pending", async () => {
  const inotify = new Inotify();
  const closed = inotify.close();
  assert.equal(thrown(() => inotify.addWatch("/", IN_CREATE)).code, "EBADF");
  await closed;
});

test("addWatch() after close() does not affect another instance with the same descriptor", async () => {
  const inotify = await closedInstance();
  await using other = new Inotify(); // gets the lowest free descriptor: that of the closed one
  assert.equal(thrown(() => inotify.addWatch("/", IN_CREATE)).code, "EBADF");
  assert.equal(thrown(() => other.rmWatch(1)).code, "EINVAL");
});

test("rmWatch() after close() fails with EBADF", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(thrown(() => inotify.rmWatch(1)), {
    name: "InotifyError",
    message: "Cannot remove watch 1: this instance is closed (EBADF)",
    ...EBADF,
    syscall: "inotify_rm_watch",
  });
});

test("read() after close() returns no events", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(await inotify.read(), []);
});

test("readSync() after close() returns no events", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(inotify.readSync(), []);
});
