/** The readiness loop, over a libc with scripted answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { InotifyError } from "../../src/kernel/error.ts";
import { Reader } from "../../src/kernel/reader.ts";
import { type Answer, fakeLibc, type ScriptedFile, scriptedFile } from "../helpers/fake_libc.ts";
import { until, within } from "../helpers/within.ts";

const EINTR = 4;
const EIO = 5;
const EAGAIN = 11;
const EMFILE = 24;
const bytes = (...values: number[]) => new Uint8Array(values);
/** Lets everything run that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("what is there is read without waiting", async () => {
  const { libc, log } = scriptedFile(bytes(1, 2), bytes(3));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  assert.deepEqual(await within(reader.next()), bytes(1, 2));
  assert.deepEqual(await within(reader.next()), bytes(3));
  assert.deepEqual(log, ["read: 2", "read: 1"]);
});

test("EAGAIN is no error and no spin: one read, one wait, one read", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(7));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next();
  await turn();
  assert.deepEqual(log, ["read: errno 11", "wait"]);
  wake();
  assert.deepEqual(await within(next), bytes(7));
  assert.deepEqual(log, ["read: errno 11", "wait", "read: 1"]);
});

test("a storm that never ends leaves the event loop its turns", async () => {
  const libc = fakeLibc({ read: () => 1 });
  const reader = new Reader(libc, 3, new Uint8Array(4));
  let hadATurn = false;
  setTimeout(() => hadATurn = true, 0);
  for (const end = performance.now() + 10_000; !hadATurn;) {
    await reader.next();
    assert.ok(performance.now() < end, "ten seconds of reads, and no timer has fired");
  }
});

test("a wake-up for nothing goes back to waiting", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, EAGAIN, bytes(7));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next();
  await turn();
  wake();
  await turn();
  assert.deepEqual(log, ["read: errno 11", "wait", "read: errno 11", "wait"]);
  wake();
  assert.deepEqual(await within(next), bytes(7));
});

test("bytes that the runtime has read are handed on, and nothing is read for them", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next();
  await turn();
  wake(bytes(9, 9));
  assert.deepEqual(await within(next), bytes(9, 9));
  assert.deepEqual(log, ["read: errno 11", "wait"]);
});

test("a read that a signal interrupts is made again", async () => {
  const { libc, log } = scriptedFile(EINTR, EINTR, bytes(5));
  assert.deepEqual(await within(new Reader(libc, 3, new Uint8Array(4)).next()), bytes(5));
  assert.deepEqual(log, ["read: errno 4", "read: errno 4", "read: 1"]);
});

test("a read that fails rejects with its errno, and the next one goes on", async () => {
  const { libc } = scriptedFile(EIO, bytes(5));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  await assert.rejects(
    within(reader.next()),
    (error) =>
      error instanceof InotifyError && error.code === "EIO" && error.errno === EIO &&
      error.syscall === "read",
  );
  assert.deepEqual(await within(reader.next()), bytes(5));
});

/** A reader that has waited often enough, and shortly enough, for it to count as a storm. */
async function storming(...then: Answer[]): Promise<ScriptedFile & { readonly reader: Reader }> {
  const file = scriptedFile(...new Array<Answer>(8).fill(EAGAIN), ...then);
  const reader = new Reader(file.libc, 3, new Uint8Array(1024));
  for (let i = 0; i < 8; i++) {
    const begun = performance.now();
    const next = reader.next();
    await Promise.resolve();
    await Promise.resolve();
    file.wake(bytes(i));
    await within(next);
    if (performance.now() - begun >= 1) return storming(...then); // the machine is busy
  }
  return { ...file, reader };
}

test("in a storm, events gather for a moment before the next read", async () => {
  const { reader, log, wake } = await storming();
  const before = log.length;
  const next = reader.next();
  assert.equal(log.length, before, "nothing is read at once");
  await until(() => log.length === before + 2, () => log);
  assert.deepEqual(log.slice(before), ["read: errno 11", "wait"]);
  wake(bytes(1));
  await within(next);
});

test("a read that was full is followed by another at once, in a storm too", async () => {
  const { reader, log, wake } = await storming(new Uint8Array(1000));
  assert.equal((await within(reader.next()))?.length, 1000);
  const before = log.length;
  const next = reader.next();
  assert.equal(log[before], "read: errno 11", "the read is made at once");
  await until(() => log.at(-1) === "wait", () => log);
  wake(bytes(1));
  await within(next);
});

test("a wait that lasts ends the storm: what comes then is delivered at once", async () => {
  const { reader, log, wake } = await storming();
  const waiting = log.length + 2;
  const last = reader.next();
  await until(() => log.length === waiting, () => log);
  await new Promise((resolve) => setTimeout(resolve, 5));
  wake(bytes(1));
  await within(last);
  const next = reader.next();
  assert.equal(log[waiting], "read: errno 11", "the read is made at once");
  await until(() => log.length === waiting + 2, () => log);
  wake(bytes(2));
  assert.deepEqual(await within(next), bytes(2));
});

test("close() closes only after the waiter has let go", async () => {
  const { libc, log } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next();
  await turn();
  await within(reader.close());
  assert.equal(await within(next), undefined);
  assert.deepEqual(log, ["read: errno 11", "wait", "release", "released", "close"]);
});

test("close() without a wait opens no waiter", async () => {
  const { libc, log } = scriptedFile();
  await within(new Reader(libc, 3, new Uint8Array(4)).close());
  assert.deepEqual(log, ["close"]);
});

test("close() before the waiter is there waits for it, and then for nothing", async () => {
  const file = scriptedFile(EAGAIN);
  const reader = new Reader(file.libc, 3, new Uint8Array(4));
  const next = reader.next();
  await within(reader.close());
  assert.equal(await within(next), undefined);
  assert.deepEqual(file.log, ["read: errno 11", "release", "released", "close"]);
});

test("a second close() is the first one", async () => {
  const { libc, log } = scriptedFile();
  const reader = new Reader(libc, 3, new Uint8Array(4));
  assert.equal(reader.close(), reader.close());
  await within(reader.close());
  assert.deepEqual(log, ["close"]);
});

test("after close() there is nothing next, and nothing is read", async () => {
  const { libc, log } = scriptedFile(bytes(1));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  await within(reader.close());
  assert.equal(await within(reader.next()), undefined);
  assert.deepEqual(log, ["close"]);
});

test("bytes that arrive with the close are not delivered", async () => {
  const { libc, wake } = scriptedFile(EAGAIN);
  const reader = new Reader(libc, 3, new Uint8Array(4));
  const next = reader.next();
  await turn();
  wake(bytes(1));
  const closed = reader.close();
  assert.equal(await within(next), undefined);
  await within(closed);
});

test("unref() holds for the waiter that comes after it", async () => {
  const { libc, log, wake } = scriptedFile(EAGAIN, bytes(1));
  const reader = new Reader(libc, 3, new Uint8Array(4));
  reader.unref();
  const next = reader.next();
  await turn();
  assert.deepEqual(log, ["read: errno 11", "unref", "wait"]);
  reader.ref();
  assert.equal(log.at(-1), "ref");
  wake();
  await within(next);
});

test("a waiter that cannot be opened rejects one next(), and the next one tries again", async () => {
  const file = scriptedFile(EAGAIN, EAGAIN, bytes(1));
  const { CallFailure } = await import("../../ffi/contract.ts");
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
    within(reader.next()),
    (error) =>
      error instanceof InotifyError && error.code === "EMFILE" && error.syscall === "pipe2" &&
      error.message === "Cannot wait for events: too many open files (EMFILE)",
  );
  const next = reader.next();
  await turn();
  file.wake();
  assert.deepEqual(await within(next), bytes(1));
});
