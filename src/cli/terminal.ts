/**
 * The terminal of this process, which it lends to what it runs.
 *
 * Of a session one process group has the foreground: to it go Ctrl-C and Ctrl-Z, and only it may read.
 *
 * @module
 */

import { constants } from "node:os";
import { type Libc, SIG_IGN, TCSANOW } from "../../ffi/contract.ts";

/** Moves to the top of a terminal and erases it ("Cursor Position", "Erase in Page" of ECMA-48). */
export const CLEAR = "\x1b[H\x1b[J";

const STDIN = 0;

/** A terminal on stdin. */
export class Terminal {
  readonly #libc: Libc;
  /** The process group that has it. */
  #borrower = 0;
  readonly #modes = new Uint8Array(64); // a struct termios

  constructor(libc: Libc) {
    this.#libc = libc;
    // It would stop who has not the foreground, and wants it back.
    libc.signal(constants.signals.SIGTTOU, SIG_IGN);
  }

  /** The terminal on stdin, if there is one. */
  static onStdin(libc: Libc): Terminal | undefined {
    return libc.isatty(STDIN) === 1 ? new Terminal(libc) : undefined;
  }

  /** Whether a process group has it from us. */
  isLentTo(group: number): boolean {
    return this.#borrower === group;
  }

  /** Gives it to a process group, if ours has it: nobody in the background may take it. */
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

  /** Sets it as it was when it was lent: who was killed could not. */
  reset(): void {
    this.#libc.tcsetattr(STDIN, TCSANOW, this.#modes);
  }
}
