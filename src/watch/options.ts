/**
 * The options of a watcher, and what is wrong with them.
 *
 * @module
 */

import { KINDS, type WatchKind } from "../engine/event.ts";
import type { Ignores } from "../engine/tree.ts";
import { type Ignore, ignores } from "./ignore.ts";

/**
 * Options of {@link watch}.
 *
 * @example
 * ```ts
 * import { watch, type WatchOptions } from "@inotify/inotify";
 *
 * const options: WatchOptions = {
 *   events: ["create", "closeWrite", "remove", "rename"],
 *   ignore: [".git", "*.tmp"],
 *   onProgress: (directories) => console.log(`${directories} directories`),
 * };
 * await using watcher = watch(".", options);
 * await watcher.ready;
 * ```
 */
export interface WatchOptions {
  /**
   * Whether what is below subdirectories is watched too.
   *
   * @default {true}
   */
  readonly recursive?: boolean;
  /**
   * The kinds that are wanted; the kernel is not asked for others. `overflow`, `unmount` and `error`
   * come always. Where `rename` is not wanted, a rename is a `remove` and a `create`, of a directory with
   * all below it.
   *
   * That a file may have another content, without an event of the kernel for it (another one was moved over
   * it, events were lost), is reported by each of `modify`, `closeWrite` and `attrib` that is wanted; where
   * none is, another file in the place of one is a `remove` and a `create`.
   *
   * @default {["create", "modify", "remove", "rename"]}
   */
  readonly events?: readonly WatchKind[];
  /** What is neither looked at nor watched, with all that is below it. */
  readonly ignore?: Ignore | readonly Ignore[];
  /**
   * Whether a symbolic link to a directory, found in a watched directory, is entered. What is in it has
   * a path through the link. A link that leads back to a directory that it is in is not entered.
   *
   * @default {false}
   */
  readonly followSymlinks?: boolean;
  /**
   * Whether what is there in the beginning is said, as `exists`.
   *
   * @default {false}
   */
  readonly initial?: boolean;
  /**
   * Whether `watch` itself looks at all that is there, for as long as that takes: what happens after the
   * call is told, and not only what happens once {@link Watcher.ready} has resolved.
   *
   * @default {false}
   */
  readonly blocking?: boolean;
  /**
   * How many events may wait for a loop, 2 or more. When so many do, an `overflow` follows them, and what
   * happens then is not queued: once the loop has taken the `overflow`, it gets what differs by that time. No
   * other loop loses anything.
   *
   * @default {65536}
   */
  readonly maxQueue?: number;
  /**
   * Whether the watcher keeps the process alive; see {@link Watcher.unref}.
   *
   * @default {true}
   */
  readonly persistent?: boolean;
  /** Closes the watcher when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called now and then while directories are set up, with how many there are so far. */
  readonly onProgress?: (directories: number) => void;
}

/** Options that are complete, and valid. */
export interface ResolvedOptions {
  readonly recursive: boolean;
  readonly kinds: ReadonlySet<WatchKind>;
  readonly ignores: Ignores | undefined;
  readonly followSymlinks: boolean;
  readonly initial: boolean;
  readonly blocking: boolean;
  readonly maxQueue: number;
  readonly persistent: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((directories: number) => void) | undefined;
}

/**
 * Completes and checks options.
 *
 * @throws {TypeError} if one is of another type
 * @throws {RangeError} if `maxQueue` is less than 2, or no integer
 */
export function resolveOptions(options: WatchOptions): ResolvedOptions {
  check("options", options, typeof options === "object" && options !== null, "an object");
  const { events = DEFAULT_KINDS, maxQueue = 65536, signal, onProgress } = options;
  check("events", events, Array.isArray(events), "an array");
  for (const kind of events) {
    check("events", kind, KINDS.includes(kind), `an array of ${KINDS.join(", ")}`);
  }
  check("maxQueue", maxQueue, typeof maxQueue === "number", "a number");
  if (!Number.isInteger(maxQueue) || maxQueue < 2) {
    // An overflow takes one place: with no other, there would be one after the other.
    throw new RangeError(`maxQueue must be an integer of 2 or more, not ${maxQueue}`);
  }
  const isSignal = signal === undefined || typeof signal?.addEventListener === "function";
  check("signal", signal, isSignal, "an AbortSignal");
  const isCallback = onProgress === undefined || typeof onProgress === "function";
  check("onProgress", onProgress, isCallback, "a function");
  return {
    recursive: flag(options, "recursive", true),
    kinds: new Set(events),
    ignores: ignores(options.ignore),
    followSymlinks: flag(options, "followSymlinks", false),
    initial: flag(options, "initial", false),
    blocking: flag(options, "blocking", false),
    maxQueue,
    persistent: flag(options, "persistent", true),
    signal,
    onProgress,
  };
}

const DEFAULT_KINDS: readonly WatchKind[] = ["create", "modify", "remove", "rename"];

type Flag = "recursive" | "followSymlinks" | "initial" | "blocking" | "persistent";

function flag(options: WatchOptions, name: Flag, otherwise: boolean): boolean {
  const { [name]: value = otherwise } = options;
  check(name, value, typeof value === "boolean", "true or false");
  return value;
}

/** @throws {TypeError} with what an option must be, unless it is */
export function check(name: string, value: unknown, isValid: boolean, type: string): void {
  if (isValid) return;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new TypeError(`${name} must be ${type}, not ${shown}`);
}
