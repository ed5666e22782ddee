/** `unwatchable()`: what is reported of a path that cannot be watched. */

import assert from "node:assert/strict";
import os from "node:os";
import { test } from "node:test";
import { unwatchable } from "../../src/engine/failures.ts";
import { FakeClock, fakeLibc } from "../helpers/fake_libc.ts";
import { report } from "../helpers/thrown.ts";

const { ENOENT, EACCES, ENOTDIR, EMFILE, ENOSPC, EIO } = os.constants.errno;

/** A libc that opens nothing: not even what the advice for ENOSPC looks for. */
const libc = fakeLibc({
  errno: () => ENOENT,
  open: () => -1,
  readlink: () => -1,
  getdents64: () => -1,
  clock_gettime: new FakeClock().clock_gettime,
});

for (
  const [code, errno, reason] of [
    ["ENOENT", ENOENT, /file system/],
    ["EACCES", EACCES, /may not be read/],
    ["ENOTDIR", ENOTDIR, /not a directory/],
    ["EMFILE", EMFILE, /ulimit -n/],
    ["ENOSPC", ENOSPC, /max_user_watches/],
    ["EIO", EIO, /: [a-z]/],
  ] as const
) {
  test(`unwatchable() says what ${code} means, with path and call`, () => {
    const event = unwatchable(libc, "/a", { errno, syscall: "open" });
    assert.deepEqual([event.kind, event.path, "rawPath" in event], ["error", "/a", false]);
    const { message, ...rest } = report(event.error);
    assert.deepEqual(rest, { name: "InotifyError", code, errno, syscall: "open", path: "/a" });
    assert.match(String(message), reason);
    assert.ok(String(message).startsWith('Cannot watch "/a": '), String(message));
    assert.ok(String(message).endsWith(` (${code})`), String(message));
  });
}

test("unwatchable() shows bytes that are not UTF-8 as U+FFFD, and has them raw", () => {
  const event = unwatchable(libc, "/\udcff", { errno: EACCES, syscall: "open" });
  assert.deepEqual([event.path, event.rawPath], ["/\ufffd", new Uint8Array([0x2f, 0xff])]);
  assert.match(event.error.message, /^Cannot watch "\/\ufffd": /);
  assert.equal(report(event.error)["path"], "/\ufffd");
});
