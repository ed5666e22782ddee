/**
 * How Deno waits: one parked poll(2) for all descriptors of an isolate.
 *
 * A nonblocking FFI call takes one of the 32 threads that Deno's asynchronous file functions share, so there is
 * one call for all instances. It returns when a descriptor is ready, or its pipe: a byte in it makes the call
 * start again with other descriptors. close(2) of a descriptor does not wake poll(2), so none is closed during
 * the call. When the program ends, the writing end of the pipe is closed, which wakes the call and frees its
 * thread.
 *
 * @module
 */

import { CallFailure, O_CLOEXEC, O_NONBLOCK, POLLIN, type Waiter } from "./contract.ts";
import { EAGAIN, EINTR } from "./errno.ts";
import type { Descriptors } from "./descriptors.ts";

/** The calls of the reactor. */
export interface ReactorCalls {
  /** `errno` of this thread; valid only immediately after a call. */
  errno(): number;
  /** pipe2(2) */
  pipe2(pipefd: Int32Array<ArrayBuffer>, flags: number): number;
  /** read(2) */
  read(fd: number, buf: Uint8Array<ArrayBuffer>, count: bigint): number | bigint;
  /** write(2) */
  write(fd: number, buf: Uint8Array<ArrayBuffer>, count: bigint): number | bigint;
  /** poll(2) */
  poll(fds: Int32Array<ArrayBuffer>, nfds: bigint, timeout: number): number;
  /** poll(2) on another thread. */
  parked_poll(fds: Int32Array<ArrayBuffer>, nfds: bigint, timeout: number): Promise<number>;
}

/** The part of Deno's internal core that refs and unrefs a promise: there is no other way for an FFI call. */
interface OpReferences {
  refOpPromise(promise: Promise<unknown>): void;
  unrefOpPromise(promise: Promise<unknown>): void;
}

interface Wait {
  /** What it waits for. */
  readonly events: number;
  readonly ready: () => void;
  readonly failed: (error: Error) => void;
  ref: boolean;
}

/** The waiters of an isolate. It has a pipe while there are waiters, and a thread while one waits. */
export class Reactor {
  readonly #c: ReactorCalls;
  readonly #descriptors: Descriptors;
  readonly #waits = new Map<number, Wait>();
  readonly #references: OpReferences | undefined;
  readonly #bytes = new Uint8Array(64);
  #waiters = 0;
  /** The reading and the writing end of the pipe. */
  #pipe: readonly number[] = [];
  /** Whether calls are parked one after the other, until nobody waits for bytes. */
  #running = false;
  /** The promise of the parked call, or `undefined` if there is none. */
  #parked: Promise<number> | undefined;
  /** An array of `struct pollfd { int fd; short events; short revents; }`, two words each. */
  #pollfds = new Int32Array(2 * 8);

  constructor(calls: ReactorCalls, descriptors: Descriptors) {
    this.#c = calls;
    this.#descriptors = descriptors;
    this.#references = opReferences();
  }

  /** A waiter for `fd`; see {@link Waiter}. */
  waiter(fd: number, events: number = POLLIN): Waiter {
    if (this.#waiters === 0) this.#pipe = this.#openPipe();
    this.#waiters++;
    let ref = true;
    const setRef = (value: boolean) => {
      ref = value;
      const wait = this.#waits.get(fd);
      if (wait !== undefined) wait.ref = value;
      this.#updateRef();
    };
    return {
      wait: (ready, failed) => {
        this.#waits.set(fd, { events, ready, failed, ref });
        if (this.#running) {
          this.#updateRef();
          this.#wake();
        } else if (events === POLLIN) {
          void this.#run();
        }
      },
      ref: () => setRef(true),
      unref: () => {
        if (this.#references === undefined) {
          throw new Error(
            `Cannot unref: Deno ${Deno.version.deno} has no way to unref an FFI call`,
          );
        }
        setRef(false);
      },
      release: async () => {
        setRef(true);
        const wait = this.#waits.get(fd);
        if (wait !== undefined) {
          this.#waits.delete(fd);
          this.#wake();
          await this.#parked;
          wait.ready();
        }
        if (--this.#waiters === 0) this.#pipe.forEach((end) => this.#descriptors.close(end));
      },
    };
  }

  /** Whether somebody waits for bytes. A call that had to be made for others only would be woken by the next reader. */
  get #isNeeded(): boolean {
    for (const { events } of this.#waits.values()) if (events === POLLIN) return true;
    return false;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#isNeeded) {
      const nfds = BigInt(this.#fillPollfds());
      this.#parked = this.#c.parked_poll(this.#pollfds, nfds, -1);
      this.#updateRef();
      let result = await this.#parked;
      this.#parked = undefined;
      if (this.#descriptors.ended) return; // nobody waits any more, and the numbers may be in use again
      // The errno is that of another thread, so repeat the call on this one.
      if (result === -1) result = this.#c.poll(this.#pollfds, nfds, 0);
      if (result === -1) {
        const errno = this.#c.errno();
        // poll(2) does not set EAGAIN, but Deno's signal handler does when its pipe is full.
        if (errno !== EINTR && errno !== EAGAIN) this.#rejectAll(new CallFailure("poll", errno));
      } else {
        this.#settle(Number(nfds));
      }
    }
    this.#running = false;
  }

  /** @returns the number of entries: the pipe, then the descriptors with a pending wait */
  #fillPollfds(): number {
    const nfds = 1 + this.#waits.size;
    if (this.#pollfds.length < 2 * nfds) this.#pollfds = new Int32Array(4 * nfds);
    let i = 0;
    this.#pollfds[i++] = this.#pipe[0];
    this.#pollfds[i++] = POLLIN;
    for (const [fd, { events }] of this.#waits) {
      this.#pollfds[i++] = fd;
      this.#pollfds[i++] = events;
    }
    return nfds;
  }

  #settle(nfds: number): void {
    const pollfds = this.#pollfds;
    if (pollfds[1] !== POLLIN) this.#c.read(this.#pipe[0], this.#bytes, BigInt(this.#bytes.length));
    const ready: Wait[] = [];
    for (let i = 2; i < 2 * nfds; i += 2) {
      const revents = pollfds[i + 1] >> 16;
      const wait = revents === 0 ? undefined : this.#waits.get(pollfds[i]);
      if (wait === undefined) continue;
      this.#waits.delete(pollfds[i]);
      ready.push(wait);
    }
    for (const wait of ready) wait.ready(); // which may wait again
  }

  #rejectAll(reason: CallFailure): void {
    const waits = [...this.#waits.values()];
    this.#waits.clear();
    for (const wait of waits) wait.failed(reason);
  }

  #wake(): void {
    if (this.#parked !== undefined && !this.#descriptors.ended) {
      this.#c.write(this.#pipe[1], this.#bytes, 1n);
    }
  }

  /** The parked call keeps the process alive if one of its waits does. */
  #updateRef(): void {
    if (this.#parked === undefined) return;
    const ref = [...this.#waits.values()].some((wait) => wait.ref);
    if (ref) this.#references?.refOpPromise(this.#parked);
    else this.#references?.unrefOpPromise(this.#parked);
  }

  #openPipe(): number[] {
    const pipe = new Int32Array(2);
    const result = this.#c.pipe2(pipe, O_NONBLOCK | O_CLOEXEC);
    if (result === -1) throw new CallFailure("pipe2", this.#c.errno());
    return Array.from(pipe, (end) => this.#descriptors.add(end));
  }
}

function opReferences(): OpReferences | undefined {
  const internal = (Deno as unknown as Record<symbol, unknown>)[
    (Deno as unknown as { internal: symbol }).internal
  ] as { core?: Partial<OpReferences> } | undefined;
  const core = internal?.core;
  return core?.refOpPromise && core.unrefOpPromise ? core as OpReferences : undefined;
}
