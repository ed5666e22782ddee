/**
 * The limits of inotify, and how much of them each process uses, as /proc shows them.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { readLink } from "./files.ts";
import { list, readText } from "./procfs.ts";

/**
 * The limits that hold for this user (inotify(7), "/proc interfaces").
 *
 * @example
 * ```ts
 * import { type Limits, limits } from "@inotify/inotify";
 *
 * const { maxUserWatches }: Limits = limits();
 * if (maxUserWatches < 65536) console.warn("large trees will not fit: fs.inotify.max_user_watches");
 * ```
 */
export interface Limits {
  /** Events in one instance's queue before it overflows; fixed when the instance is made. */
  readonly maxQueuedEvents: number;
  /** Instances of one user. */
  readonly maxUserInstances: number;
  /** Watches of one user. */
  readonly maxUserWatches: number;
}

/**
 * What one process uses.
 *
 * @example
 * ```ts
 * import { type ProcessUsage, usage } from "@inotify/inotify";
 *
 * const toLine = ({ pid, command, watches }: ProcessUsage): string => `${pid} ${command}: ${watches}`;
 * console.log(usage().processes.map(toLine).join("\n"));
 * ```
 */
export interface ProcessUsage {
  /** The process's number. */
  readonly pid: number;
  /** Its effective user, whose limits it counts against. */
  readonly uid: number;
  /** The name of its command. */
  readonly command: string;
  /** Its inotify instances. */
  readonly instances: number;
  /** The watches of all its instances. */
  readonly watches: number;
}

/**
 * What all processes use.
 *
 * @example
 * ```ts
 * import { limits, type Usage, usage } from "@inotify/inotify";
 *
 * function left({ processes }: Usage): number {
 *   return processes.reduce((rest, { watches }) => rest - watches, limits().maxUserWatches);
 * }
 * console.log(left(usage()), "watches are left");
 * ```
 */
export interface Usage {
  /** The processes with an instance, those with the most watches first. */
  readonly processes: readonly ProcessUsage[];
  /** How many processes this user may not inspect; root may inspect all. */
  readonly unreadable: number;
}

/** What is limited for each user. */
export type Countable = "instances" | "watches";

/** The limit of the system, and that of the user namespace. */
const SYSCTLS: Readonly<Record<Countable, readonly string[]>> = {
  instances: ["fs.inotify.max_user_instances", "user.max_inotify_instances"],
  watches: ["fs.inotify.max_user_watches", "user.max_inotify_watches"],
};

/** A limit, and the setting that it comes from. */
export interface Sysctl {
  /** The setting's name for sysctl(8). */
  readonly name: string;
  /** NaN if it cannot be read. */
  readonly value: number;
  /** All settings that limit the same; the smallest one counts. */
  readonly names: readonly string[];
}

/** The limits for this user; one that cannot be read is NaN. */
export function readLimits(libc: Libc): Limits {
  return {
    maxQueuedEvents: readSysctl(libc, "fs.inotify.max_queued_events"),
    maxUserInstances: tightestLimit(libc, "instances").value,
    maxUserWatches: tightestLimit(libc, "watches").value,
  };
}

/** The smallest of the limits on instances or watches. */
export function tightestLimit(libc: Libc, what: Countable): Sysctl {
  const names = SYSCTLS[what];
  return names
    .map((name) => ({ name, value: readSysctl(libc, name), names }))
    .reduce((a, b) => b.value < a.value || Number.isNaN(a.value) ? b : a);
}

function readSysctl(libc: Libc, name: string): number {
  return parseInt(readText(libc, `/proc/sys/${name.replaceAll(".", "/")}`) ?? "", 10);
}

/** What each process uses, or `undefined` if /proc cannot be read. */
export function usageByProcess(libc: Libc): Usage | undefined {
  const pids = list(libc, "/proc")?.filter((name) => /^\d+$/.test(name));
  if (pids === undefined) return undefined;
  const processes: ProcessUsage[] = [];
  let unreadable = 0;
  for (const pid of pids) {
    const used = processUsage(libc, Number(pid));
    if (used === "unreadable") unreadable++;
    else if (used !== undefined && used.instances > 0) processes.push(used);
  }
  processes.sort((a, b) => b.watches - a.watches || b.instances - a.instances);
  return { processes, unreadable };
}

/** @returns `undefined` if the process has ended */
function processUsage(libc: Libc, pid: number): ProcessUsage | "unreadable" | undefined {
  const status = readText(libc, `/proc/${pid}/status`);
  if (status === undefined) return undefined;
  const names = list(libc, `/proc/${pid}/fd`);
  if (names === undefined) return "unreadable";
  const instances = distinct(
    libc,
    pid,
    names
      .filter((fd) => readLink(libc, `/proc/${pid}/fd/${fd}`) === "anon_inode:inotify")
      .map((fd) => ({ fd: Number(fd), watches: countWatches(libc, pid, fd) })),
  );
  return {
    pid,
    uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]),
    command: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? "",
    instances: instances.length,
    watches: instances.reduce((sum, { watches }) => sum + watches, 0),
  };
}

interface Instance {
  readonly fd: number;
  readonly watches: number;
}

/** The instances, each once, although several descriptors may refer to one. */
function distinct(libc: Libc, pid: number, found: readonly Instance[]): Instance[] {
  const same = (a: Instance, b: Instance) =>
    a.watches === b.watches && libc.kcmp_file(pid, a.fd, b.fd) === 0;
  const instances: Instance[] = [];
  for (const one of found) {
    if (!instances.some((other) => same(one, other))) instances.push(one);
  }
  return instances;
}

/** Counts the lines in fdinfo, of which each watch has one (proc_pid_fdinfo(5)). */
function countWatches(libc: Libc, pid: number, fd: string): number {
  return readText(libc, `/proc/${pid}/fdinfo/${fd}`)?.match(/^inotify /mg)?.length ?? 0;
}
