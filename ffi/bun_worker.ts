/**
 * How Bun waits where {@link streamWorks} says no: a Worker in a blocking poll(2).
 *
 * @module
 */

import { CallFailure, EFD_CLOEXEC, EFD_NONBLOCK, type Libc, type Waiter } from "./contract.ts";

/** What a Worker waiter calls besides {@link Libc}. */
export interface EventfdCalls {
  /** eventfd(2) */
  eventfd(initval: number, flags: number): number;
  /** eventfd(3) */
  eventfd_write(fd: number, value: bigint): number;
}

/** What the eventfd carries: once for each wait, and once in the end. */
const ARM = 1n;
const QUIT = 1n << 32n;

/**
 * The Worker's program, as text: a Blob is the one source of a Worker that survives `bun build` and
 * `bun build --compile`. It polls `fd` only between an ARM and the readiness that answers it.
 */
const PROGRAM = `
const { dlopen } = process.getBuiltinModule("bun:ffi");
self.onmessage = ({ data: [fd, eventfd] }) => {
  const { symbols: c } = dlopen("libc.so.6", {
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    eventfd_read: { args: ["i32", "ptr"], returns: "i32" },
  });
  const POLLIN = 1;
  const value = new BigUint64Array(1);
  const pollfds = new Int32Array(4);
  for (let armed = false;;) {
    pollfds.set([eventfd, POLLIN, fd, POLLIN]);
    if (c.poll(pollfds, armed ? 2 : 1, -1) < 0) continue;
    if (pollfds[1] !== POLLIN) {
      c.eventfd_read(eventfd, value);
      if (value[0] >= ${QUIT}n) return self.postMessage("released");
      armed = true;
    } else {
      armed = false;
      self.postMessage("readable");
    }
  }
};
`;

interface BunWorker extends Worker {
  ref(): void;
  unref(): void;
}

/** A waiter for `fd` whose `wait()` resolves without bytes; see {@link Waiter}. */
export function workerWaiter(c: Omit<Libc, "waiter"> & EventfdCalls, fd: number): Waiter {
  const eventfd = c.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (eventfd === -1) throw new CallFailure("eventfd", c.errno());
  const url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  const worker = new Worker(url) as BunWorker;
  worker.postMessage([fd, eventfd]);
  worker.unref();
  let pending: PromiseWithResolvers<undefined> | undefined;
  let ref = true;
  const settle = () => {
    pending?.resolve(undefined);
    pending = undefined;
    worker.unref();
  };
  const released = new Promise<void>((resolve) => {
    worker.onmessage = ({ data }) => data === "readable" ? settle() : resolve();
  });
  worker.onerror = ({ message }) => pending?.reject(new Error(message));
  return {
    wait() {
      pending = Promise.withResolvers();
      if (ref) worker.ref();
      c.eventfd_write(eventfd, ARM);
      return pending.promise;
    },
    ref() {
      ref = true;
      if (pending !== undefined) worker.ref();
    },
    unref() {
      ref = false;
      worker.unref();
    },
    async release() {
      worker.ref();
      c.eventfd_write(eventfd, QUIT);
      await released;
      settle();
      worker.terminate();
      URL.revokeObjectURL(url);
      c.close(eventfd);
    },
  };
}
