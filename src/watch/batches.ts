/**
 * Reads events in batches: a batch ends when no event has come for a while.
 *
 * @module
 */

import type { EventQueue, EventReader } from "./event_queue.ts";
import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";
import { coalesce } from "./coalesce.ts";
import type { WatchEvent } from "../engine/event.ts";
import { Iteration } from "../kernel/iteration.ts";
import { check, LONGEST_TIMER } from "./options.ts";
import { isPast } from "./past.ts";

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
 * @param isNested whether one watched path is below another: see {@link coalesce}
 * @throws {TypeError} if an option is not a number
 * @throws {RangeError} if an option is negative or NaN
 */
export function batches(
  libc: Libc,
  queue: EventQueue<WatchEvent>,
  options: BatchOptions,
  isNested: () => boolean,
): Iteration<WatchEvent[]> {
  check("options", options, typeof options === "object" && options !== null, "an object");
  const { settle = 50, maxWait = 1000 } = options;
  for (const [name, value] of Object.entries({ settle, maxWait })) {
    check(name, value, typeof value === "number", "a number");
    if (!(value >= 0)) {
      throw new RangeError(`${name} must be 0 or more milliseconds, not ${value}`);
    }
  }
  return new Batches(libc, queue.reader(), settle, maxWait, isNested);
}

class Batches extends Iteration<WatchEvent[]> {
  readonly #reader: EventReader<WatchEvent>;
  readonly #generator: AsyncGenerator<WatchEvent[], undefined>;

  constructor(
    libc: Libc,
    reader: EventReader<WatchEvent>,
    settle: number,
    maxWait: number,
    isNested: () => boolean,
  ) {
    super();
    this.#reader = reader;
    this.#generator = collect(libc, reader, settle, maxWait, isNested);
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
  libc: Libc,
  reader: EventReader<WatchEvent>,
  settle: number,
  maxWait: number,
  isNested: () => boolean,
): AsyncGenerator<WatchEvent[], undefined> {
  while (await reader.wait()) {
    const end = monotonic(libc) + maxWait;
    const past: WatchEvent[] = [];
    const events: WatchEvent[] = [];
    for (const event of reader.take()) (isPast(event) ? past : events).push(event);
    reader.held = events;
    if (past.length > 0) yield past; // it is a difference already
    if (events.length === 0) continue;
    let quiet = monotonic(libc) + settle;
    for (let now = monotonic(libc); now < Math.min(quiet, end); now = monotonic(libc)) {
      if (!await reader.pause(Math.min(Math.min(quiet, end) - now, LONGEST_TIMER))) return;
      const more = reader.take();
      if (more.length > 0) quiet = monotonic(libc) + settle;
      for (const event of more) events.push(event);
    }
    const batch = coalesce(events, isNested());
    reader.held = [];
    if (batch.length > 0) yield batch;
  }
}
