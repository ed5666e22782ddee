/**
 * `Watching`: what is watched for subscriptions of @parcel/watcher.
 *
 * @module
 */

import { ENOTDIR } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { soon } from "../../ffi/time.ts";
import type { WatchEvent } from "../engine/event.ts";
import { toBytes, toText } from "../kernel/byte_string.ts";
import { monotonic } from "../kernel/clock.ts";
import { InotifyError } from "../kernel/error.ts";
import { S_IFDIR, typeOf } from "../kernel/files.ts";
import { reasonFor } from "../kernel/reason.ts";
import type { EventReader } from "../watch/event_queue.ts";
import type { Ignore } from "../watch/ignore.ts";
import type { WatchOptions } from "../watch/options.ts";
import { readerOf, watch, type Watcher } from "../watch/watcher.ts";
import { coalesce, type SubscribeCallback } from "./parcel_events.ts";

// Milliseconds without an event after which those at hand are delivered.
/** After a time of quiet: long enough for the steps of a save. */
const FIRST = 5;
/** Otherwise. */
const SETTLE = 50;
/** The longest time until events are delivered, and the time of quiet. */
const LONGEST = 500;

/** Those that have subscriptions, by their keys. */
const subscribed = new Map<string, Watching>();

/** What is watched for a key, if it has subscriptions. */
export function find(key: string): Watching | undefined {
  return subscribed.get(key);
}

/** What is to be watched. */
export interface Place {
  /** The directory, as lossless text. */
  readonly root: string;
  readonly ignore: readonly Ignore[];
  /** Equal for what is watched equally. */
  readonly key: string;
}

/** Opens a watcher. */
export function open({ root, ignore }: Place, options: WatchOptions = {}): Watcher {
  const events = ["create", "modify", "attrib", "remove"] as const;
  return watch(toBytes(root), { ...options, events, ignore });
}

/** Resolves when a watcher is ready. @throws {InotifyError} if its path is not a directory */
export async function begun(watcher: Watcher, { root }: Place): Promise<void> {
  await watcher.ready;
  const type = typeOf(libc(), root, true);
  if (type === S_IFDIR) return;
  const errno = type < 0 ? -type : ENOTDIR;
  const path = toText(root);
  throw new InotifyError(`watch ${JSON.stringify(path)}`, reasonFor(libc(), errno), {
    errno,
    syscall: "statx",
    path,
  });
}

/** A watcher that is shared by the subscriptions with the same key. */
export class Watching {
  readonly #place: Place;
  readonly #readers = new Map<SubscribeCallback, EventReader<WatchEvent>>();
  readonly watcher: Watcher;

  constructor(place: Place) {
    this.#place = place;
    this.watcher = open(place);
  }

  /** Adds a subscription. @returns ends it */
  async subscribe(fn: SubscribeCallback): Promise<() => Promise<void>> {
    subscribed.set(this.#place.key, this);
    const known = this.#readers.get(fn);
    const reader = known ?? readerOf(this.watcher);
    this.#readers.set(fn, reader);
    const end = () => this.unsubscribe(fn, reader);
    try {
      await begun(this.watcher, this.#place);
    } catch (error) {
      await end();
      throw error;
    }
    if (known === undefined) {
      this.#deliver(fn, reader).catch((error) => {
        void end();
        call(fn, error, []);
      });
    }
    return end;
  }

  /** Ends a subscription. @returns resolves when nothing is watched for it any more */
  async unsubscribe(
    fn: SubscribeCallback,
    reader: EventReader<WatchEvent> | undefined = this.#readers.get(fn),
  ): Promise<void> {
    if (this.#readers.get(fn) === reader) this.#readers.delete(fn);
    const { key } = this.#place;
    if (this.#readers.size === 0 && subscribed.get(key) === this) subscribed.delete(key);
    await reader?.return(); // the last one closes the watcher
  }

  async #deliver(fn: SubscribeCallback, reader: EventReader<WatchEvent>): Promise<void> {
    let last = -Infinity;
    while (await reader.wait()) {
      const start = monotonic(libc());
      const settle = start - last > LONGEST ? FIRST : SETTLE;
      const events = reader.take();
      reader.held = events; // no part of a snapshot
      let end = start + settle;
      for (let now = start; now < end; now = monotonic(libc())) {
        if (!await reader.pause(end - now)) return;
        const more = reader.take();
        for (const event of more) events.push(event);
        if (more.length > 0) end = Math.min(monotonic(libc()) + settle, start + LONGEST);
      }
      reader.held = [];
      for (const batch of coalesce(events, this.#place.root)) {
        if (this.#readers.get(fn) === reader) call(fn, null, batch);
      }
      for (const event of events) {
        if (event.kind === "error" && this.#readers.get(fn) === reader) call(fn, event.error, []);
      }
      last = monotonic(libc());
    }
  }
}

/** Calls back. What the callback throws is not caught, and does not end the subscription. */
function call(fn: SubscribeCallback, ...args: Parameters<SubscribeCallback>): void {
  try {
    fn(...args);
  } catch (error) {
    soon(() => {
      throw error;
    });
  }
}
