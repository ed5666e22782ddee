/** `Reactor` and `socketWaiter()`: how failures of their calls reach a pending wait(); with fake calls. */

import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { CallFailure, type Waiter } from "../../ffi/contract.ts";
import { Reactor, type ReactorCalls } from "../../ffi/deno_reactor.ts";
import { libc } from "../../ffi/libc.ts";
import { type SocketCalls, socketWaiter } from "../../ffi/node_socket.ts";
import { openFiles } from "../helpers/proc.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { until, within } from "../helpers/within.ts";
import { woken } from "../helpers/woken.ts";

const { EAGAIN, EBADF, EINTR, EMFILE, ENOMEM, ENOTCONN } = constants.errno;

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

/** A socket waiter that reads the pipe itself, not an inotify descriptor. */
function pipeWaiter(given: Partial<SocketCalls> = {}): Waiter {
  return socketWaiter({ ...libc(), dup3: () => 0, ...given }, FD);
}

test("socketWaiter() fails if pipe2(2) does", onNode, () => {
  const calls = { pipe2: () => -1, errno: () => EMFILE };
  assert.throws(() => pipeWaiter(calls), isFailure("pipe2", EMFILE));
});

test("socketWaiter() fails if dup3(2) does, and leaves nothing open", onNode, async () => {
  const { pipe } = openFiles();
  const calls = { dup3: () => -1, errno: () => EBADF };
  assert.throws(() => pipeWaiter(calls), isFailure("dup3", EBADF));
  await until(() => openFiles().pipe === pipe, openFiles);
});

test("a socket that cannot read fails each wait(), and can be released", onNode, async () => {
  const pipe2 = (ends: Uint8Array, flags: number) => {
    const result = libc().pipe2(ends, flags);
    new Int32Array(ends.buffer).reverse(); // so that it is the writing end
    return result;
  };
  const waiter = pipeWaiter({ pipe2 });
  await assert.rejects(within(woken(waiter)), isFailure("read", ENOTCONN));
  await assert.rejects(within(woken(waiter)), isFailure("read", ENOTCONN));
  await within(waiter.release());
});

test("a socket that Node.js closes fails each wait(), and can be released", onNode, async () => {
  const waiter = pipeWaiter(); // at the end of the pipe at once
  const message = "Node.js closed the socket of an inotify descriptor";
  await assert.rejects(within(woken(waiter)), { message });
  await assert.rejects(within(woken(waiter)), { message });
  await within(waiter.release());
});
