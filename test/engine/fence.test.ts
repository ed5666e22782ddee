/** `Fence`, with a fake libc. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { Fence } from "../../src/engine/fence.ts";
import { fakeLibc } from "../helpers/fake_libc.ts";
import { thrown } from "../helpers/thrown.ts";

const INOTIFY = 3;
const ENOENT = 2;
const ENOSPC = 28;

/** A kernel with memory files and watches; each added watch gets the next number. */
class Kernel {
  readonly calls: string[] = [];
  /** The number of free watches. */
  free = Infinity;
  /** The errno of each failing call, by name. */
  errno: { [name: string]: number } = {};
  readonly libc: Libc;
  #descriptor = 10;
  #wd = 0;
  #errno = 0;

  constructor() {
    const answer = (name: string, result: () => number) => {
      this.#errno = this.errno[name] ?? 0;
      if (name === "inotify_add_watch" && this.free === 0) this.#errno = ENOSPC;
      this.calls.push(this.#errno === 0 ? name : `${name} fails`);
      return this.#errno === 0 ? result() : -1;
    };
    this.libc = fakeLibc({
      errno: () => this.#errno,
      memfd_create: () => answer("memfd_create", () => this.#descriptor++),
      inotify_add_watch: () =>
        answer("inotify_add_watch", () => {
          this.free--;
          return ++this.#wd;
        }),
      inotify_rm_watch: () =>
        answer("inotify_rm_watch", () => {
          this.free++;
          return 0;
        }),
      ftruncate: () => answer("ftruncate", () => 0),
      futimens: () => answer("futimens", () => 0),
      close: () => answer("close", () => 0),
      // Read for the advice on ENOSPC.
      open: () => -1,
      readlink: () => -1,
      getdents64: () => -1,
      read: () => -1,
    });
  }

  /** The calls since the last `take()`. */
  take(): string[] {
    return this.calls.splice(0);
  }
}

test("Fence calls back when its event arrives, in the order of the requests", () => {
  const kernel = new Kernel();
  const fence = new Fence(kernel.libc, INOTIFY);
  assert.deepEqual(kernel.take(), ["memfd_create", "inotify_add_watch"]);
  const called: string[] = [];
  fence.request(() => called.push("a"));
  fence.request(() => called.push("b"));
  fence.send();
  fence.request(() => called.push("c"));
  fence.send();
  assert.equal(fence.passed(7), false);
  assert.deepEqual(called, []);
  assert.equal(fence.passed(1), true);
  assert.deepEqual(called, ["a", "b"]);
  assert.equal(fence.passed(1), true);
  assert.deepEqual(called, ["a", "b", "c"]);
});

test("Fence alternates its events, since the kernel merges equal neighbours", () => {
  const kernel = new Kernel();
  const fence = new Fence(kernel.libc, INOTIFY);
  kernel.take();
  for (let i = 0; i < 4; i++) {
    fence.request(() => {});
    fence.send();
    fence.send(); // no pending request
  }
  assert.deepEqual(kernel.take(), ["ftruncate", "futimens", "ftruncate", "futimens"]);
});

test("Fence keeps at most 16 events in the queue, and calls back for each request", () => {
  const kernel = new Kernel();
  const fence = new Fence(kernel.libc, INOTIFY);
  kernel.take();
  let called = 0;
  for (let i = 0; i < 17_000; i++) {
    fence.request(() => called++);
    fence.send();
  }
  assert.equal(kernel.take().length, 16);
  for (let i = 0; i < 16; i++) fence.passed(1);
  assert.equal(called, 16);
  fence.send();
  assert.equal(kernel.take().length, 1);
  fence.passed(1);
  assert.equal(called, 17_000);
});

test("Fence.lost() sends again for all requests, with a new watch, and ignores events of the old one", () => {
  const kernel = new Kernel();
  const fence = new Fence(kernel.libc, INOTIFY);
  const called: string[] = [];
  fence.request(() => called.push("sent"));
  fence.send();
  fence.request(() => called.push("requested"));
  kernel.take();
  fence.lost(() => called.push("first"));
  assert.deepEqual(kernel.take(), [
    "memfd_create",
    "inotify_add_watch",
    "inotify_rm_watch",
    "close",
  ]);
  fence.send();
  assert.equal(fence.passed(1), false);
  assert.deepEqual(called, []);
  assert.equal(fence.passed(2), true);
  assert.deepEqual(called, ["first", "sent", "requested"]);
});

test("Fence.lost() uses the old watch again if no other is free", () => {
  const kernel = new Kernel();
  kernel.free = 1;
  const fence = new Fence(kernel.libc, INOTIFY);
  let called = 0;
  fence.request(() => called++);
  fence.send();
  fence.lost();
  fence.send();
  assert.equal(fence.passed(2), true);
  assert.equal(called, 1);
});

test("Fence.send() throws ENOSPC while no watch is free, and works once one is", () => {
  const kernel = new Kernel();
  kernel.free = 0;
  const fence = new Fence(kernel.libc, INOTIFY);
  let called = 0;
  fence.request(() => called++);
  assert.deepEqual(thrown(() => fence.send()).name, "InotifyError");
  kernel.free = 1;
  fence.send();
  fence.passed(1);
  assert.equal(called, 1);
});

test("new Fence() throws if /proc is missing, and leaves no memory file open", () => {
  const kernel = new Kernel();
  kernel.errno = { inotify_add_watch: ENOENT };
  assert.match(
    String(thrown(() => new Fence(kernel.libc, INOTIFY)).message),
    /\/proc is needed, and is not mounted here \(ENOENT\)$/,
  );
  assert.deepEqual(kernel.take(), ["memfd_create", "inotify_add_watch fails", "close"]);
});
