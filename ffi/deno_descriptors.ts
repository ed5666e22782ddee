/**
 * What a program has open in a process of Deno, where `--watch` runs another program after it.
 *
 * Deno emits "unload" before that, and all is closed: at once, since no promise settles any more. But it
 * emits nothing with `--watch-hmr`, or after an uncaught error. So there is a list, too, which is not the
 * program's but the thread's (pthread_setspecific(3)): the next program on that thread closes what is on it.
 *
 * @module
 */

import type { Libc } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** What the list takes. What a key holds is a number here, and no pointer. */
export interface ListCalls {
  /** pthread_key_create(3) */
  pthread_key_create(key: Uint32Array<ArrayBuffer>, destructor: null): number;
  /** pthread_key_delete(3) */
  pthread_key_delete(key: number): number;
  /** pthread_setspecific(3) */
  pthread_setspecific(key: number, value: bigint): number;
  /** pthread_getspecific(3) */
  pthread_getspecific(key: number): bigint;
}

/** The upper half of what a key of the list holds; the lower one is a descriptor. */
const LISTED = 0x696e6f74n << 32n;
/** The lower half of a key that is not in use. */
const NONE = 0xffffffffn;
/** How many keys are used; a process has 1024 of them, for all that runs in it. */
const MOST_KEYS = 64;
/** Below which number keys are looked for; the lowest that are free are given first. */
const LAST_KEY = 256;

/** Set where the list was looked through: what is on it since then is of this program. */
const LOOKED = Symbol.for("@inotify/inotify descriptors");

/** Those of a program that another one may follow. */
export class ProgramDescriptors implements Descriptors {
  readonly #libc: Pick<Libc, "close" | "closeOffThread">;
  readonly #c: ListCalls | undefined;
  /** What is open, each with its key, if there was one left. */
  readonly #open = new Map<number, number | undefined>();
  readonly #keys: number[] = [];
  readonly #unused: number[] = [];

  /** @param calls none where there can be no list */
  constructor(libc: Pick<Libc, "close" | "closeOffThread">, calls: ListCalls | undefined) {
    this.#libc = libc;
    this.#c = calls;
    const shared = globalThis as { [LOOKED]?: true };
    if (calls !== undefined && !shared[LOOKED]) {
      shared[LOOKED] = true;
      this.#closeListed(calls);
    }
    addEventListener("unload", () => this.#unload());
  }

  /** See {@link Descriptors.add}. */
  add(fd: number): number {
    const key = this.#unused.pop() ?? this.#newKey();
    if (key !== undefined) this.#c?.pthread_setspecific(key, LISTED | BigInt(fd));
    this.#open.set(fd, key);
    return fd;
  }

  /** See {@link Descriptors.close}. */
  close(fd: number): number {
    return this.#forget(fd) ? this.#libc.close(fd) : 0;
  }

  /** See {@link Descriptors.closeOffThread}. */
  async closeOffThread(fd: number): Promise<void> {
    if (this.#forget(fd)) await this.#libc.closeOffThread(fd);
  }

  /** @returns whether it was open; if not, what has its number now is another's */
  #forget(fd: number): boolean {
    const key = this.#open.get(fd);
    if (key !== undefined) {
      this.#c?.pthread_setspecific(key, LISTED | NONE);
      this.#unused.push(key);
    }
    return this.#open.delete(fd);
  }

  #newKey(): number | undefined {
    if (this.#keys.length === MOST_KEYS) return undefined;
    const key = new Uint32Array(1);
    if (this.#c?.pthread_key_create(key, null) !== 0) return undefined;
    this.#keys.push(key[0]);
    return key[0];
  }

  /** Closes what the last program on this thread has left, and takes over its keys. */
  #closeListed(calls: ListCalls): void {
    for (let key = 0; key < LAST_KEY; key++) {
      const value = calls.pthread_getspecific(key);
      if (value >> 32n !== LISTED >> 32n) continue;
      const fd = value & NONE;
      if (fd !== NONE) this.#libc.close(Number(fd));
      calls.pthread_setspecific(key, LISTED | NONE);
      this.#keys.push(key);
      this.#unused.push(key);
    }
  }

  #unload(): void {
    for (const fd of this.#open.keys()) this.close(fd);
    for (const key of this.#keys.splice(0)) this.#c?.pthread_key_delete(key);
    this.#unused.length = 0;
  }
}
