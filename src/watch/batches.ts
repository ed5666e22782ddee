/**
 * Reads events in batches: a batch ends when no event has come for a while.
 *
 * @module
 */

import type { EventQueue, EventReader } from "./event_queue.ts";
import { monotonic } from "../kernel/clock.ts";
import { coalesce } from "./coalesce.ts";
import type { WatchEvent } from "../engine/event.ts";
import { Iteration } from "../kernel/iteration.ts";
import { check } from "./options.ts";

/**
 * When a batch of {@link Watcher.batches} ends: after `settle` or `maxWait`, whichever is over first.
 *
 * Both are real time, even where a test replaces the timers of the runtime.
 *
 * @example
 * ```ts
 * import { type BatchOptions, watch } from "@inotify/inotify";
 *
 * const options: BatchOptions = { settle: 20, maxWait: 500 };
 * const signal = AbortSignal.timeout(100); // so that this example ends
 * for await (const events of watch(".", { signal }).batches(options)) console.log(events.length);
 * ```
 */
export interface BatchOptions {
  /**
   * The time without an event after which a batch ends, in milliseconds.
   *
   * @default {50}
   */
  readonly settle?: number;
  /**
   * The longest time from the first event of a batch to its end, in milliseconds; `Infinity` for no limit.
   *
   * @default {1000}
   */
  readonly maxWait?: number;
}

/**
 * Adds a reader to a queue, which gets the events in coalesced batches.
 *
 * @throws {TypeError} if an option is not a number
 * @throws {RangeError} if an option is negative or NaN
 */
export function batches(
  queue: EventQueue<WatchEvent>,
  options: BatchOptions,
): Iteration<WatchEvent[]> {
  check("options", options, typeof options === "object" && options !== null, "an object");
  const { settle = 50, maxWait = 1000 } = options;
  for (const [name, value] of Object.entries({ settle, maxWait })) {
    check(name, value, typeof value === "number", "a number");
    if (!(value >= 0)) {
      throw new RangeError(`${name} must be 0 or more milliseconds, not ${value}`);
    }
  }
  return new Batches(queue.reader(), settle, maxWait);
}

class Batches extends Iteration<WatchEvent[]> {
  readonly #reader: EventReader<WatchEvent>;
  readonly #generator: AsyncGenerator<WatchEvent[], undefined>;

  constructor(reader: EventReader<WatchEvent>, settle: number, maxWait: number) {
    super();
    this.#reader = reader;
    this.#generator = collect(reader, settle, maxWait);
  }

  next(): Promise<IteratorResult<WatchEvent[], undefined>> {
    return this.#generator.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    // The reader first: it ends a pending next(), which a generator's return() waits for.
    await this.#reader.return();
    return this.#generator.return(undefined) as Promise<IteratorReturnResult<undefined>>;
  }
}

async function* collect(
  reader: EventReader<WatchEvent>,
  settle: number,
  maxWait: number,
): AsyncGenerator<WatchEvent[], undefined> {
  while (await reader.wait()) {
    const end = monotonic() + maxWait;
    const events = reader.take();
    let quiet = monotonic() + settle;
    for (let now = monotonic(); now < Math.min(quiet, end); now = monotonic()) {
      if (!await reader.pause(Math.min(Math.min(quiet, end) - now, LONGEST_TIMER))) return;
      const more = reader.take();
      if (more.length > 0) quiet = monotonic() + settle;
      for (const event of more) events.push(event);
    }
    const batch = coalesce(events);
    if (batch.length > 0) yield batch;
  }
}

/** The longest time that a timer can take, in milliseconds; a longer one ends at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
