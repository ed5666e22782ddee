/**
 * `Turns`: when the event loop is due for a turn, in a run of work without a wait.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { turn } from "../../ffi/time.ts";
import { monotonic } from "../kernel/clock.ts";

/** How long a piece of work is, in milliseconds. */
export const SLICE = 4;
/** How long work goes on before the event loop has a turn, in milliseconds. */
const STRETCH = 10;

/** The turns of the event loop. After a wait, the clock is read only when it is asked whether one is due. */
export class Turns {
  readonly #libc: Libc;
  /** When the last turn was; after a wait, when it was first asked. */
  #since: number | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Whether the event loop is due for a turn. */
  get isDue(): boolean {
    const now = monotonic(this.#libc);
    return now - (this.#since ??= now) > STRETCH;
  }

  /** The event loop has had a turn, in a wait. */
  waited(): void {
    this.#since = undefined;
  }

  /** Gives the event loop a turn. */
  async take(): Promise<void> {
    await turn();
    this.#since = monotonic(this.#libc);
  }
}
