/**
 * Where lines go: written at once and whole, since a script on the other side waits for them.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { toBytes } from "../../lossless.ts";

/** Nobody reads what is written, as after `| head`. */
export class ClosedOutput extends Error {}

/** Lossless text for a descriptor, kept back until {@link Output.flush}. */
export class Output {
  readonly #fd: number;
  #text = "";

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Adds text. */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length > 65536) this.flush();
  }

  /**
   * Writes what there is.
   *
   * @throws {ClosedOutput} if nobody reads it
   * @throws {Error} if it cannot be written, as to a full disk
   */
  flush(): void {
    if (this.#text === "") return;
    const bytes = toBytes(this.#text);
    this.#text = "";
    for (let written = 0; written < bytes.length;) {
      try {
        written += writeSync(this.#fd, bytes, written);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === "EPIPE") throw new ClosedOutput(message, { cause: error });
        if (code !== "EAGAIN") throw new Error(`Cannot write: ${message}`, { cause: error });
        // Somebody made it nonblocking, and its reader is slow.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }
}
