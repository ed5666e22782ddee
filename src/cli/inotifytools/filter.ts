/**
 * `Filter`: the paths that `--exclude`, `--include` and their like let through.
 *
 * @module
 */

import {
  type Libc,
  REG_EXTENDED,
  REG_ICASE,
  REG_NOMATCH,
  REG_NOSUB,
} from "../../../ffi/contract.ts";
import { cString, sharedCString } from "../../kernel/byte_string.ts";

/** A POSIX extended regular expression (regex(7)), compiled by the C library. */
export class Pattern {
  readonly #libc: Libc;
  // With an ArrayBuffer of its own, which is never moved: what regcomp(3) makes is found by its address.
  readonly #preg = new Uint8Array(new ArrayBuffer(256));
  readonly #isOpenEnded: boolean;

  /** @throws {SyntaxError} if it is no regular expression */
  constructor(libc: Libc, regex: string, ignoreCase: boolean) {
    this.#libc = libc;
    const flags = REG_EXTENDED | REG_NOSUB | (ignoreCase ? REG_ICASE : 0);
    if (libc.regcomp(this.#preg, cString(regex), flags) !== 0) {
      throw new SyntaxError(`"${regex}" is not an extended regular expression`);
    }
    this.#isOpenEnded = !/\$|\\[>bB']/.test(regex);
  }

  /** Whether some part of a path matches. @throws {Error} if memory is short */
  matches(path: string): boolean {
    const result = this.#libc.regexec(this.#preg, sharedCString(path));
    if (result > REG_NOMATCH) {
      throw new Error(`Cannot tell whether ${JSON.stringify(path)} matches: out of memory`);
    }
    return result === 0;
  }

  /** Whether every path that begins with `directory` is sure to match: it does, and no `$` and the like follow. */
  matchesAllBelow(directory: string): boolean {
    return this.#isOpenEnded && this.matches(directory);
  }
}

/** Patterns that exclude and include paths. */
export class Filter {
  readonly #exclude: readonly Pattern[];
  readonly #include: readonly Pattern[];

  /** @param include if there are any, a path must match one of them */
  constructor(exclude: readonly Pattern[], include: readonly Pattern[]) {
    this.#exclude = exclude;
    this.#include = include;
  }

  /** Whether it lets the path of an event through. */
  takes(path: string): boolean {
    return !this.#exclude.some((pattern) => pattern.matches(path)) &&
      (this.#include.length === 0 || this.#include.some((pattern) => pattern.matches(path)));
  }

  /** Whether it lets nothing through that is below a directory. @param directory ends with a slash */
  prunes(directory: string): boolean {
    return this.#exclude.some((pattern) => pattern.matchesAllBelow(directory));
  }

  /** Whether it lets everything through. */
  get takesAll(): boolean {
    return this.#exclude.length === 0 && this.#include.length === 0;
  }
}
