/** reasonFor(): the reason in an error's message, by errno and by what failed; with a fake libc. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EACCES, EINVAL, EMFILE, ENOENT, ENOSPC } from "../../ffi/errno.ts";
import { reasonFor, strerror } from "../../src/kernel/reason.ts";
import { FakeClock, fakeLibc, strerror_r } from "../helpers/fake_libc.ts";

const libc = fakeLibc({ strerror_r });

test("strerror() is the C library's text", () => {
  assert.equal(strerror(libc, 5), "Error 5");
});

test("reasonFor() without an attempt is the C library's text in lower case", () => {
  assert.equal(reasonFor(libc, EACCES), "error 13");
});

test("reasonFor() is the C library's text where the attempt has no advice for the errno", () => {
  assert.equal(reasonFor(libc, EINVAL, "cover path"), "error 22");
});

test("reasonFor() depends on the attempt", () => {
  const expected = "it, or a directory on the way to it, may not be read";
  assert.equal(reasonFor(libc, EACCES, "add watch"), expected);
  assert.equal(reasonFor(libc, ENOENT, "send fence"), "/proc is needed, and is not mounted here");
  assert.match(reasonFor(libc, ENOENT, "cover path"), /^its file system reports/);
});

test("reasonFor() names ulimit if this process may open no more files", () => {
  const full = fakeLibc({ open: () => -1, errno: () => EMFILE });
  assert.match(reasonFor(full, EMFILE, "open instance"), /raise the limit with: ulimit -n$/);
});

/** A libc of a system whose /proc cannot be read, its clock, and how often that was tried. */
function withoutProc() {
  const clock = new FakeClock();
  const use = { tries: 0 };
  const libc = fakeLibc({
    open: () => (use.tries++, -1),
    readlink: () => -1,
    errno: () => ENOENT,
    clock_gettime: clock.clock_gettime,
  });
  return { libc, clock, use };
}

test("reasonFor() names both limits if /proc cannot be read", () => {
  assert.equal(
    reasonFor(withoutProc().libc, ENOSPC, "add watch"),
    "all inotify watches that this user may have are in use; raise the smaller one of " +
      "fs.inotify.max_user_watches and user.max_inotify_watches, neither of which can be read here",
  );
});

test("reasonFor() counts what is in use once a second, however many calls fail", () => {
  const { libc, clock, use } = withoutProc();
  const counts = [];
  for (const milliseconds of [0, 1, 998, 1, 0]) {
    clock.advance(milliseconds);
    use.tries = 0;
    reasonFor(libc, ENOSPC, "cover path");
    counts.push(use.tries > 0);
  }
  assert.deepEqual(counts, [true, false, false, true, false]);
});

test("reasonFor() is the C library's text if a call for its advice throws", () => {
  assert.equal(reasonFor(libc, ENOSPC, "add watch"), "error 28");
});

test("reasonFor() needs no strerror_r(3)", () => {
  assert.notEqual(reasonFor(fakeLibc({}), EACCES), "");
});
