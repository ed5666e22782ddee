/**
 * Events in batches, each of them handed out when it has become quiet.
 *
 * @module
 */

import type { EventQueue, Reading } from "./event_queue.ts";
import type { Libc } from "../../ffi/contract.ts";
import { monotonic } from "../kernel/clock.ts";
import { coalesce } from "./coalesce.ts";
import type { WatchEvent } from "../engine/event.ts";
import { Iteration } from "../kernel/iteration.ts";
import { check } from "./options.ts";

/**
 * When {@link Watcher.batches} hands out a batch. The times are real, also where a test fakes its timers.
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
   * After how many milliseconds without an event.
   *
   * @default {50}
   */
  readonly settle?: number;
  /**
   * After how many milliseconds from the first event, whether or not more keep coming.
   *
   * @default {1000}
   */
  readonly maxWait?: number;
}

/**
 * The events of a channel in batches; they count as one reader of it.
 *
 * @throws {TypeError} if an option is no number
 * @throws {RangeError} if one is negative
 */
export function batches(
  libc: Libc,
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
  return new Batches(libc, queue.read(), settle, maxWait);
}

class Batches extends Iteration<WatchEvent[]> {
  readonly #reading: Reading<WatchEvent>;
  readonly #generator: AsyncGenerator<WatchEvent[], undefined>;

  constructor(libc: Libc, reading: Reading<WatchEvent>, settle: number, maxWait: number) {
    super();
    this.#reading = reading;
    this.#generator = collect(libc, reading, settle, maxWait);
  }

  next(): Promise<IteratorResult<WatchEvent[], undefined>> {
    return this.#generator.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    // First the reading, since a generator lets a pending next() end before it returns.
    await this.#reading.return();
    return this.#generator.return(undefined) as Promise<IteratorReturnResult<undefined>>;
  }
}

async function* collect(
  libc: Libc,
  reading: Reading<WatchEvent>,
  settle: number,
  maxWait: number,
): AsyncGenerator<WatchEvent[], undefined> {
  while (await reading.wait()) {
    const end = monotonic(libc) + maxWait;
    const events = reading.take();
    let quiet = monotonic(libc) + settle;
    for (let now = monotonic(libc); now < Math.min(quiet, end); now = monotonic(libc)) {
      if (!await reading.goesOn(Math.min(Math.min(quiet, end) - now, LONGEST_TIMER))) return;
      const more = reading.take();
      if (more.length > 0) quiet = monotonic(libc) + settle;
      for (const event of more) events.push(event);
    }
    const batch = coalesce(events);
    if (batch.length > 0) yield batch;
  }
}

/** How long a timer may be, in milliseconds: a longer one ends at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
