/**
 * Which paths are of interest: `--exclude`, `--include`, and their like.
 *
 * @module
 */

import { REG_EXTENDED, REG_ICASE, REG_NOMATCH, REG_NOSUB } from "../../../ffi/contract.ts";
import { libc } from "../../../ffi/libc.ts";
import { cString, sharedCString } from "../../kernel/byte_string.ts";

/** A POSIX extended regular expression (regex(7)), as the C library understands it. */
export class Pattern {
  // A buffer of its own that never moves: regcomp(3) keeps its memory by it.
  readonly #preg = new Uint8Array(new ArrayBuffer(256));
  readonly #open: boolean;

  /** Compiles it. @throws {SyntaxError} if it is none */
  constructor(regex: string, ignoreCase: boolean) {
    const flags = REG_EXTENDED | REG_NOSUB | (ignoreCase ? REG_ICASE : 0);
    if (libc().regcomp(this.#preg, cString(regex), flags) !== 0) {
      throw new SyntaxError(`"${regex}" is not an extended regular expression`);
    }
    this.#open = !/\$|\\[>bB']/.test(regex);
  }

  /** Whether it matches somewhere in a path. @throws {Error} if that cannot be told */
  matches(path: string): boolean {
    const result = libc().regexec(this.#preg, sharedCString(path));
    if (result > REG_NOMATCH) {
      throw new Error(`Cannot tell whether ${JSON.stringify(path)} matches: out of memory`);
    }
    return result === 0;
  }

  /**
   * Whether it is for sure that it matches whatever begins with this: it does match, and nothing in it
   * looks at what follows.
   */
  matchesAllBelow(directory: string): boolean {
    return this.#open && this.matches(directory);
  }
}

/** What is let through. */
export class Filter {
  readonly #exclude: readonly Pattern[];
  readonly #include: readonly Pattern[];

  /** Puts patterns together. @param include if there are any, what none of them matches is left out */
  constructor(exclude: readonly Pattern[], include: readonly Pattern[]) {
    this.#exclude = exclude;
    this.#include = include;
  }

  /** Whether the path of an event is let through. */
  takes(path: string): boolean {
    return !this.#exclude.some((pattern) => pattern.matches(path)) &&
      (this.#include.length === 0 || this.#include.some((pattern) => pattern.matches(path)));
  }

  /** Whether nothing below a directory is let through. @param directory with a slash at its end */
  prunes(directory: string): boolean {
    return this.#exclude.some((pattern) => pattern.matchesAllBelow(directory));
  }

  /** Whether everything is let through. */
  get takesAll(): boolean {
    return this.#exclude.length === 0 && this.#include.length === 0;
  }
}
