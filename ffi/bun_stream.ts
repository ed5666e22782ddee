/**
 * How Bun waits: its event loop reads the descriptor as a stream, with no thread.
 *
 * Nothing documents that `Bun.file(fd).stream()` may be used on an inotify descriptor, so
 * {@link streamWorks} tries it before it is relied on.
 *
 * @module
 */

import { IN_CLOEXEC, IN_NONBLOCK, type Libc, type Waiter } from "./contract.ts";
import { delay, turn } from "./time.ts";

/** The part of node:stream's `Readable` that is used, with what Bun adds to a native one. */
interface NativeReadable {
  on(event: "close", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  push(chunk: Uint8Array | null): boolean;
  _read(size: number): void;
  destroy(): void;
  ref(): void;
  unref(): void;
}

/** What of Bun's globals is used. */
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

/** A waiter for `fd` whose `wait()` resolves with bytes; see {@link Waiter}. */
export function streamWaiter(fd: number): Waiter {
  let stream: NativeReadable | undefined;
  let pending: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  let parts: Uint8Array[] = [];
  let failure: Error | undefined;
  let ref = true;

  const settle = (bytes: Uint8Array | undefined) => {
    const { resolve } = pending!;
    pending = undefined;
    resolve(bytes);
  };
  const fail = (error: Error) => {
    failure ??= error;
    pending?.reject(failure);
    pending = undefined;
  };
  const destroy = () => {
    stream?.destroy();
    stream = undefined;
  };
  const push = (bytes: Uint8Array | null) => {
    if (bytes === null || pending === undefined) {
      fail(
        new Error(`Bun has ${bytes ? "read ahead" : "ended"} the stream of an inotify descriptor`),
      );
      return false;
    }
    if (parts.length === 0 && bytes.length < LARGE) {
      hold(stream!, false);
      settle(bytes);
      return false;
    }
    parts.push(new Uint8Array(bytes)); // Bun may use its buffer again
    if (parts.length === 1) void delay(0).then(finish);
    stream!._read(SIZE);
    return false;
  };
  // After much at once Bun goes on reading, whether it is asked or not. So it is asked until there is
  // no more, and then has to begin anew.
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
    // Only the two functions at the bottom of a Readable are used: _read() asks for bytes once, and
    // push() gets them, with "no more" for its answer. So no turn of the event loop passes before the
    // bytes are here, as it does by a Readable's events.
    opened.push = (bytes) => opened === stream && push(bytes);
    opened.on("error", fail);
    opened.on("close", () => opened === stream && push(null));
    return opened;
  };
  return {
    wait() {
      if (failure !== undefined) return Promise.reject(failure);
      const { promise } = pending = Promise.withResolvers();
      stream ??= open();
      stream._read(SIZE);
      // A stream begins ref'd with a count of zero, where unref() alone does nothing.
      if (pending !== undefined) hold(stream, true);
      if (!ref) hold(stream, false);
      return promise;
    },
    ref() {
      ref = true;
      if (pending !== undefined && stream !== undefined) hold(stream, true);
    },
    unref() {
      ref = false;
      if (stream !== undefined) hold(stream, false);
    },
    async release() {
      destroy();
      await turn(); // Bun has closed its duplicate by then
      if (pending !== undefined) settle(undefined);
    },
  };
}

/** The streams that keep the process alive. */
const held = new WeakSet<NativeReadable>();

function hold(stream: NativeReadable, value: boolean): void {
  if (held.has(stream) === value) return;
  if (value) {
    held.add(stream);
    stream.ref();
  } else {
    held.delete(stream);
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
 * Whether this Bun reads an inotify descriptor as a stream in the way that is relied on: what comes
 * while somebody waits arrives whole, and what comes while nobody waits stays in the kernel.
 */
export async function streamWorks(c: Omit<Libc, "waiter">): Promise<boolean> {
  const fd = c.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd === -1) return true; // the limit is reached, and says nothing about streams
  const waiter = streamWaiter(fd);
  try {
    const bytes = waiter.wait();
    if (!queueEvent(c, fd)) return true; // likewise
    const arrived = await within(PATIENCE, bytes);
    queueEvent(c, fd);
    for (let i = 0; i < TURNS; i++) await turn();
    return arrived?.byteLength === SIZEOF_EVENT &&
      c.read(fd, new Uint8Array(1024), 1024) === SIZEOF_EVENT;
  } catch {
    return false;
  } finally {
    await waiter.release();
    await c.closeOffThread(fd);
  }
}

/** Bytes that Bun is asked for; it gives more. */
const SIZE = 65536;
/** How many bytes are much. Bun was seen to go on from 240 KiB, where it has filled its buffer. */
const LARGE = 32768;
/** `sizeof(struct inotify_event)`, of an event without a name. */
const SIZEOF_EVENT = 16;
/** Milliseconds after which the stream counts as mute. It takes less than one. */
const PATIENCE = 1000;

/** Turns of the event loop in which Bun would read ahead. What is waited for takes it two. */
const TURNS = 4;

/** Queues one event, `IN_IGNORED`. @returns whether that was possible */
function queueEvent(c: Pick<Libc, "inotify_add_watch" | "inotify_rm_watch">, fd: number): boolean {
  const root = new Uint8Array([0x2f, 0]);
  const IN_DELETE_SELF = 0x400;
  return c.inotify_rm_watch(fd, c.inotify_add_watch(fd, root, IN_DELETE_SELF)) === 0;
}

/** What a promise resolves with; or `undefined` if it has not by then. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  const settled = promise.then((value) => result = value);
  // By short delays, since a long one would keep the process alive.
  for (let left = milliseconds; result === undefined && left > 0; left--) {
    await Promise.race([settled, delay(1)]);
  }
  return result;
}
