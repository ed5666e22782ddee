/** `Reactor` and `Poller`: how failures of their calls reach a pending wait(); with fake calls. */

import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { CallFailure } from "../../ffi/contract.ts";
import { Reactor, type ReactorCalls } from "../../ffi/deno_reactor.ts";
import { Poller, type PollerCalls } from "../../ffi/node_poller.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { within } from "../helpers/within.ts";
import { woken } from "../helpers/woken.ts";

const { EAGAIN, EBADF, EINTR, EMFILE, ENOMEM } = constants.errno;

const isFailure = (syscall: string, errno: number) => (error: unknown) =>
  error instanceof CallFailure && error.syscall === syscall && error.errno === errno;

const FD = 7;
const POLLIN = 1;

/** A reactor with scripted results of poll(2): an errno, or 0 for "readable". */
function reactor(polls: number[], more: Partial<ReactorCalls> = {}): Reactor {
  let errno = 0;
  const poll = (fds: Int32Array, nfds: bigint) => {
    errno = polls.shift()!;
    if (errno !== 0) return -1;
    for (let i = 1; i < Number(nfds); i++) fds[2 * i + 1] = POLLIN | POLLIN << 16; // revents
    return Number(nfds) - 1;
  };
  const calls = {
    errno: () => errno,
    pipe2: () => 0,
    read: () => 0,
    write: () => 0,
    poll,
    parked_poll: (fds: Int32Array, nfds: bigint) => Promise.resolve(poll(fds, nfds)),
    ...more,
  };
  const close = async () => {};
  return new Reactor(calls, { add: (fd) => fd, close: () => 0, closeOffThread: close });
}

const onNode = { skip: runtimeName !== "node" && "only Node.js waits by it" };
const onDeno = { skip: runtimeName !== "deno" && "only Deno waits by it" };

for (const [name, errno] of Object.entries({ EINTR, EAGAIN })) {
  test(`Reactor repeats a poll(2) that fails with ${name}`, onDeno, async () => {
    const polls = [errno, errno, errno, 0, 0]; // parked, and repeated to get the errno
    await within(woken(reactor(polls).waiter(FD)));
    assert.deepEqual(polls, [0]);
  });
}

test(
  "Reactor rejects all pending waits if poll(2) fails, and the next wait() works",
  onDeno,
  async () => {
    const polls = [ENOMEM, ENOMEM, 0];
    const subject = reactor(polls);
    const [one, other] = [subject.waiter(FD), subject.waiter(FD + 1)];
    const waits = await within(Promise.allSettled([woken(one), woken(other)]));
    for (const wait of waits) {
      assert.ok(wait.status === "rejected" && isFailure("poll", ENOMEM)(wait.reason));
    }
    await within(woken(one));
  },
);

test("Reactor.waiter() fails if pipe2(2) does, and the next call works", onDeno, async () => {
  const results = [-1, 0];
  const subject = reactor([0], { pipe2: () => results.shift()!, errno: () => EMFILE });
  assert.throws(() => subject.waiter(FD), isFailure("pipe2", EMFILE));
  await within(woken(subject.waiter(FD)));
});

test(
  "Reactor parks one call at a time, also for a wait that begins in a callback",
  onDeno,
  async () => {
    let parked = 0;
    let most = 0;
    const subject = reactor([], {
      async parked_poll(fds) {
        most = Math.max(most, ++parked);
        await undefined;
        parked--;
        fds[3] = POLLIN | POLLIN << 16;
        return 1;
      },
    });
    const waiter = subject.waiter(FD);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiter.wait(() => waiter.wait(() => resolve(), reject), reject);
    await within(promise);
    assert.equal(most, 1);
  },
);

/** A poller over calls that succeed, unless given otherwise; the addresses that it frees; and a call of libuv's. */
function poller(
  given: Partial<PollerCalls>,
): { subject: Poller; freed: bigint[]; poll: () => void } {
  const freed: bigint[] = [];
  let onPoll: (handle: bigint, status: number, events: number) => void;
  const calls: PollerCalls = {
    malloc: () => 64n,
    free: (pointer) => void freed.push(pointer),
    uv_handle_size: () => 160n,
    uv_poll_init: () => 0,
    uv_poll_start(handle) {
      setImmediate(() => onPoll(handle, 0, 1));
      return 0;
    },
    uv_poll_stop: () => 0,
    uv_ref: () => {},
    uv_unref: () => {},
    uv_close: () => {},
    ...given,
  };
  const callbacks = {
    poll(callback: typeof onPoll) {
      onPoll = callback;
      return 1n;
    },
    close: () => 2n,
  };
  return { subject: new Poller(calls, callbacks, 3n), freed, poll: () => onPoll(64n, 0, 1) };
}

test("Poller.waiter() fails without memory for the handle", () => {
  const { subject } = poller({ malloc: () => 0n });
  assert.throws(() => subject.waiter(FD), isFailure("malloc", ENOMEM));
});

test("Poller.waiter() fails if uv_poll_init() does, and frees the handle", () => {
  const { subject, freed } = poller({ uv_poll_init: () => -EMFILE });
  assert.throws(() => subject.waiter(FD), isFailure("uv_poll_init", EMFILE));
  assert.deepEqual(freed, [64n]);
});

test("Poller rejects a wait if uv_poll_start() fails, and the next wait() tries again", async () => {
  let tries = 0;
  const { subject } = poller({ uv_poll_start: () => tries++ === 0 ? -EBADF : -ENOMEM });
  const waiter = subject.waiter(FD);
  await assert.rejects(within(woken(waiter)), isFailure("uv_poll_start", EBADF));
  await assert.rejects(within(woken(waiter)), isFailure("uv_poll_start", ENOMEM));
});

test(
  "Poller keeps the process alive during waits only, with no call between two in a row",
  onNode,
  async () => {
    const calls: string[] = [];
    const { subject, poll } = poller({
      uv_poll_start: () => 0,
      uv_ref: () => void calls.push("ref"),
      uv_unref: () => void calls.push("unref"),
    });
    const waiter = subject.waiter(FD);
    for (let count = 0; count < 3; count++) {
      const wait = woken(waiter);
      poll();
      await within(wait);
    }
    assert.deepEqual(calls, []);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(calls, ["unref"]);
    void woken(waiter);
    assert.deepEqual(calls, ["unref", "ref"]);
  },
);

test("Poller resolves a wait when the descriptor is readable", async () => {
  await within(woken(poller({}).subject.waiter(FD)));
});
