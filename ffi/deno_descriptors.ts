/**
 * `ProgramDescriptors`: the descriptors of a program that `deno run --watch` replaces by the next one.
 *
 * Before that, Deno emits "unload", and its listener closes all of them, synchronously, since no promise settles
 * any more. But Deno emits nothing with `--watch-hmr`, or after an uncaught error. So the descriptors are also
 * listed in thread-specific data (pthread_setspecific(3)), which outlives the program: the next program on the
 * thread closes them.
 *
 * @module
 */

import type { Libc } from "./contract.ts";
import type { Descriptors } from "./descriptors.ts";

/** The calls of the list. A key's value is a number, not a pointer. */
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

/** The upper half of a value in the list; the lower half is a descriptor. */
const LISTED = 0x696e6f74n << 32n;
/** The lower half if the key is not in use. */
const NONE = 0xffffffffn;
/** The most keys to use; a process has 1024 in all. */
const MOST_KEYS = 64;
/** Keys of an earlier program are below this; the lowest free key is given first. */
const LAST_KEY = 256;

/** Set once this program has closed what an earlier one had listed. */
const CLEANED = Symbol.for("@inotify/inotify descriptors");

/** The descriptors of a program that another one may replace. */
export class ProgramDescriptors implements Descriptors {
  readonly #libc: Pick<Libc, "close" | "closeOffThread">;
  readonly #c: ListCalls | undefined;
  /** The open descriptors, each with its key, if one was left. */
  readonly #open = new Map<number, number | undefined>();
  readonly #keys: number[] = [];
  readonly #unused: number[] = [];
  /** See {@link Descriptors.ended}. */
  ended = false;

  /** @param calls `undefined` if the C library does not allow a list */
  constructor(libc: Pick<Libc, "close" | "closeOffThread">, calls: ListCalls | undefined) {
    this.#libc = libc;
    this.#c = calls;
    const shared = globalThis as { [CLEANED]?: true };
    if (calls !== undefined && !shared[CLEANED]) {
      shared[CLEANED] = true;
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
    return this.#remove(fd) ? this.#libc.close(fd) : 0;
  }

  /** See {@link Descriptors.closeOffThread}. */
  async closeOffThread(fd: number): Promise<void> {
    if (this.#remove(fd)) await this.#libc.closeOffThread(fd);
  }

  /** @returns whether it was open; if not, its number belongs to somebody else */
  #remove(fd: number): boolean {
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

  /** Closes what the previous program on this thread left open, and takes over its keys. */
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
    this.ended = true;
    for (const fd of this.#open.keys()) this.close(fd);
    for (const key of this.#keys.splice(0)) this.#c?.pthread_key_delete(key);
    this.#unused.length = 0;
  }
}
