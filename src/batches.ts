/**
 * Events in batches, each of them handed out when it has become quiet.
 *
 * @module
 */

import type { Channel, Reading } from "./channel.ts";
import { coalesce } from "./coalesce.ts";
import { delay } from "./delay.ts";
import type { WatchEvent } from "./event.ts";

/**
 * When {@link Watcher.batches} hands out a batch.
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
 * @throws {RangeError} if an option is no number of milliseconds
 */
export function batches(
  channel: Channel<WatchEvent>,
  options: BatchOptions,
): AsyncIterableIterator<WatchEvent[], undefined> {
  const { settle = 50, maxWait = 1000 } = options;
  for (const [name, value] of Object.entries({ settle, maxWait })) {
    if (!(value >= 0)) {
      throw new RangeError(`${name} must be 0 or more milliseconds, not ${value}`);
    }
  }
  const reading = channel.read();
  const generator = collect(reading, settle, maxWait);
  return {
    next: () => generator.next(),
    async return() {
      // First the reading, since a generator lets a pending next() end before it returns.
      await reading.return!();
      return generator.return(undefined) as Promise<IteratorReturnResult<undefined>>;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* collect(
  reading: Reading<WatchEvent>,
  settle: number,
  maxWait: number,
): AsyncGenerator<WatchEvent[], undefined> {
  while (await reading.wait()) {
    const end = performance.now() + maxWait;
    const events = reading.take();
    for (let left = maxWait; left > 0; left = end - performance.now()) {
      await delay(Math.min(settle, left));
      const more = reading.take();
      if (more.length === 0) break;
      for (const event of more) events.push(event);
    }
    const batch = coalesce(events);
    if (batch.length > 0) yield batch;
  }
}
