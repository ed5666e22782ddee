/** call(): which failures it repeats, and what it returns; with a fake libc. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { EAGAIN, EBADF, EINTR } from "../../ffi/errno.ts";
import { call } from "../../src/kernel/call.ts";

/** One attempt: what it returns, or the errno that it fails with. */
type Attempt = { returns: number } | { errno: number };

/** Makes a call with scripted attempts. @returns the result of call(), and the number of attempts */
function scripted(
  attempts: readonly Attempt[],
  expected?: number,
): { result: number; made: number } {
  let made = 0;
  let errno = 0;
  const invoke = () => {
    const now = attempts[made++];
    assert.ok(now !== undefined, "one attempt too many");
    if ("returns" in now) return now.returns;
    errno = now.errno;
    return -1;
  };
  const libc = { errno: () => errno } as Libc;
  return { result: call(libc, invoke, expected), made };
}

test("call() returns a result unchanged, at the first attempt", () => {
  assert.deepEqual(scripted([{ returns: 7 }]), { result: 7, made: 1 });
  assert.deepEqual(scripted([{ returns: 0 }]), { result: 0, made: 1 });
});

test("call() does not read errno after a success", () => {
  const libc = { errno: () => assert.fail("errno was read") } as unknown as Libc;
  assert.equal(call(libc, () => 3), 3);
});

test("call() returns -errno for a failure, at the first attempt", () => {
  assert.deepEqual(scripted([{ errno: EBADF }]), { result: -EBADF, made: 1 });
});

test("call() repeats a call that signals interrupt 50 times", () => {
  const attempts = [...Array(50).fill({ errno: EINTR }), { returns: 5 }];
  assert.deepEqual(scripted(attempts), { result: 5, made: 51 });
});

test("call() returns -EINTR for a call that is always interrupted", () => {
  const { result, made } = scripted(Array(2000).fill({ errno: EINTR }));
  assert.equal(result, -EINTR);
  assert.ok(made < 2000, `${made} attempts`);
});

test("call() returns the failure that follows an interruption", () => {
  const attempts = [{ errno: EINTR }, { errno: EBADF }];
  assert.deepEqual(scripted(attempts), { result: -EBADF, made: 2 });
});

for (const [name, unlikely] of [["EAGAIN", EAGAIN], ["0", 0]] as const) {
  test(`call() repeats a call after errno ${name}, which it cannot set`, () => {
    const attempts = [{ errno: unlikely }, { errno: EBADF }];
    assert.deepEqual(scripted(attempts), { result: -EBADF, made: 2 });
  });

  test(`call() returns the result that follows errno ${name}`, () => {
    assert.deepEqual(scripted([{ errno: unlikely }, { returns: 5 }]), { result: 5, made: 2 });
  });
}

test("call() returns -EAGAIN after ten times EAGAIN", () => {
  const attempts = Array(10).fill({ errno: EAGAIN });
  assert.deepEqual(scripted(attempts), { result: -EAGAIN, made: 10 });
});

test("call() does not count an interruption as one of the ten", () => {
  const attempts = [...Array(9).fill({ errno: EAGAIN }), { errno: EINTR }, { errno: EBADF }];
  assert.deepEqual(scripted(attempts), { result: -EBADF, made: 11 });
});

test("call() returns an expected -EAGAIN at the first attempt", () => {
  assert.deepEqual(scripted([{ errno: EAGAIN }], EAGAIN), { result: -EAGAIN, made: 1 });
});

test("call() repeats a call after errno 0, also where EAGAIN is expected", () => {
  const attempts = [{ errno: 0 }, { errno: EAGAIN }];
  assert.deepEqual(scripted(attempts, EAGAIN), { result: -EAGAIN, made: 2 });
});

test("call() returns a failure after errno 0 again and again", () => {
  const { result } = scripted(Array(10).fill({ errno: 0 }));
  assert.ok(result < 0, `${Object.is(result, -0) ? "-0" : result} looks like a success`);
});
