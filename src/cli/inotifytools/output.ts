/**
 * Where lines go: written at once and whole, since a script on the other side waits for them.
 *
 * @module
 */

import { EAGAIN, EPIPE } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { call } from "../../kernel/call.ts";
import { toBytes } from "../../kernel/byte_string.ts";
import { strerror } from "../../kernel/reason.ts";

/** How much is kept back at most, in characters. */
const ENOUGH = 65536;

/** Nobody reads what is written, as after `| head`. */
export class ClosedOutput extends Error {}

/** Lossless text for a descriptor, kept back until {@link Output.flush}. */
export class Output {
  readonly #fd: number;
  #text = "";

  /** Nothing is written yet. @param fd stays open */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether it is a terminal, which obeys the control characters in a name. */
  get isTerminal(): boolean {
    return libc().isatty(this.#fd) === 1;
  }

  /** Adds text. @throws what {@link flush} does */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length > ENOUGH) this.flush();
  }

  /**
   * Writes what there is.
   *
   * @throws {ClosedOutput} if nobody reads it
   * @throws {Error} if it cannot be written, as to a full disk
   */
  flush(): void {
    if (this.#text === "") return;
    let bytes = toBytes(this.#text);
    this.#text = "";
    while (bytes.length > 0) {
      const result = call(libc(), () => libc().write(this.#fd, bytes, bytes.length), EAGAIN);
      if (result >= 0) bytes = bytes.subarray(result);
      else if (result === -EPIPE) throw new ClosedOutput(strerror(libc(), EPIPE));
      else if (result !== -EAGAIN) throw new Error(`Cannot write: ${strerror(libc(), -result)}`);
      // Somebody made it nonblocking, and its reader is slow.
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Writes to the standard output. @throws what {@link Output.flush} does */
export function print(text: string): void {
  const output = new Output(1);
  output.write(text);
  output.flush();
}
