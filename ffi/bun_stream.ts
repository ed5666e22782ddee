/**
 * How Bun waits: its event loop reads the descriptor as a stream, without a thread.
 *
 * That `Bun.file(fd).stream()` works on an inotify descriptor is not documented, so {@link streamWorks} tests
 * it first.
 *
 * @module
 */

import { IN_CLOEXEC, IN_NONBLOCK, type Libc, type Waiter } from "./contract.ts";
import { afterPromises, delay, turn } from "./time.ts";

/** The part of node:stream's `Readable` that this file uses, with `ref()` and `unref()` of a native one in Bun. */
interface NativeReadable {
  on(event: "close", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  push(chunk: Uint8Array | null): boolean;
  _read(size: number): void;
  destroy(): void;
  ref(): void;
  unref(): void;
}

/** The part of Bun's globals that this file uses. */
export interface BunGlobals {
  readonly Bun: { file(fd: number): { stream(): ReadableStream<Uint8Array> } };
  readonly process: {
    getBuiltinModule(name: "node:stream"): {
      Readable: {
        fromWeb(stream: ReadableStream, options: { highWaterMark: number }): NativeReadable;
      };
    };
  };
}

/** A waiter for `fd` whose `wait()` calls back with bytes; see {@link Waiter}. */
export function streamWaiter(fd: number): Waiter {
  let stream: NativeReadable | undefined;
  let pending: Parameters<Waiter["wait"]> | undefined;
  let parts: Uint8Array[] = [];
  let failure: Error | undefined;
  let ref = true;
  let isReleased = false;
  /** Whether the stream hands over bytes: a further read would be lost that is asked for meanwhile. */
  let isPushing = false;

  const settle = (bytes: Uint8Array | undefined) => {
    const [ready] = pending!;
    pending = undefined;
    ready(bytes);
  };
  const fail = (error: Error) => {
    failure ??= error;
    const failed = pending?.[1];
    pending = undefined;
    failed?.(failure);
  };
  const destroy = () => {
    stream?.destroy();
    stream = undefined;
  };
  const rest = () => {
    if (pending === undefined && stream !== undefined) setRef(stream, false);
  };
  const push = (bytes: Uint8Array | null) => {
    if (bytes === null || pending === undefined) {
      fail(
        new Error(`Bun ${bytes ? "read ahead on" : "ended"} the stream of an inotify descriptor`),
      );
      return false;
    }
    if (parts.length === 0 && bytes.length < LARGE) {
      isPushing = true;
      settle(bytes);
      isPushing = false;
      afterPromises(pending === undefined ? rest : begin); // most often the next wait begins before
      return false;
    }
    parts.push(new Uint8Array(bytes)); // a copy: Bun may reuse its buffer
    if (parts.length === 1) void delay(0).then(finish);
    stream!._read(SIZE);
    return false;
  };
  // After a large chunk Bun keeps reading, even if it is not asked to. So ask until no more comes, and then
  // start a new stream.
  const finish = () => {
    if (pending === undefined) return;
    destroy();
    const bytes = concatenate(parts);
    parts = [];
    settle(bytes);
  };
  const open = () => {
    const { Bun, process } = globalThis as unknown as BunGlobals;
    const { Readable } = process.getBuiltinModule("node:stream");
    const opened = Readable.fromWeb(Bun.file(fd).stream(), { highWaterMark: 0 });
    // Not a Readable's events, which take another turn of the event loop: _read() asks for bytes once, and
    // push() receives them and returns false, for "no more".
    opened.push = (bytes) => opened === stream && push(bytes);
    opened.on("error", fail);
    opened.on("close", () => opened === stream && push(null));
    return opened;
  };
  const begin = () => {
    if (pending === undefined || isReleased) return;
    stream ??= open();
    stream._read(SIZE);
    // A new stream is ref'd with a count of zero, so that unref() without ref() has no effect.
    if (pending !== undefined) setRef(stream, true);
    if (!ref) setRef(stream, false);
  };
  return {
    wait(...callbacks) {
      if (failure !== undefined) return callbacks[1](failure);
      pending = callbacks;
      if (!isPushing) begin();
    },
    ref() {
      ref = true;
      if (pending !== undefined && stream !== undefined) setRef(stream, true);
    },
    unref() {
      ref = false;
      if (stream !== undefined) setRef(stream, false);
    },
    async release() {
      isReleased = true;
      destroy();
      await turn(); // until Bun has closed its duplicate
      if (pending !== undefined) settle(undefined);
    },
  };
}

/** The streams that keep the process alive. */
const refd = new WeakSet<NativeReadable>();

function setRef(stream: NativeReadable, ref: boolean): void {
  if (refd.has(stream) === ref) return;
  if (ref) {
    refd.add(stream);
    stream.ref();
  } else {
    refd.delete(stream);
    stream.unref();
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Whether this Bun reads an inotify descriptor as {@link streamWaiter} needs it: an event during a wait arrives
 * whole, and an event at another time stays in the kernel.
 */
export async function streamWorks(c: Omit<Libc, "waiter">): Promise<boolean> {
  const fd = c.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd === -1) return true; // at the limit, so assume that it works
  const waiter = streamWaiter(fd);
  try {
    const bytes = new Promise<Uint8Array | undefined>((...callbacks) => waiter.wait(...callbacks));
    if (!queueEvent(c, fd)) return true; // likewise
    const arrived = await within(PATIENCE, bytes);
    queueEvent(c, fd);
    for (let i = 0; i < TURNS; i++) await turn();
    return arrived?.byteLength === SIZEOF_EVENT &&
      c.read(fd, new Uint8Array(1024), 1024) === SIZEOF_EVENT;
  } catch {
    return false;
  } finally {
    // In this order: Bun closes its duplicate, the last one, on another thread, so that this one need not wait
    // for the kernel, nor load node:fs for that.
    c.close(fd);
    await waiter.release();
  }
}

/** How many bytes to ask Bun for; it may return more. */
const SIZE = 65536;
/** From how many bytes on a chunk is large. Bun keeps reading when its buffer of 240 KiB is full. */
const LARGE = 32768;
/** `sizeof(struct inotify_event)`: the size of an event without a name. */
const SIZEOF_EVENT = 16;
/** How long the test waits for an event, in milliseconds. A working stream takes less than one. */
const PATIENCE = 1000;

/** Turns of the event loop in which a Bun that reads ahead would do so. An expected read takes two. */
const TURNS = 4;

/** Queues an `IN_IGNORED` event. @returns whether that worked */
function queueEvent(c: Pick<Libc, "inotify_add_watch" | "inotify_rm_watch">, fd: number): boolean {
  const root = new Uint8Array([0x2f, 0]);
  const IN_DELETE_SELF = 0x400;
  return c.inotify_rm_watch(fd, c.inotify_add_watch(fd, root, IN_DELETE_SELF)) === 0;
}

/** A promise's value, or `undefined` if it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  const settled = promise.then((value) => result = value);
  // In short delays, since a long one would keep the process alive.
  for (let left = milliseconds; result === undefined && left > 0; left--) {
    await Promise.race([settled, delay(1)]);
  }
  return result;
}
