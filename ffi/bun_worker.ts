/**
 * How Bun waits where the test of bun_stream.ts fails: a Worker in a blocking poll(2).
 *
 * @module
 */

import { CallFailure, type Libc, O_CLOEXEC, O_NONBLOCK, type Waiter } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** The calls of a Worker waiter. */
export interface WorkerCalls extends Pick<Libc, "errno" | "write"> {
  /** pipe2(2) */
  pipe2(pipefd: Int32Array, flags: number): number;
}

/**
 * The Worker's program, as text: only a Worker from a Blob survives `bun build` and `bun build --compile`. A
 * byte from the pipe starts each wait; the program then polls `fd` until it is readable. It ends when the pipe's
 * writing end is closed, without a further read: the reading end may be closed by then, too.
 */
const PROGRAM = `
const { dlopen } = process.getBuiltinModule("bun:ffi");
self.onmessage = ({ data: [fd, pipe] }) => {
  const { symbols: c } = dlopen("libc.so.6", {
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  });
  const POLLIN = 1;
  const POLLHUP = 0x10;
  const byte = new Uint8Array(1);
  const pollfds = new Int32Array(4);
  for (let armed = false;;) {
    pollfds.set([pipe, POLLIN, fd, POLLIN]);
    if (c.poll(pollfds, armed ? 2 : 1, -1) < 0) continue;
    if (pollfds[1] >> 16 & POLLHUP) return self.postMessage("released");
    if (pollfds[1] !== POLLIN) {
      c.read(pipe, byte, 1);
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

/** A waiter for `fd` whose `wait()` calls back without bytes; see {@link Waiter}. */
export function workerWaiter(c: WorkerCalls, descriptors: Descriptors, fd: number): Waiter {
  const pipe = new Int32Array(2);
  if (c.pipe2(pipe, O_NONBLOCK | O_CLOEXEC) === -1) throw new CallFailure("pipe2", c.errno());
  const [readEnd, writeEnd] = Array.from(pipe, (end) => descriptors.add(end));
  const url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  const worker = new Worker(url) as BunWorker;
  worker.postMessage([fd, readEnd]);
  worker.unref();
  let pending: Parameters<Waiter["wait"]> | undefined;
  let ref = true;
  const settle = () => {
    const [ready] = pending ?? [];
    pending = undefined;
    worker.unref();
    ready?.();
  };
  const released = new Promise<void>((resolve) => {
    worker.onmessage = ({ data }) => data === "readable" ? settle() : resolve();
  });
  worker.onerror = ({ message }) => pending?.[1](new Error(message));
  return {
    wait(...callbacks) {
      pending = callbacks;
      if (ref) worker.ref();
      c.write(writeEnd, new Uint8Array(1), 1);
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
      descriptors.close(writeEnd);
      await released;
      settle();
      worker.terminate();
      URL.revokeObjectURL(url);
      descriptors.close(readEnd);
    },
  };
}
