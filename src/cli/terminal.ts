/**
 * `Terminal`: the terminal of this process, lent to the programs that it runs.
 *
 * One process group has the foreground of a terminal: only it may read, and it gets Ctrl-C and Ctrl-Z.
 *
 * @module
 */

import { constants } from "node:os";
import { type Libc, SIG_IGN, TCSANOW } from "../../ffi/contract.ts";

/** Moves the cursor to the top and erases the screen ("Cursor Position", "Erase in Page" of ECMA-48). */
export const CLEAR = "\x1b[H\x1b[J";

const STDIN = 0;

/** The terminal on stdin. */
export class Terminal {
  readonly #libc: Libc;
  /** The process group that has it from this process; 0 for none. */
  #borrower = 0;
  readonly #modes = new Uint8Array(64); // a struct termios

  constructor(libc: Libc) {
    this.#libc = libc;
    // The kernel sends it to a process in the background that takes the terminal back, and it would stop.
    libc.signal(constants.signals.SIGTTOU, SIG_IGN);
  }

  /** The terminal on stdin, if there is one. */
  static onStdin(libc: Libc): Terminal | undefined {
    return libc.isatty(STDIN) === 1 ? new Terminal(libc) : undefined;
  }

  /** Whether a process group has it from this process. */
  isLentTo(group: number): boolean {
    return this.#borrower === group;
  }

  /** Lends it to a process group, if this process has it: one in the background may not take it. */
  lend(group: number): void {
    const holder = this.#libc.tcgetpgrp(STDIN);
    if (holder === this.#libc.getpgid(0)) {
      this.#libc.tcgetattr(STDIN, this.#modes);
      if (this.#libc.tcsetpgrp(STDIN, group) === 0) this.#borrower = group;
    } else if (holder !== this.#borrower) {
      this.#borrower = 0; // a shell has taken it
    }
  }

  /** Takes it back, if it is lent. */
  takeBack(): void {
    if (this.#borrower === 0) return;
    this.#borrower = 0;
    this.#libc.tcsetpgrp(STDIN, this.#libc.getpgid(0));
  }

  /** Restores its modes of when it was lent: a program that was killed could not. */
  reset(): void {
    this.#libc.tcsetattr(STDIN, TCSANOW, this.#modes);
  }
}
