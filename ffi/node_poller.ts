/**
 * How Node.js waits: a `uv_poll_t` for each descriptor, in Node's own event loop.
 *
 * @module
 */

import { CallFailure, type Waiter } from "./contract.ts";
import { ENOMEM } from "./errno.ts";
import { soon } from "./time.ts";

/** What the poller calls. */
export interface PollerCalls {
  /** malloc(3) */
  malloc(size: bigint): bigint;
  /** free(3) */
  free(pointer: bigint): void;
  /** libuv's function */
  uv_handle_size(type: number): bigint;
  /** libuv's function */
  uv_poll_init(loop: bigint, handle: bigint, fd: number): number;
  /** libuv's function */
  uv_poll_start(handle: bigint, events: number, callback: bigint): number;
  /** libuv's function */
  uv_poll_stop(handle: bigint): number;
  /** libuv's function */
  uv_ref(handle: bigint): void;
  /** libuv's function */
  uv_unref(handle: bigint): void;
  /** libuv's function */
  uv_close(handle: bigint, callback: bigint): void;
}

/** The C pointers of functions of JavaScript, by what they take. */
export interface Callbacks {
  /** `uv_poll_cb` */
  poll(callback: (handle: bigint, status: number, events: number) => void): bigint;
  /** `uv_close_cb` */
  close(callback: (handle: bigint) => void): bigint;
}

/** `UV_POLL` of enum uv_handle_type (uv.h). */
const UV_POLL = 8;
/** `UV_READABLE` of enum uv_poll_event (uv.h). */
const UV_READABLE = 1;

/** The part of `process` that is used. */
interface NodeProcess {
  /** Whether "exit" is being emitted, or has been. */
  readonly _exiting: boolean;
  prependListener(name: "exit", listener: () => void): void;
  getBuiltinModule(name: "node:process"): NodeProcess;
}

/** What libuv's callbacks find by the address of a handle. */
interface Handle {
  /** libuv polls the descriptor. */
  active: boolean;
  /** Ends the pending wait; `undefined` while nobody waits. */
  readable: (() => void) | undefined;
  /** Called when libuv has let go of the handle. */
  closed: (() => void) | undefined;
}

/**
 * Makes the waiters of one event loop.
 *
 * After "exit" Node runs that loop once more, to close what it has opened itself. A callback into
 * JavaScript aborts the process then, so from "exit" on nothing is polled or closed by libuv, and
 * whoever waits does so until the end.
 */
export class Poller {
  readonly #c: PollerCalls;
  readonly #loop: bigint;
  readonly #handles = new Map<bigint, Handle>();
  #ended = false;
  readonly #onPoll: bigint;
  readonly #onClose: bigint;

  constructor(calls: PollerCalls, callbacks: Callbacks, loop: bigint) {
    this.#c = calls;
    this.#loop = loop;
    // After a callback Node runs neither microtasks nor process.nextTick, and an exception in one
    // ends the process: so they do next to nothing, and the next turn goes on from there.
    this.#onPoll = callbacks.poll((address, status) => this.#polled(address, status));
    this.#onClose = callbacks.close((address) => soon(this.#handles.get(address)!.closed!));
    const process = realProcess();
    if (process._exiting) this.#ended = true;
    else process.prependListener("exit", () => this.#end()); // before one that may throw
  }

  /** A waiter for `fd`; see {@link Waiter}. */
  waiter(fd: number): Waiter {
    const c = this.#c;
    const address = this.#openHandle(fd);
    const handle: Handle = { active: false, readable: undefined, closed: undefined };
    this.#handles.set(address, handle);
    let ref = true;
    let resolveWait: (() => void) | undefined;
    const resolve = () => {
      resolveWait?.();
      resolveWait = undefined;
    };
    const readable = () => {
      c.uv_unref(address); // it counts for the life of the process only while somebody waits
      resolve();
    };
    return {
      wait: () =>
        new Promise<undefined>((resolve, reject) => {
          if (this.#ended) return;
          const result = handle.active ? 0 : c.uv_poll_start(address, UV_READABLE, this.#onPoll);
          if (result !== 0) return reject(new CallFailure("uv_poll_start", -result));
          handle.active = true;
          resolveWait = () => resolve(undefined);
          handle.readable = readable;
          if (ref) c.uv_ref(address);
        }),
      ref() {
        ref = true;
        if (resolveWait !== undefined) c.uv_ref(address);
      },
      unref() {
        ref = false;
        c.uv_unref(address);
      },
      release: () =>
        new Promise((released) => {
          if (this.#ended) return;
          handle.readable = undefined;
          handle.closed = () => {
            this.#handles.delete(address);
            c.free(address);
            resolve();
            released();
          };
          handle.active = false; // uv_close() stops it, and libuv aborts where uv_poll_stop() follows
          c.uv_close(address, this.#onClose);
        }),
    };
  }

  /** @returns the address of a new `uv_poll_t` for `fd` */
  #openHandle(fd: number): bigint {
    const address = this.#c.malloc(this.#c.uv_handle_size(UV_POLL));
    if (address === 0n) throw new CallFailure("malloc", ENOMEM);
    const result = this.#c.uv_poll_init(this.#loop, address, fd);
    if (result === 0) return address;
    this.#c.free(address);
    throw new CallFailure("uv_poll_init", -result);
  }

  #end(): void {
    this.#ended = true;
    for (const [address, { active }] of this.#handles) {
      if (active) this.#c.uv_poll_stop(address);
    }
  }

  /**
   * Polling is level-triggered. It goes on while the reader keeps up, which saves three system calls
   * a wake-up, and ends when a descriptor is readable and nobody waits.
   */
  #polled(address: bigint, status: number): void {
    const handle = this.#handles.get(address)!;
    const { readable } = handle;
    handle.readable = undefined;
    if (readable === undefined) this.#c.uv_poll_stop(address);
    else soon(readable);
    handle.active = readable !== undefined && status === 0;
  }
}

/** The one that emits "exit": a test runner's sandbox may have a copy of it for its global. */
function realProcess(): NodeProcess {
  const { process } = globalThis as unknown as { process: NodeProcess };
  return process.getBuiltinModule("node:process");
}
