/** call(): when a failed system call is made again, and what comes out of it; with a fake libc. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { call } from "../../src/kernel/call.ts";

const EINTR = 4;
const EBADF = 9;
const EAGAIN = 11;

/** One try of a call: what it returns, or the errno that it fails with. */
type Try = { returns: number } | { errno: number };

/** Makes a call that goes as it is told to. @returns what call() made of it, and in how many tries */
function scripted(tries: readonly Try[], expected?: number): { result: number; made: number } {
  let made = 0;
  let errno = 0;
  const invoke = () => {
    const now = tries[made++];
    assert.ok(now !== undefined, "one try too many");
    if ("returns" in now) return now.returns;
    errno = now.errno;
    return -1;
  };
  const libc = { errno: () => errno } as Libc;
  return { result: call(libc, invoke, expected), made };
}

test("a result comes out as it is, at the first try", () => {
  assert.deepEqual(scripted([{ returns: 7 }]), { result: 7, made: 1 });
  assert.deepEqual(scripted([{ returns: 0 }]), { result: 0, made: 1 });
});

test("errno is not read after a success", () => {
  const libc = { errno: () => assert.fail("errno was read") } as unknown as Libc;
  assert.equal(call(libc, () => 3), 3);
});

test("a failure comes out as -errno, at the first try", () => {
  assert.deepEqual(scripted([{ errno: EBADF }]), { result: -EBADF, made: 1 });
});

test("an interrupted call is made again, however often", () => {
  const tries = [...Array(50).fill({ errno: EINTR }), { returns: 5 }];
  assert.deepEqual(scripted(tries), { result: 5, made: 51 });
});

test("a call that nothing but interruptions come of has failed", () => {
  const { result, made } = scripted(Array(2000).fill({ errno: EINTR }));
  assert.equal(result, -EINTR);
  assert.ok(made < 2000, `${made} tries`);
});

test("a call that fails after an interruption has failed", () => {
  const tries = [{ errno: EINTR }, { errno: EBADF }];
  assert.deepEqual(scripted(tries), { result: -EBADF, made: 2 });
});

for (const [name, doubtful] of [["EAGAIN", EAGAIN], ["0", 0]] as const) {
  test(`errno ${name}, where it is no answer, is doubted`, () => {
    const tries = [{ errno: doubtful }, { errno: EBADF }];
    assert.deepEqual(scripted(tries), { result: -EBADF, made: 2 });
  });

  test(`a call that works after a doubtful ${name} has worked`, () => {
    assert.deepEqual(scripted([{ errno: doubtful }, { returns: 5 }]), { result: 5, made: 2 });
  });
}

test("EAGAIN again and again is believed", () => {
  const tries = Array(10).fill({ errno: EAGAIN });
  assert.deepEqual(scripted(tries), { result: -EAGAIN, made: 10 });
});

test("an interruption does not count as one of these times", () => {
  const tries = [...Array(9).fill({ errno: EAGAIN }), { errno: EINTR }, { errno: EBADF }];
  assert.deepEqual(scripted(tries), { result: -EBADF, made: 11 });
});

test("an expected EAGAIN is an answer at the first try", () => {
  assert.deepEqual(scripted([{ errno: EAGAIN }], EAGAIN), { result: -EAGAIN, made: 1 });
});

test("where EAGAIN is expected, errno 0 is doubted all the same", () => {
  const tries = [{ errno: 0 }, { errno: EAGAIN }];
  assert.deepEqual(scripted(tries, EAGAIN), { result: -EAGAIN, made: 2 });
});

test("a call that fails again and again with errno 0 has failed", () => {
  const { result } = scripted(Array(10).fill({ errno: 0 }));
  assert.ok(result < 0, `${Object.is(result, -0) ? "-0" : result} looks like a success`);
});
