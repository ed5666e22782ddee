/**
 * The options of chokidar, with its defaults and environment variables.
 *
 * @module
 */

import process from "node:process";
import type { Matcher } from "./chokidar_matcher.ts";

/**
 * When {@link WatchOptions.awaitWriteFinish} reports a file.
 *
 * @example
 * ```ts
 * import { type AwaitWriteFinish, watch } from "@inotify/inotify/chokidar";
 *
 * const awaitWriteFinish: AwaitWriteFinish = { stabilityThreshold: 500 };
 * await watch("uploads", { awaitWriteFinish }).close();
 * ```
 */
export interface AwaitWriteFinish {
  /**
   * For how many milliseconds a file must not have changed.
   *
   * @default {2000}
   */
  readonly stabilityThreshold?: number;
  /** Has no effect: changes are reported by the kernel. */
  readonly pollInterval?: number;
}

/**
 * Options of {@link watch}; those of chokidar 6, and of chokidar 5.
 *
 * @example
 * ```ts
 * import { watch, type WatchOptions } from "@inotify/inotify/chokidar";
 *
 * const options: WatchOptions = {
 *   ignored: ["node_modules", /\.tmp$/, (path, stats) => stats?.isFile() === true && !path.endsWith(".ts")],
 *   ignoreInitial: true,
 *   cwd: ".",
 * };
 * await watch("src", options).close();
 * ```
 */
export interface WatchOptions {
  /** What is left out, with everything below it; see {@link Matcher}. */
  readonly ignored?: Matcher | readonly Matcher[];
  /**
   * Whether nothing is emitted for what exists already when its path is added.
   *
   * @default {false}
   */
  readonly ignoreInitial?: boolean;
  /**
   * Whether symbolic links are followed. If not, a link is emitted as a file.
   *
   * @default {true}
   */
  readonly followSymlinks?: boolean;
  /** The directory that given paths are relative to, and to which emitted ones are. */
  readonly cwd?: string;
  /** How many levels of subdirectories are watched; by default all. */
  readonly depth?: number | undefined;
  /**
   * Whether a file that is removed and created again within 100 milliseconds, or this number of them, is a `change`.
   * Temporary files of editors (`~`, `.swp`, `.subl*.tmp`) are then left out, too.
   *
   * @default {true} unless with polling
   */
  readonly atomic?: boolean | number;
  /**
   * Whether a file is emitted only after it has not changed for some time. Without it, a file is emitted when its
   * writer closes it, after 50 milliseconds at the latest.
   *
   * @default {false}
   */
  readonly awaitWriteFinish?: boolean | AwaitWriteFinish;
  /**
   * Whether `stats` are given for what exists already, too, and not only for what is new or changes.
   *
   * @default {false}
   */
  readonly alwaysStat?: boolean;
  /**
   * Whether EACCES and EPERM are no `error`.
   *
   * @default {false}
   */
  readonly ignorePermissionErrors?: boolean;
  /**
   * Whether the watcher keeps the process alive.
   *
   * @default {true}
   */
  readonly persistent?: boolean;
  /** With `"polling"`, everything is looked at again and again, beside the events of the kernel. */
  readonly backend?: "auto" | "native" | "native-recursive" | "polling";
  /**
   * The time between two looks with polling, in milliseconds.
   *
   * @default {100}
   */
  readonly pollingInterval?: number;
  /** Has no effect: binary files are looked at with the others. */
  readonly pollingBinaryInterval?: number;
  /** The same as `backend: "polling"`. */
  readonly usePolling?: boolean;
  /** The same as {@link pollingInterval}. */
  readonly interval?: number;
  /** Has no effect. */
  readonly binaryInterval?: number;
}

/**
 * The options of a watcher, with defaults.
 *
 * @example
 * ```ts
 * import { type ResolvedOptions, watch } from "@inotify/inotify/chokidar";
 *
 * const watcher = watch("src");
 * const options: ResolvedOptions = watcher.options;
 * console.log(options.usePolling, options.interval); // false 100
 * await watcher.close();
 * ```
 */
export interface ResolvedOptions {
  /** As {@link WatchOptions.ignored}, as a list. */
  readonly ignored: readonly Matcher[];
  /** As {@link WatchOptions.ignoreInitial}. */
  readonly ignoreInitial: boolean;
  /** As {@link WatchOptions.followSymlinks}. */
  readonly followSymlinks: boolean;
  /** As {@link WatchOptions.cwd}. */
  readonly cwd: string | undefined;
  /** As {@link WatchOptions.depth}. */
  readonly depth: number | undefined;
  /** As {@link WatchOptions.atomic}. */
  readonly atomic: boolean | number;
  /** As {@link WatchOptions.awaitWriteFinish}, with its defaults. */
  readonly awaitWriteFinish: false | Required<AwaitWriteFinish>;
  /** As {@link WatchOptions.alwaysStat}. */
  readonly alwaysStat: boolean;
  /** As {@link WatchOptions.ignorePermissionErrors}. */
  readonly ignorePermissionErrors: boolean;
  /** As {@link WatchOptions.persistent}. */
  readonly persistent: boolean;
  /** Whether everything is looked at again and again. */
  readonly usePolling: boolean;
  /** The time between two looks, in milliseconds. */
  readonly interval: number;
}

/**
 * Checks options, and fills in defaults.
 *
 * @throws {TypeError} if one is invalid
 */
export function resolveOptions(options: WatchOptions): ResolvedOptions {
  const { ignored, awaitWriteFinish, depth } = options;
  const usePolling = polls(options.usePolling === true || options.backend === "polling");
  const { CHOKIDAR_INTERVAL } = process.env;
  const resolved: ResolvedOptions = {
    ignored: [ignored ?? []].flat().filter(Boolean) as Matcher[], // without that of `isProduction && "src/tests"`
    ignoreInitial: options.ignoreInitial ?? false,
    followSymlinks: options.followSymlinks ?? true,
    cwd: options.cwd || undefined,
    depth: depth === Infinity ? undefined : depth,
    atomic: options.atomic ?? !usePolling,
    awaitWriteFinish: awaitWriteFinish
      ? { ...FINISH, ...(awaitWriteFinish === true ? {} : awaitWriteFinish) }
      : false,
    alwaysStat: options.alwaysStat ?? false,
    ignorePermissionErrors: options.ignorePermissionErrors ?? false,
    persistent: options.persistent ?? true,
    usePolling,
    interval: CHOKIDAR_INTERVAL === undefined
      ? options.pollingInterval ?? options.interval ?? 100
      : Number(CHOKIDAR_INTERVAL),
  };
  checkNumber("depth", resolved.depth ?? 0, 0);
  checkNumber("atomic", Number(resolved.atomic), 0);
  checkNumber("interval", resolved.interval, 1);
  const { stabilityThreshold } = resolved.awaitWriteFinish || FINISH;
  checkNumber("awaitWriteFinish.stabilityThreshold", stabilityThreshold, 0);
  return resolved;
}

const FINISH: Required<AwaitWriteFinish> = { stabilityThreshold: 2000, pollInterval: 100 };

/** Whether to poll, which CHOKIDAR_USEPOLLING decides before the options. */
function polls(otherwise: boolean): boolean {
  const asked = process.env.CHOKIDAR_USEPOLLING?.toLowerCase();
  return asked === undefined ? otherwise : !["", "0", "false"].includes(asked);
}

function checkNumber(name: string, value: unknown, least: number): void {
  if (typeof value === "number" && value >= least && Number.isFinite(value)) return;
  throw new TypeError(`${name} must be a number of ${least} or more, not ${String(value)}`);
}
