/**
 * `WatchOptions`: the options of `watch()`, with their defaults and checks.
 *
 * @module
 */

import { KINDS, type WatchKind } from "../engine/event.ts";
import type { Picture } from "../engine/picture.ts";
import { decode } from "../engine/snapshot.ts";
import type { Ignores } from "../engine/tree.ts";
import { Blindness } from "./blindness.ts";
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
   * Whether subdirectories are watched, too; or how many levels of them: with 1 the entries of a given directory and of
   * its subdirectories are reported, with 2 also those one level below. 0 is the same as `false`, `Infinity` as `true`.
   *
   * With a number, the directories at the last level are entries: no watch is spent on them, nor on anything below. A
   * directory that is renamed to another level is a `remove`, and a `create` with everything that is in sight there. A
   * given path that is below another one has all levels of its own, and rules of `ignore` and `include` for paths
   * are relative to the nearest given path.
   *
   * @default {true}
   */
  readonly recursive?: boolean | number;
  /**
   * The kinds of event to report; the kernel is not asked for others. `overflow`, `mount`, `unmount` and `error` are
   * always reported. Without `rename`, a rename is a `remove` and a `create`, for a directory with everything below
   * it.
   *
   * The content of a file may change without a kernel event: another file is moved over it, or events are lost.
   * Each of `modify`, `closeWrite` and `attrib` that is requested reports this. If none is, a file that is
   * replaced by another one is a `remove` and a `create`.
   *
   * `closeWrite` means that a regular file is complete: a writer has closed it; or it has appeared, is renamed, or may
   * have changed unseen, and nobody has it open for writing. So one follows the `create` or `rename` of each file, but
   * not those of what a renamed directory contains. Whether a file is open for writing is asked by a lease (fcntl(2)).
   * Where that is refused (another user's file, without CAP_LEASE; no leases in the file system), the file counts as
   * complete at once, and again when it is closed.
   *
   * @default {["create", "modify", "remove", "rename"]}
   */
  readonly events?: readonly WatchKind[];
  /** Entries that are neither opened nor watched, with everything below them; see {@link Ignore}. */
  readonly ignore?: Ignore | readonly Ignore[];
  /**
   * The files to report, by rules as for `ignore`: any other file counts as ignored. Directories are entered and
   * reported, whatever they are called, and a given path is always watched. In a list the last rule that matches a
   * file decides; a list whose first glob begins with `!` begins with all files. Without a rule, all are included.
   */
  readonly include?: Ignore | readonly Ignore[];
  /**
   * Whether symbolic links are followed. Entries of a directory that a link leads to have a path through the link.
   * A directory is entered once: by its own path if that is watched, and else by one of the links to it.
   *
   * What happens to a regular file that a link leads to is reported of the link, too, wherever the file is. If
   * another file takes its place, the way there changes, or it is removed or comes back, that is a `modify` of the
   * link, which is an entry all the while.
   *
   * A given path that is a symbolic link is followed in any case, unless this is "never": then it is the link itself
   * that is watched, as a file would be, and nothing that it leads to. If a directory takes its place, that is
   * watched, and the other way round. Links above the last name of a given path are always followed; a "/" at its end
   * makes no difference.
   *
   * @default {false}
   */
  readonly followSymlinks?: boolean | "never";
  /**
   * Whether entries that exist at the start are reported, with kind `exists`.
   *
   * @default {false}
   */
  readonly initial?: boolean;
  /**
   * The bytes of {@link Watcher.snapshot}, of this watcher's earlier run or of another one: before
   * {@link Watcher.ready} resolves, what differs since then is reported, for the paths that the snapshot has. Entries
   * that are ignored now are left out. With `initial`, all that is there follows.
   *
   * An entry is renamed if its inode is found at another path. That takes a file system that has a time of birth;
   * without one, a rename is a `remove` and a `create`. Entries that have changed places in a circle are renamed by way
   * of a name that is free, with `~` at its end. A file counts as changed if its inode, size, modification or change
   * time is another one, or if it was changed at the time of the snapshot.
   *
   * Pass `undefined` on the first run: {@link Watcher.snapshot} is exact after the last loop has ended, too, if the
   * option is given.
   */
  readonly since?: Uint8Array | undefined;
  /**
   * Looks at everything again each time that so many milliseconds have passed, 1 or more, and reports what differs:
   * for file systems that are changed elsewhere, of which the kernel reports nothing (NFS, SMB, 9p, virtiofs, FUSE).
   * What the kernel reports still comes at once.
   *
   * A file counts as changed as with `since`. An entry is renamed if its inode is found at another path, for a file
   * with the same size and modification time. A look never overlaps another one; one that takes longer than the
   * interval is followed by as long a time without. {@link Watcher.sync} looks, too.
   */
  readonly poll?: number | undefined;
  /**
   * Whether `watch()` sets everything up before it returns, however long that takes. Every change after the call
   * is then reported, and not only those after {@link Watcher.ready} has resolved.
   *
   * @default {false}
   */
  readonly blocking?: boolean;
  /**
   * Whether a watcher keeps what it has if something cannot be watched while it is set up: at the limit of watches
   * (ENOSPC) or of open files (EMFILE), or a given path. {@link Watcher.ready} resolves all the same, and each path that
   * is not covered has an `error` event, as it has later. Without an instance, or one watch for its own use, it is
   * closed all the same.
   *
   * @default {false}
   */
  readonly partial?: boolean;
  /**
   * The number of events that may be queued for a loop, 2 or more. At that number an `overflow` is queued, and no
   * event after it. Once the loop has taken the `overflow`, it gets the differences since then. Other loops are
   * not affected.
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
  /** A signal whose abort closes the watcher. */
  readonly signal?: AbortSignal;
  /** Called repeatedly until {@link Watcher.ready} resolves, with the number of directories watched so far. */
  readonly onProgress?: (directories: number) => void;
}

/** Checked options, with defaults filled in. */
export interface ResolvedOptions {
  /** How many levels of directories are watched below the given ones. */
  readonly depth: number;
  readonly kinds: ReadonlySet<WatchKind>;
  readonly ignores: Ignores | undefined;
  readonly blindness: Blindness;
  readonly followSymlinks: boolean | "never";
  readonly initial: boolean;
  /** What was known at the end of an earlier run. */
  readonly before: Picture | undefined;
  /** Whether what is known at the end is to be exact. */
  readonly finishes: boolean;
  /** How often everything is looked at, in milliseconds. */
  readonly poll: number | undefined;
  readonly blocking: boolean;
  readonly partial: boolean;
  readonly maxQueue: number;
  readonly persistent: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((directories: number) => void) | undefined;
}

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} if an option has the wrong type, or `since` is no snapshot
 * @throws {RangeError} if `maxQueue` is not an integer of 2 or more, `recursive` no number of levels, or `poll` no time
 * that a timer can take
 */
export function resolveOptions(options: WatchOptions): ResolvedOptions {
  check("options", options, typeof options === "object" && options !== null, "an object");
  const { events = DEFAULT_KINDS, maxQueue = 65536, signal, since, poll, onProgress } = options;
  const { recursive = true } = options;
  const isDepth = typeof recursive === "boolean" || typeof recursive === "number";
  check("recursive", recursive, isDepth, "true, false or a number");
  const depth = Number(recursive === true ? Infinity : recursive);
  if (depth !== Infinity && !Number.isInteger(depth) || depth < 0) {
    throw new RangeError(`recursive must be an integer of 0 or more, or Infinity, not ${depth}`);
  }
  check("events", events, Array.isArray(events), "an array");
  for (const kind of events) {
    check("events", kind, KINDS.includes(kind), `an array of ${KINDS.join(", ")}`);
  }
  check("maxQueue", maxQueue, typeof maxQueue === "number", "a number");
  if (!Number.isInteger(maxQueue) || maxQueue < 2) {
    // The overflow takes one place: in a queue of 1 each overflow would follow another.
    throw new RangeError(`maxQueue must be an integer of 2 or more, not ${maxQueue}`);
  }
  const isSignal = signal === undefined || typeof signal?.addEventListener === "function";
  check("signal", signal, isSignal, "an AbortSignal");
  check("poll", poll, poll === undefined || typeof poll === "number", "a number");
  if (poll !== undefined && !(poll >= 1 && poll <= LONGEST_TIMER)) {
    throw new RangeError(`poll must be 1 to ${LONGEST_TIMER} milliseconds, not ${poll}`);
  }
  const isSnapshot = since === undefined || since instanceof Uint8Array;
  check("since", since, isSnapshot, "the bytes of a snapshot, a Uint8Array");
  const isCallback = onProgress === undefined || typeof onProgress === "function";
  check("onProgress", onProgress, isCallback, "a function");
  const { followSymlinks = false } = options;
  const isFollow = typeof followSymlinks === "boolean" || followSymlinks === "never";
  check("followSymlinks", followSymlinks, isFollow, 'true, false or "never"');
  return {
    depth,
    kinds: events === DEFAULT_KINDS ? DEFAULTS : new Set(events),
    ignores: ignores(options.ignore, options.include),
    blindness: new Blindness(depth > 0 ? options.ignore : undefined),
    followSymlinks,
    initial: flag(options, "initial", false),
    before: since && decode(since),
    finishes: "since" in options,
    poll,
    blocking: flag(options, "blocking", false),
    partial: flag(options, "partial", false),
    maxQueue,
    persistent: flag(options, "persistent", true),
    signal,
    onProgress,
  };
}

/** The longest time that a timer can take, in milliseconds; a longer one ends at once. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

const DEFAULT_KINDS: readonly WatchKind[] = ["create", "modify", "remove", "rename"];
const DEFAULTS: ReadonlySet<WatchKind> = new Set(DEFAULT_KINDS);

type Flag = "initial" | "blocking" | "partial" | "persistent";

function flag(options: WatchOptions, name: Flag, otherwise: boolean): boolean {
  const { [name]: value = otherwise } = options;
  check(name, value, typeof value === "boolean", "true or false");
  return value;
}

/** @throws {TypeError} unless the option is valid; the message has its name, what it must be, and its value */
export function check(name: string, value: unknown, isValid: boolean, type: string): void {
  if (isValid) return;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new TypeError(`${name} must be ${type}, not ${shown}`);
}
