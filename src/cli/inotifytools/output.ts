/**
 * `Output`: writes text to a descriptor in whole lines, since a script may wait for each of them.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { EAGAIN, EPIPE } from "../../../ffi/errno.ts";
import { toBytes } from "../../kernel/byte_string.ts";
import { call } from "../../kernel/call.ts";
import { strerror } from "../../kernel/reason.ts";

/** How much text is kept before it is written, in characters. */
const ENOUGH = 65536;

/** The output has no reader any more, as after `| head`. */
export class ClosedOutput extends Error {}

/** A descriptor, and the text that is still to be written to it. */
export class Output {
  readonly #libc: Libc;
  readonly #fd: number;
  #text = "";

  /** @param fd is not closed */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** Whether it is a terminal, which obeys control characters in a name. */
  get isTerminal(): boolean {
    return this.#libc.isatty(this.#fd) === 1;
  }

  /** Adds lossless text, and writes it if there is much. @throws what {@link flush} does */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length > ENOUGH) this.flush();
  }

  /**
   * Writes all text.
   *
   * @throws {ClosedOutput} if it has no reader
   * @throws {Error} if it cannot be written, as to a full disk
   */
  flush(): void {
    if (this.#text === "") return;
    let bytes = toBytes(this.#text);
    this.#text = "";
    while (bytes.length > 0) {
      const write = () => this.#libc.write(this.#fd, bytes, bytes.length);
      const result = call(this.#libc, write, EAGAIN);
      if (result >= 0) bytes = bytes.subarray(result);
      else if (result === -EPIPE) throw new ClosedOutput(strerror(this.#libc, EPIPE));
      else if (result !== -EAGAIN) {
        throw new Error(`Cannot write: ${strerror(this.#libc, -result)}`);
      } // Another process has made it nonblocking, and its reader is slow.
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
