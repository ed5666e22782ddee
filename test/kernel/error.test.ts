/** Bad input on the real kernel: each mistake has one clear error, and changes nothing. */

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

/** What a refused addWatch says. */
function refused(path: string, reason: string, errno: Errno): Record<string, unknown> {
  return {
    name: "InotifyError",
    message: `Cannot watch ${JSON.stringify(path)}: ${reason} (${errno.code})`,
    ...errno,
    syscall: "inotify_add_watch",
    path,
  };
}

/** @returns what addWatch throws, after a check that nothing is watched */
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

test("the error is an InotifyError, and an Error", async () => {
  await using inotify = new Inotify();
  assert.throws(() => inotify.addWatch("", IN_CREATE), InotifyError);
  assert.throws(() => inotify.addWatch("", IN_CREATE), Error);
});

test("each errno of Linux has its name for a code", () => {
  const codeOf = (errno: number) => {
    const failure = { errno, syscall: "inotify_add_watch" };
    return new InotifyError("watch", undefined, failure).code;
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

test("a path with a NUL byte is refused, and does not name what comes before it", async () => {
  const path = `${tmpDir()}\0/more`;
  const reason = `the path has a NUL byte at index ${path.indexOf("\0")}`;
  assert.deepEqual(await addWatchError(path), refused(path, reason, EINVAL));
});

test("a path given as bytes is not ended by a NUL byte of its own", async () => {
  const path = new TextEncoder().encode("/tmp\0");
  const expected = refused("/tmp\0", "the path has a NUL byte at index 4", EINVAL);
  assert.deepEqual(await addWatchError(path), expected);
});

test("a file: URL with a NUL byte is refused", async () => {
  const expected = refused("/tmp\0", "the path has a NUL byte at index 4", EINVAL);
  assert.deepEqual(await addWatchError(new URL("file:///tmp%00")), expected);
});

test("an empty path is refused", async () => {
  assert.deepEqual(await addWatchError(""), refused("", "the path is empty", ENOENT));
});

test("an empty path given as bytes is refused", async () => {
  const expected = refused("", "the path is empty", ENOENT);
  assert.deepEqual(await addWatchError(new Uint8Array(0)), expected);
});

test("a path where nothing is is refused", async () => {
  const path = join(tmpDir(), "missing");
  const expected = refused(path, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(path), expected);
});

test("a file: URL where nothing is is refused by its path", async () => {
  const path = join(tmpDir(), "not here");
  const expected = refused(path, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(new URL(`file://${path.replace(" ", "%20")}`)), expected);
});

test("a path that is not UTF-8 appears with U+FFFD in its error", async () => {
  const directory = tmpDir();
  const path = new TextEncoder().encode(`${directory}/?`);
  path[path.length - 1] = 0xff;
  const expected = refused(`${directory}/\ufffd`, "no such file or directory", ENOENT);
  assert.deepEqual(await addWatchError(path), expected);
});

test("a path with a newline appears escaped in the message, and as it is in `path`", async () => {
  const path = join(tmpDir(), "two\nlines");
  const error = await addWatchError(path);
  assert.deepEqual(error, refused(path, "no such file or directory", ENOENT));
  assert.match(String(error.message), /two\\nlines/);
});

test("a file where IN_ONLYDIR was asked for is refused", async () => {
  const path = join(tmpDir(), "file");
  writeFileSync(path, "");
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(path, IN_CREATE | IN_ONLYDIR);
  assert.deepEqual(error, refused(path, reason, ENOTDIR));
});

test("a path through a file is refused", async () => {
  const file = join(tmpDir(), "file");
  writeFileSync(file, "");
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(join(file, "below"));
  assert.deepEqual(error, refused(join(file, "below"), reason, ENOTDIR));
});

test("a symbolic link where IN_ONLYDIR and IN_DONT_FOLLOW were asked for is refused", async () => {
  const directory = tmpDir();
  const link = join(directory, "link");
  symlinkSync(directory, link);
  const reason = "it, or a part of the way to it, is not a directory";
  const error = await addWatchError(link, IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW);
  assert.deepEqual(error, refused(link, reason, ENOTDIR));
});

test("a symbolic link to itself is refused", async () => {
  const link = join(tmpDir(), "link");
  symlinkSync("link", link);
  const reason = "too many levels of symbolic links";
  assert.deepEqual(await addWatchError(link), refused(link, reason, ELOOP));
});

test("a name of 256 bytes is refused", async () => {
  const path = join(tmpDir(), "n".repeat(256));
  assert.deepEqual(await addWatchError(path), refused(path, "file name too long", ENAMETOOLONG));
});

test("a path of 4,096 bytes is refused", async () => {
  const path = "/.".repeat(2048);
  assert.deepEqual(await addWatchError(path), refused(path, "file name too long", ENAMETOOLONG));
});

test("a path of 4,095 bytes is watched", async () => {
  await using inotify = new Inotify();
  assert.equal(inotify.addWatch("/.".repeat(2047) + "/", IN_CREATE), 1);
});

/** What keeps root, too, from what the mode does not allow. */
const MORTAL = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const under = process.getuid?.() === 0 ? MORTAL : [];
const noMortal = under.length > 0 &&
  spawnSync(under[0], [...under.slice(1), "true"]).status !== 0 &&
  "root may read everything, and setpriv cannot take that away";

test("a directory that may not be read is refused", { skip: noMortal }, () => {
  const path = join(tmpDir(), "closed");
  mkdirSync(path);
  chmodSync(path, 0o300);
  const reason = "it, or a directory on the way to it, may not be read";
  const error = runForJson("add_watch.ts", [path], { under });
  chmodSync(path, 0o700); // for its removal
  assert.deepEqual(error, refused(path, reason, EACCES));
});

test("a path through a directory that may not be searched is refused", { skip: noMortal }, () => {
  const closed = join(tmpDir(), "closed");
  const path = join(closed, "below");
  mkdirSync(path, { recursive: true });
  chmodSync(closed, 0o600);
  const reason = "it, or a directory on the way to it, may not be read";
  const error = runForJson("add_watch.ts", [path], { under });
  chmodSync(closed, 0o700); // for its removal
  assert.deepEqual(error, refused(path, reason, EACCES));
});

test("text with a lone surrogate is a TypeError", async () => {
  assert.deepEqual(await addWatchError("/tmp/\ud800"), {
    name: "TypeError",
    message: String.raw`A path must be well-formed text, and "/tmp/\ud800" is not`,
  });
});

for (const path of [3, null, undefined, true, {}]) {
  test(`${String(path)} for a path is a TypeError`, async () => {
    assert.deepEqual(await addWatchError(path), {
      name: "TypeError",
      message: `A path is a string, a file: URL or a Uint8Array, and not ${path}`,
    });
  });
}

test("an http: URL is a TypeError", async () => {
  assert.deepEqual(await addWatchError(new URL("http://example.com/tmp")), {
    name: "TypeError",
    message: "The URL must be of scheme file",
    code: "ERR_INVALID_URL_SCHEME",
  });
});

// Masks

test("mask 0 is refused", async () => {
  assert.deepEqual(await addWatchError("/", 0), refused("/", "the mask 0x0 has no event", EINVAL));
});

test("a mask of a bit that is no event is refused", async () => {
  const expected = refused("/", "the mask 0x1000 has no event", EINVAL);
  assert.deepEqual(await addWatchError("/", 0x1000), expected);
});

for (const mask of [NaN, Infinity, 1.5, 2 ** 32, -(2 ** 31) - 1, "1", null, undefined]) {
  test(`the mask ${JSON.stringify(mask) ?? mask} (${mask}) is a RangeError`, async () => {
    assert.deepEqual(await addWatchError("/", mask), {
      name: "RangeError",
      message: `A mask is an integer of 32 bits, and not ${mask}`,
    });
  });
}

test("a mask that JavaScript's | has made negative is taken", async () => {
  const IN_ONESHOT = 0x80000000;
  await using inotify = new Inotify();
  assert.equal(inotify.addWatch("/", IN_ONESHOT | IN_CREATE), 1);
});

test("IN_MASK_CREATE on an inode that is watched is refused, and its mask stays", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE);
  const error = thrown(() => inotify.addWatch(directory, IN_DELETE | IN_MASK_CREATE));
  const reason = "its inode is watched already, and IN_MASK_CREATE is set";
  assert.deepEqual(error, refused(directory, reason, EEXIST));
  writeFileSync(join(directory, "a"), "");
  assert.deepEqual(inotify.readSync(), [{ wd, mask: IN_CREATE, cookie: 0, name: "a" }]);
});

test("IN_MASK_ADD with IN_MASK_CREATE is refused", async () => {
  const expected = refused("/", "IN_MASK_ADD and IN_MASK_CREATE exclude each other", EINVAL);
  const error = await addWatchError("/", IN_CREATE | IN_MASK_ADD | IN_MASK_CREATE);
  assert.deepEqual(error, expected);
});

// Watch descriptors

for (const wd of [0, 99, -1]) {
  test(`rmWatch(${wd}), which no watch has, is refused`, async () => {
    await using inotify = new Inotify();
    assert.deepEqual(thrown(() => inotify.rmWatch(wd)), {
      name: "InotifyError",
      message: `Cannot remove watch ${wd}: this instance has no such watch (any more) (EINVAL)`,
      ...EINVAL,
      syscall: "inotify_rm_watch",
    });
  });
}

test("rmWatch of a watch that was removed is refused", async () => {
  await using inotify = new Inotify();
  const wd = inotify.addWatch("/", IN_CREATE);
  inotify.rmWatch(wd);
  assert.equal(thrown(() => inotify.rmWatch(wd)).code, "EINVAL");
});

for (const wd of [NaN, 1.5, "1", null]) {
  test(`rmWatch(${JSON.stringify(wd)}) (${wd}) is a TypeError`, async () => {
    await using inotify = new Inotify();
    inotify.addWatch("/", IN_CREATE);
    assert.deepEqual(thrown(() => inotify.rmWatch(wd as number)), {
      name: "TypeError",
      message: `A watch descriptor is an integer, and not ${wd}`,
    });
  });
}

for (const wd of [2 ** 31, 2 ** 32 + 1, -(2 ** 32) + 1]) {
  test(`rmWatch(${wd}) is refused, and removes no other watch`, async () => {
    await using inotify = new Inotify();
    const first = inotify.addWatch("/", IN_CREATE);
    const { message } = thrown(() => inotify.rmWatch(wd));
    assert.match(String(message), new RegExp(`${wd}`));
    inotify.rmWatch(first);
  });
}

// bufferSize

for (const bufferSize of [271, 0, -1, 272.5, NaN, Infinity, 1e12, "300"]) {
  test(`bufferSize ${bufferSize} is a RangeError before anything is opened`, () => {
    const before = openFiles();
    assert.deepEqual(thrown(() => new Inotify({ bufferSize: bufferSize as number })), {
      name: "RangeError",
      message: `bufferSize must be an integer from 272 to 2147479552, and is ${bufferSize}`,
    });
    assert.deepEqual(openFiles(), before);
  });
}

test("bufferSize 272 is taken", async () => {
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

test("addWatch after close is refused", async () => {
  const inotify = await closedInstance();
  const error = thrown(() => inotify.addWatch("/", IN_CREATE));
  assert.deepEqual(error, refused("/", "this instance is closed", EBADF));
});

test("addWatch right after close() was called is refused", async () => {
  const inotify = new Inotify();
  const closed = inotify.close();
  assert.equal(thrown(() => inotify.addWatch("/", IN_CREATE)).code, "EBADF");
  await closed;
});

test("addWatch after close does not reach another instance that has the same descriptor", async () => {
  const inotify = await closedInstance();
  await using other = new Inotify(); // takes the lowest free descriptor, so that of the closed one
  assert.equal(thrown(() => inotify.addWatch("/", IN_CREATE)).code, "EBADF");
  assert.equal(thrown(() => other.rmWatch(1)).code, "EINVAL");
});

test("rmWatch after close is refused", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(thrown(() => inotify.rmWatch(1)), {
    name: "InotifyError",
    message: "Cannot remove watch 1: this instance is closed (EBADF)",
    ...EBADF,
    syscall: "inotify_rm_watch",
  });
});

test("read() after close gives no events", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(await inotify.read(), []);
});

test("readSync() after close gives no events", async () => {
  const inotify = await closedInstance();
  assert.deepEqual(inotify.readSync(), []);
});
