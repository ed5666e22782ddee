/**
 * How Node.js waits: the event loop of the thread reads the descriptor as a socket.
 *
 * node:net makes sockets of pipes and connections only, and looks at a descriptor once. So the socket is made for
 * a pipe, and before it reads, a duplicate of the descriptor takes the place of the pipe.
 *
 * Not by a `uv_poll_t` of our own: if it is open when a worker ends, Node aborts the process, and a terminated
 * worker runs no JavaScript that could close it. A socket is closed by Node itself, however its thread ends. It is
 * also as fast: `uv_poll_t` calls JavaScript where no promise may resolve, so its events wait for another turn.
 *
 * @module
 */

import { CallFailure, type Libc, O_CLOEXEC, O_NONBLOCK, type Waiter } from "./contract.ts";
import { afterPromises } from "./time.ts";

/** The calls of a socket waiter. */
export interface SocketCalls extends Pick<Libc, "errno" | "pipe2" | "close"> {
  /** dup3(2) */
  dup3(oldfd: number, newfd: number, flags: number): number;
}

/** The part of node:net's `Socket` that this file uses. */
interface Socket {
  on(event: "error", listener: (error: { readonly errno: number }) => void): void;
  on(event: "close", listener: () => void): void;
  read(size: number): void;
  pause(): void;
  ref(): void;
  unref(): void;
  destroy(): void;
}

interface SocketOptions {
  readonly fd: number;
  readonly writable: boolean;
  readonly onread: {
    readonly buffer: Uint8Array;
    readonly callback: (length: number) => void;
  };
}

/** The part of `process` that this file uses. */
interface NodeProcess {
  getBuiltinModule(name: "node:net"): { readonly Socket: new (options: SocketOptions) => Socket };
}

/** What all sockets read into: the bytes are valid during the callback only. */
let shared: Uint8Array | undefined;
/** The size of {@link shared}. */
const SIZE = 65536;

/** A waiter for `fd` whose `wait()` calls back with bytes; see {@link Waiter}. */
export function socketWaiter(c: SocketCalls, fd: number): Waiter {
  const buffer = shared ??= new Uint8Array(SIZE);
  let pending: Parameters<Waiter["wait"]> | undefined;
  let failure: Error | undefined;
  const rest = () => {
    if (pending === undefined) socket.pause();
  };
  const read = (length: number) => {
    const [ready] = pending!;
    pending = undefined;
    ready(buffer.subarray(0, length));
    afterPromises(rest); // most often the next wait begins before
  };
  const socket = openSocket(c, fd, { buffer, callback: read });
  const fail = (error: Error) => {
    failure ??= error;
    const failed = pending?.[1];
    pending = undefined;
    failed?.(failure);
  };
  socket.on("error", ({ errno }) => fail(new CallFailure("read", -errno)));
  const closed = new Promise<void>((resolve) => socket.on("close", resolve));
  void closed.then(() => fail(new Error("Node.js closed the socket of an inotify descriptor")));
  return {
    wait(...callbacks) {
      if (failure !== undefined) return callbacks[1](failure);
      pending = callbacks;
      socket.read(0); // calls back with all later bytes, until pause()
    },
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    async release() {
      const [ready] = pending ?? [];
      pending = undefined;
      socket.destroy();
      await closed;
      ready?.();
    },
  };
}

/** @returns a socket that reads a duplicate of `fd` once it is asked to, and closes that */
function openSocket(c: SocketCalls, fd: number, onread: SocketOptions["onread"]): Socket {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const { Socket } = process.getBuiltinModule("node:net");
  const ends = new Int32Array(2);
  if (c.pipe2(new Uint8Array(ends.buffer), O_NONBLOCK | O_CLOEXEC) === -1) {
    throw new CallFailure("pipe2", c.errno());
  }
  const [readEnd, writeEnd] = ends;
  c.close(writeEnd);
  const socket = new Socket({ fd: readEnd, writable: false, onread });
  socket.pause(); // it would read from the next turn on
  if (c.dup3(fd, readEnd, O_CLOEXEC) !== -1) return socket;
  const failure = new CallFailure("dup3", c.errno());
  socket.destroy();
  throw failure;
}
