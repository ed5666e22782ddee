/**
 * `OwnEvents`: the events that the module causes itself when it opens a file, and that are not reported.
 *
 * @module
 */

import { nameOf } from "../kernel/byte_string.ts";
import { IN_CLOSE_NOWRITE, IN_OPEN } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";

/** The events of an open(2) for reading, and of its close(2). */
export const READING: number = IN_OPEN | IN_CLOSE_NOWRITE;

interface Expected {
  readonly wd: number;
  readonly mask: number;
  readonly name: string;
}

/** Events to come. */
export class OwnEvents {
  readonly #expected = new Set<Expected>();

  /** A file was opened, and closed. @returns forgets its events; to be called at the next fence */
  add(wd: number, name: string): () => void {
    const events = [IN_OPEN, IN_CLOSE_NOWRITE].map((mask) => ({ wd, mask, name }));
    for (const event of events) this.#expected.add(event);
    return () => {
      for (const event of events) this.#expected.delete(event);
    };
  }

  /** Whether an event is one of them, which is expected no more. */
  take(event: InotifyEvent): boolean {
    if (this.#expected.size === 0 || !(event.mask & READING)) return false;
    for (const expected of this.#expected) {
      const { wd, mask, name } = expected;
      if (event.wd !== wd || event.mask !== mask || nameOf(event) !== name) continue;
      this.#expected.delete(expected);
      return true;
    }
    return false;
  }
}
