/**
 * How Node.js waits: a `uv_poll_t` for each descriptor, in Node's own event loop.
 *
 * @module
 */

import { CallFailure, type Waiter } from "./contract.ts";
import { ENOMEM } from "./errno.ts";
import { afterPromises, soon } from "./time.ts";

/** The calls of the poller: malloc(3), free(3), and functions of libuv. */
export interface PollerCalls {
  malloc(size: bigint): bigint;
  free(pointer: bigint): void;
  uv_handle_size(type: number): bigint;
  uv_poll_init(loop: bigint, handle: bigint, fd: number): number;
  uv_poll_start(handle: bigint, events: number, callback: bigint): number;
  uv_poll_stop(handle: bigint): number;
  uv_ref(handle: bigint): void;
  uv_unref(handle: bigint): void;
  uv_close(handle: bigint, callback: bigint): void;
}

/** C function pointers for JavaScript functions. */
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

/** The part of `process` that this file uses. */
interface NodeProcess {
  /** Whether "exit" is being emitted, or was. */
  readonly _exiting: boolean;
  prependListener(name: "exit", listener: () => void): void;
  getBuiltinModule(name: "node:process"): NodeProcess;
}

/** The state of a handle, which libuv's callbacks find by its address. */
interface Handle {
  /** Whether libuv polls the descriptor. */
  active: boolean;
  /** Ends the pending wait; `undefined` if there is none. */
  readable: (() => void) | undefined;
  /** Called when libuv has closed the handle. */
  closed: (() => void) | undefined;
}

/**
 * Makes the waiters of one event loop.
 *
 * After "exit" Node runs that loop once more, to close its own handles. A callback into JavaScript would then
 * abort the process. So from "exit" on libuv polls and closes nothing here, and pending waits stay pending.
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
    // After a callback Node runs neither microtasks nor process.nextTick, and an exception in one ends the
    // process. So callbacks only schedule the work for the next turn.
    this.#onPoll = callbacks.poll((address, status) => this.#polled(address, status));
    this.#onClose = callbacks.close((address) => soon(this.#handles.get(address)!.closed!));
    const process = realProcess();
    if (process._exiting) this.#ended = true;
    else process.prependListener("exit", () => this.#end()); // before listeners that may throw
  }

  /** A waiter for `fd`; see {@link Waiter}. */
  waiter(fd: number): Waiter {
    const c = this.#c;
    const address = this.#openHandle(fd);
    const handle: Handle = { active: false, readable: undefined, closed: undefined };
    this.#handles.set(address, handle);
    let ref = true;
    let isHeld = true;
    let pending: (() => void) | undefined;
    /** Whether the handle keeps the process alive. */
    const hold = (value: boolean) => {
      if (value === isHeld) return;
      isHeld = value;
      if (value) c.uv_ref(address);
      else c.uv_unref(address);
    };
    const settle = () => {
      const ready = pending;
      pending = undefined;
      ready?.();
    };
    const rest = () => hold(ref && pending !== undefined);
    const readable = () => {
      settle();
      // Only during a wait, but most often the next one begins before the event loop goes on.
      afterPromises(rest);
    };
    return {
      wait: (ready, failed) => {
        if (this.#ended) return;
        const result = handle.active ? 0 : c.uv_poll_start(address, UV_READABLE, this.#onPoll);
        if (result !== 0) return failed(new CallFailure("uv_poll_start", -result));
        handle.active = true;
        handle.readable = readable;
        pending = ready;
        hold(ref);
      },
      ref() {
        ref = true;
        if (pending !== undefined) hold(true);
      },
      unref() {
        ref = false;
        hold(false);
      },
      release: () =>
        new Promise((released) => {
          if (this.#ended) return;
          handle.readable = undefined;
          handle.closed = () => {
            this.#handles.delete(address);
            c.free(address);
            settle();
            released();
          };
          handle.active = false; // uv_close() stops it; libuv aborts if uv_poll_stop() follows
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
   * Polling is level-triggered. It continues while the reader keeps up, which saves three system calls for each
   * wake-up, and stops when the descriptor is readable without a pending wait.
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

/** The process object that emits "exit": the global one may be a copy, as in a test runner's sandbox. */
function realProcess(): NodeProcess {
  const { process } = globalThis as unknown as { process: NodeProcess };
  return process.getBuiltinModule("node:process");
}
