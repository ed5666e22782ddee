/**
 * Pairs the two halves of a rename.
 *
 * The kernel queues IN_MOVED_FROM and IN_MOVED_TO one after the other, but not in one step: other events, or the end
 * of a read, may come in between. It holds the locks of both directories meanwhile, so no other event of an entry of
 * either directory does.
 *
 * @module
 */

import { IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO, IN_Q_OVERFLOW } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";

/** A rename; one half is missing if its directory is not watched. */
export interface Move {
  /** The event with `IN_MOVED_FROM`. */
  readonly from?: InotifyEvent | undefined;
  /** The event with `IN_MOVED_TO`. */
  readonly to?: InotifyEvent | undefined;
}

/** The events by which an entry comes or goes. */
const ENTRY = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

/** A queue of events that gives renames as pairs. */
export class Renames {
  #events: readonly InotifyEvent[] = [];
  #next = 0;
  /** The second halves in the queue, by cookie. */
  readonly #targets = new Map<number, InotifyEvent>();

  /** Whether nothing is queued. */
  get empty(): boolean {
    return this.#next === this.#events.length;
  }

  /** Queues what one read gave. */
  push(events: readonly InotifyEvent[]): void {
    this.#events = this.empty ? events : [...this.#events.slice(this.#next), ...events];
    this.#next = 0;
    for (const event of events) {
      if (event.mask & IN_MOVED_TO) this.#targets.set(event.cookie, event);
    }
  }

  /**
   * Takes the next event, or the next rename.
   *
   * @param last whether to stop waiting for the second half of the next rename
   * @returns `undefined` if there is nothing, or nothing yet
   */
  shift(last: boolean): InotifyEvent | Move | undefined {
    while (this.#next < this.#events.length) {
      const event = this.#events[this.#next];
      if (event.mask & IN_MOVED_FROM) {
        const to = this.#targets.get(event.cookie);
        if (to === undefined && !last && !this.#isOver(event)) return undefined;
        this.#next++;
        this.#targets.delete(event.cookie);
        return { from: event, to };
      }
      this.#next++;
      if (!(event.mask & IN_MOVED_TO)) return event;
      if (this.#targets.delete(event.cookie)) return { to: event };
      // It was taken with its first half.
    }
    return undefined;
  }

  /** Whether the second half would be here by now: its directory changed again, or events are lost. */
  #isOver({ wd }: InotifyEvent): boolean {
    for (let i = this.#next + 1; i < this.#events.length; i++) {
      const event = this.#events[i];
      if (event.mask & IN_Q_OVERFLOW || event.wd === wd && event.mask & ENTRY) return true;
    }
    return false;
  }
}
