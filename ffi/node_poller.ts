/**
 * How Node.js waits: a `uv_poll_t` for each descriptor, in Node's own event loop.
 *
 * @module
 */

import { CallFailure, type Waiter } from "./contract.ts";
import type { NodeLibrary, NodeSymbols } from "./node.ts";

/** `UV_POLL` of enum uv_handle_type (uv.h). */
const UV_POLL = 8;
/** `UV_READABLE` of enum uv_poll_event (uv.h). */
const UV_READABLE = 1;
const ENOMEM = 12;

/** What libuv's callbacks find by the address of a handle. */
interface Handle {
  /** libuv polls the descriptor. */
  active: boolean;
  /** Ends the pending wait; `undefined` while nobody waits. */
  readable: (() => void) | undefined;
  /** Called when libuv has let go of the handle. */
  closed: (() => void) | undefined;
}

/** Makes the waiters of one event loop. */
export class Poller {
  readonly #c: NodeSymbols;
  readonly #loop: bigint;
  readonly #handles = new Map<bigint, Handle>();
  readonly #onPoll: bigint;
  readonly #onClose: bigint;

  constructor(symbols: NodeSymbols, library: NodeLibrary, loop: bigint) {
    this.#c = symbols;
    this.#loop = loop;
    // After a callback Node runs neither microtasks nor process.nextTick, and an exception in one
    // ends the process: so they do next to nothing, and setImmediate goes on from there.
    this.#onPoll = library.registerCallback(
      { arguments: ["pointer", "i32", "i32"], return: "void" },
      (address: bigint, status: number) => this.#polled(address, status),
    );
    this.#onClose = library.registerCallback(
      { arguments: ["pointer"], return: "void" },
      (address: bigint) => void setImmediate(this.#handles.get(address)!.closed!),
    );
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
      c.uv_unref(address);
      resolve();
    };
    // A handle counts for the life of the process only while somebody waits; it starts unref'd.
    c.uv_unref(address);
    return {
      wait: () =>
        new Promise<undefined>((resolve) => {
          resolveWait = () => resolve(undefined);
          handle.readable = readable;
          if (!handle.active) c.uv_poll_start(address, UV_READABLE, this.#onPoll);
          handle.active = true;
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
          handle.readable = undefined;
          handle.closed = () => {
            this.#handles.delete(address);
            c.free(address);
            resolve();
            released();
          };
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

  /**
   * Polling is level-triggered. It goes on while the reader keeps up, which saves three system calls
   * a wake-up, and ends when a descriptor is readable and nobody waits.
   */
  #polled(address: bigint, status: number): void {
    const handle = this.#handles.get(address)!;
    const { readable } = handle;
    handle.readable = undefined;
    if (readable === undefined) this.#c.uv_poll_stop(address);
    else setImmediate(readable);
    handle.active = readable !== undefined && status === 0;
  }
}
