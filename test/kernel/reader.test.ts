/** `Reader`: the readiness loop, over a libc with scripted answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CallFailure } from "../../ffi/contract.ts";
import { EAGAIN, EINTR, EIO, EMFILE } from "../../ffi/errno.ts";
import { InotifyError } from "../../src/kernel/error.ts";
import { Reader } from "../../src/kernel/reader.ts";
import {
  type Answer,
  FakeClock,
  fakeLibc,
  type ScriptedFile,
  scriptedFile,
} from "../helpers/fake_libc.ts";
import { until, within } from "../helpers/within.ts";

/** A copy of what is read: it is valid during the call only. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
const bytes = (...values: number[]) => new Uint8Array(values);
/** Lets everything run that only waits for its turn. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("next() reads queued bytes without waiting", async () => {
  const { libc, log } = scriptedFile(bytes(1, 2), bytes(3));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  assert.deepEqual(await within(reader.next(own)), bytes(1, 2));
  assert.deepEqual(await within(reader.next(own)), bytes(3));
  assert.deepEqual(log, ["read: 2", "read: 1"]);
});

test("next() waits after EAGAIN: one read, one wait, one read", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(7));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await turn();
  assert.deepEqual(log, ["read: errno 11", "wait"]);
  wake();
  assert.deepEqual(await within(next), bytes(7));
  assert.deepEqual(log, ["read: errno 11", "wait", "read: 1"]);
});

test("an endless storm leaves timers their turns", async () => {
  const clock = new FakeClock();
  const read = () => {
    clock.advance(1);
    return 1;
  };
  const libc = fakeLibc({ read, clock_gettime: clock.clock_gettime });
  const reader = new Reader(libc, 3, new Uint8Array(4));
  let hadATurn = false;
  setTimeout(() => hadATurn = true, 0);
  for (let reads = 0; !hadATurn; reads++) {
    await reader.next(own);
    assert.ok(reads < 1000, "a second of reads, and no timer has fired");
  }
});

test("next() waits again after a wake-up without events", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, EAGAIN, bytes(7));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await turn();
  wake();
  await turn();
  assert.deepEqual(log, ["read: errno 11", "wait", "read: errno 11", "wait"]);
  wake();
  assert.deepEqual(await within(next), bytes(7));
});

test("next() returns bytes that the runtime has read, without a read of its own", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await turn();
  wake(bytes(9, 9));
  assert.deepEqual(await within(next), bytes(9, 9));
  assert.deepEqual(log, ["read: errno 11", "wait"]);
});

test("next() repeats a read that a signal interrupts", async () => {
  const { libc, log } = scriptedFile(EINTR, EINTR, bytes(5));
  assert.deepEqual(await within(new Reader(libc, 3, new Uint8Array(4)).next(own)), bytes(5));
  assert.deepEqual(log, ["read: errno 4", "read: errno 4", "read: 1"]);
});

test("next() rejects with the errno of a failed read, and the next call continues", async () => {
  const { libc } = scriptedFile(EIO, bytes(5));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  await assert.rejects(
    within(reader.next(own)),
    (error) =>
      error instanceof InotifyError && error.code === "EIO" && error.errno === EIO &&
      error.syscall === "read",
  );
  assert.deepEqual(await within(reader.next(own)), bytes(5));
});

/** A reader after `count` reads of so many bytes each, a fifth of a millisecond apart; then comes an EAGAIN. */
async function reading(
  count: number,
  length: number,
  ...then: Answer[]
): Promise<ScriptedFile & { readonly reader: Reader }> {
  const file = scriptedFile(
    ...Array.from({ length: count }, () => new Uint8Array(length)),
    ...then,
  );
  file.clock.advance(1000);
  const reader = new Reader(file.libc, 3, new Uint8Array(1024));
  for (let i = 0; i < count; i++) {
    assert.equal((await within(reader.next(own)))?.length, length);
    file.clock.advance(0.2);
  }
  return { ...file, reader };
}

type Reading = Awaited<ReturnType<typeof reading>>;

/** Asserts that the next read is made after a while. */
async function gathers({ reader, log, wake }: Omit<Reading, "clock" | "libc">): Promise<void> {
  const before = log.length;
  const next = reader.next(own);
  assert.equal(log.length, before, "nothing is read at once");
  await until(() => log.length === before + 2, () => log);
  assert.deepEqual(log.slice(before), ["read: errno 11", "wait"]);
  wake(bytes(1));
  await within(next);
}

/** Asserts that the next read is made at once. */
async function readsAtOnce({ reader, log, wake }: Omit<Reading, "clock" | "libc">): Promise<void> {
  const before = log.length;
  const next = reader.next(own);
  assert.equal(log[before], "read: errno 11", "the read is made at once");
  await until(() => log.at(-1) === "wait", () => log);
  wake(bytes(1));
  await within(next);
}

test("in a storm, more than 512 bytes in a millisecond, next() lets events gather before it reads", async () => {
  await gathers(await reading(6, 144));
});

test("steady changes, fewer than that, are no storm however short the waits: next() reads at once", async () => {
  await readsAtOnce(await reading(30, 96));
});

test("bytes that the runtime has read make a storm, too", async () => {
  const file = scriptedFile();
  file.clock.advance(1000);
  const reader = new Reader(file.libc, 3, new Uint8Array(1024));
  for (let i = 0; i < 6; i++) {
    const next = reader.next(own);
    await until(() => file.log.at(-1) === "wait", () => file.log);
    file.wake(new Uint8Array(144));
    await within(next);
    file.log.push("");
    file.clock.advance(0.2);
  }
  await gathers({ ...file, reader });
});

test("in a storm, next() reads at once after a read that filled the buffer", async () => {
  await readsAtOnce(await reading(6, 1000));
});

test("a quiet millisecond ends the storm: next() reads at once again", async () => {
  const { reader, clock, log, wake } = await reading(6, 144);
  const last = reader.next(own);
  await until(() => log.at(-1) === "wait", () => log);
  clock.advance(5);
  wake(bytes(1));
  await within(last);
  const before = log.length;
  const next = reader.next(own);
  assert.equal(log[before], "read: errno 11", "the read is made at once");
  await until(() => log.length === before + 2, () => log);
  wake(bytes(2));
  assert.deepEqual(await within(next), bytes(2));
});

test("a long wait is no run of reads: next() reads at once after it", async () => {
  const { libc, clock, log, wake } = scriptedFile(EAGAIN, bytes(1));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const last = reader.next(own);
  await until(() => log.at(-1) === "wait", () => log);
  clock.advance(50);
  wake();
  await within(last);
  await readsAtOnce({ reader, log, wake });
});

test("next() takes the bytes before any promise resolves", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(7));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  let taken: Uint8Array | undefined;
  const next = reader.next((given) => taken = own(given));
  await until(() => log.at(-1) === "wait", () => log);
  wake();
  assert.deepEqual(taken, bytes(7));
  assert.equal(await within(next), taken);
});

test("next() rejects with what taking the bytes throws, and the next call continues", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(7), bytes(8));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(() => {
    throw new RangeError("mine");
  });
  await until(() => log.at(-1) === "wait", () => log);
  wake();
  await assert.rejects(within(next), RangeError);
  assert.deepEqual(await within(reader.next(own)), bytes(8));
});

test("close() closes the descriptor after the waiter has released it", async () => {
  const { libc, log } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await turn();
  await within(reader.close());
  assert.equal(await within(next), undefined);
  assert.deepEqual(log, ["read: errno 11", "wait", "release", "released", "close"]);
});

test("close() opens no waiter", async () => {
  const { libc, log } = scriptedFile();
  await within(new Reader(libc, 3, new Uint8Array(4)).close());
  assert.deepEqual(log, ["close"]);
});

test("close() while the waiter is opened releases it, without a wait", async () => {
  const file = scriptedFile(EAGAIN);
  const reader = new Reader(file.libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await within(reader.close());
  assert.equal(await within(next), undefined);
  assert.deepEqual(file.log, ["read: errno 11", "release", "released", "close"]);
});

test("close() returns the same promise again", async () => {
  const { libc, log } = scriptedFile();
  const reader = new Reader(libc, 3, new Uint8Array(4));
  assert.equal(reader.close(), reader.close());
  await within(reader.close());
  assert.deepEqual(log, ["close"]);
});

test("next() after close() returns undefined and reads nothing", async () => {
  const { libc, log } = scriptedFile(bytes(1));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  await within(reader.close());
  assert.equal(await within(reader.next(own)), undefined);
  assert.deepEqual(log, ["close"]);
});

test("close() discards bytes that arrive at the same time", async () => {
  const { libc, wake } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next(own);
  await turn();
  wake(bytes(1));
  const closed = reader.close();
  assert.equal(await within(next), undefined);
  await within(closed);
});

test("unref() applies to a waiter that is opened later", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(1));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  reader.unref();
  const next = reader.next(own);
  await turn();
  assert.deepEqual(log, ["read: errno 11", "unref", "wait"]);
  reader.ref();
  assert.equal(log.at(-1), "ref");
  wake();
  await within(next);
});

test("next() rejects if the waiter cannot be opened, and the next call tries again", async () => {
  const file = scriptedFile(EAGAIN, EAGAIN, bytes(1));
  let attempts = 0;
  const libc = fakeLibc({
    ...file.libc,
    waiter: (fd) => {
      if (attempts++ === 0) return Promise.reject(new CallFailure("pipe2", EMFILE));
      return file.libc.waiter(fd);
    },
  });
  const reader = new Reader(libc, 3, new Uint8Array(4));
  await assert.rejects(
    within(reader.next(own)),
    (error) =>
      error instanceof InotifyError && error.code === "EMFILE" && error.syscall === "pipe2" &&
      error.message === "Cannot wait for events: error 24 (EMFILE)",
  );
  const next = reader.next(own);
  await turn();
  file.wake();
  assert.deepEqual(await within(next), bytes(1));
});
