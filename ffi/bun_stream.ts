/**
 * How Bun waits: its event loop reads the descriptor as a stream, with no thread.
 *
 * Nothing documents that `Bun.file(fd).stream()` may be used on an inotify descriptor, so
 * {@link streamWorks} tries it before it is relied on.
 *
 * @module
 */

import { IN_CLOEXEC, IN_NONBLOCK, type Libc, type Waiter } from "./contract.ts";

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
  const { Bun, process } = globalThis as unknown as BunGlobals;
  const { Readable } = process.getBuiltinModule("node:stream");
  // Only the two functions at the bottom of a Readable are used: _read() asks for bytes once, and
  // push() gets them, with "no more" for its answer. So nothing is read ahead, and no turn of the
  // event loop passes before the bytes are here, as it does by a Readable's events.
  const stream = Readable.fromWeb(Bun.file(fd).stream(), { highWaterMark: 0 });
  let pending: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  let failure: Error | undefined;
  let ref = true;
  let held = false;
  const hold = (value: boolean) => {
    if (held === value) return;
    held = value;
    if (held) stream.ref();
    else stream.unref();
  };
  stream.push = (bytes) => {
    if (bytes === null || pending === undefined) {
      fail(
        new Error(`Bun has ${bytes ? "read ahead" : "ended"} the stream of an inotify descriptor`),
      );
    } else {
      pending.resolve(bytes);
      pending = undefined;
      hold(false);
    }
    return false;
  };
  const fail = (error: Error) => {
    failure ??= error;
    pending?.reject(failure);
    pending = undefined;
  };
  stream.on("error", fail);
  const closed = new Promise<void>((resolve) => stream.on("close", resolve));
  closed.then(() => fail(new Error("Bun has ended the stream of an inotify descriptor")));
  return {
    wait() {
      if (failure !== undefined) return Promise.reject(failure);
      const { promise } = pending = Promise.withResolvers();
      stream._read(SIZE);
      // A stream begins ref'd with a count of zero, where unref() alone does nothing.
      if (pending !== undefined) hold(true);
      if (!ref) hold(false);
      return promise;
    },
    ref() {
      ref = true;
      if (pending !== undefined) hold(true);
    },
    unref() {
      ref = false;
      hold(false);
    },
    async release() {
      const { resolve } = pending ?? {};
      pending = undefined;
      stream.destroy();
      await closed;
      resolve?.(undefined);
    },
  };
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
    const arrived = await Promise.race([bytes, delay(PATIENCE)]);
    queueEvent(c, fd);
    await delay(0);
    return arrived?.byteLength === SIZEOF_EVENT &&
      c.read(fd, new Uint8Array(1024), 1024) === SIZEOF_EVENT;
  } catch {
    return false;
  } finally {
    await waiter.release();
    await c.closeOffThread(fd);
  }
}

/** Bytes that Bun reads at a time. */
const SIZE = 65536;
/** `sizeof(struct inotify_event)`, of an event without a name. */
const SIZEOF_EVENT = 16;
/** Milliseconds after which the stream counts as mute. It takes less than one. */
const PATIENCE = 1000;

/** Queues one event, `IN_IGNORED`. @returns whether that was possible */
function queueEvent(c: Pick<Libc, "inotify_add_watch" | "inotify_rm_watch">, fd: number): boolean {
  const root = new Uint8Array([0x2f, 0]);
  const IN_DELETE_SELF = 0x400;
  return c.inotify_rm_watch(fd, c.inotify_add_watch(fd, root, IN_DELETE_SELF)) === 0;
}

function delay(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}
