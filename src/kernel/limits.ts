/**
 * The limits of inotify, and who uses how much of them.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { call } from "./call.ts";
import { toCString } from "./path.ts";
import { list, readLink, readText } from "./procfs.ts";

/**
 * The limits that hold for this user (inotify(7), "/proc interfaces").
 *
 * @example
 * ```ts
 * import { type Limits, limits } from "@inotify/inotify";
 *
 * const { maxUserWatches }: Limits = limits();
 * if (maxUserWatches < 65536) console.warn("big trees will not fit: fs.inotify.max_user_watches");
 * ```
 */
export interface Limits {
  /** Events that wait in one instance's queue before it overflows; set when the instance is made. */
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
  /** The process. */
  readonly pid: number;
  /** Its effective user: the one whose limits it uses up. */
  readonly uid: number;
  /** Its command's name. */
  readonly command: string;
  /** Its inotify instances. */
  readonly instances: number;
  /** The watches of all of them. */
  readonly watches: number;
}

/**
 * What {@link usage} found.
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
  /** How many other processes there are that may not be looked into; root may look into all. */
  readonly unreadable: number;
}

/**
 * The limits of inotify for this user, read from /proc/sys.
 *
 * In a user namespace (a container, say) the smaller of two limits holds: that of the system,
 * `fs.inotify.*`, and that of the namespace, `user.max_inotify_*` (namespaces(7)).
 *
 * @throws {Error} if /proc/sys cannot be read, or none of the runtimes runs
 *
 * @example
 * ```ts
 * import { limits } from "@inotify/inotify";
 * import { assert } from "@std/assert";
 *
 * assert(limits().maxUserWatches > 0);
 * ```
 */
export function limits(): Limits {
  const c = libc();
  const found: Limits = {
    maxQueuedEvents: number(c, "fs.inotify.max_queued_events"),
    maxUserInstances: tightest(c, INSTANCES).value,
    maxUserWatches: tightest(c, WATCHES).value,
  };
  for (const [name, value] of Object.entries(found)) {
    if (Number.isNaN(value)) throw new Error(`Cannot tell ${name}: /proc/sys cannot be read`);
  }
  return found;
}

/**
 * The inotify instances and watches of every process, from /proc/PID/fdinfo. Takes a system call for
 * each open file of the system, so some milliseconds.
 *
 * @throws {Error} if /proc cannot be read, or none of the runtimes runs
 *
 * @example
 * ```ts
 * import { Inotify, IN_CREATE, usage } from "@inotify/inotify";
 * import { assert } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch("/", IN_CREATE);
 * const { processes } = usage();
 * assert(processes.some(({ instances, watches }) => instances >= 1 && watches >= 1));
 * ```
 */
export function usage(): Usage {
  const found = usageOfAll(libc());
  if (found === undefined) throw new Error("Cannot tell who uses inotify: /proc cannot be read");
  return found;
}

/** @returns `undefined` if /proc cannot be read */
function usageOfAll(c: Libc): Usage | undefined {
  const pids = list(c, "/proc")?.filter((name) => /^\d+$/.test(name));
  if (pids === undefined) return undefined;
  const processes: ProcessUsage[] = [];
  let unreadable = 0;
  for (const pid of pids) {
    const used = processUsage(c, Number(pid));
    if (used === "unreadable") unreadable++;
    else if (used !== undefined && used.instances > 0) processes.push(used);
  }
  processes.sort((a, b) => b.watches - a.watches || b.instances - a.instances);
  return { processes, unreadable };
}

/** Why inotify_add_watch(2) failed with ENOSPC, and what to do. */
export function explainENOSPC(c: Libc): string {
  return explain(c, "watches", WATCHES);
}

/** Why inotify_init1(2) failed with EMFILE, and what to do. */
export function explainEMFILE(c: Libc): string {
  if (!mayOpen(c)) {
    return "this process has as many open files as it may; raise the limit with: ulimit -n";
  }
  return explain(c, "instances", INSTANCES);
}

/** Whether the process may have one more descriptor. Not by /proc, which may be missing. */
function mayOpen(c: Libc): boolean {
  const EMFILE = 24;
  const root = toCString("/");
  const fd = call(c, () => c.open(root, O_RDONLY | O_CLOEXEC));
  if (fd >= 0) c.close(fd);
  return fd !== -EMFILE;
}

interface Sysctl {
  readonly name: string;
  readonly value: number;
}

/** The limit of the system, and that of the user namespace. */
const WATCHES = ["fs.inotify.max_user_watches", "user.max_inotify_watches"];
const INSTANCES = ["fs.inotify.max_user_instances", "user.max_inotify_instances"];

/** What to raise a limit to that is zero: at least a kernel's default. */
const DEFAULTS = { watches: 8192, instances: 128 };

function tightest(c: Libc, names: readonly string[]): Sysctl {
  return names
    .map((name) => ({ name, value: number(c, name) }))
    .reduce((a, b) => b.value < a.value || Number.isNaN(a.value) ? b : a);
}

function number(c: Libc, sysctl: string): number {
  return parseInt(readText(c, `/proc/sys/${sysctl.replaceAll(".", "/")}`) ?? "", 10);
}

function explain(c: Libc, what: "instances" | "watches", names: readonly string[]): string {
  const { name, value } = tightest(c, names);
  const holders = holdersOf(c, what);
  return Number.isNaN(value)
    ? `all inotify ${what} that this user may have are in use${holders}; raise the smaller one of ` +
      `${names.join(" and ")}, neither of which can be read here`
    : `all ${value} inotify ${what} that this user may have are in use${holders}; ` +
      `raise the limit with: sudo sysctl ${name}=${value * 2 || DEFAULTS[what]}`;
}

/** Who has how many, to go on with in a sentence; nothing where /proc cannot be read. */
function holdersOf(c: Libc, what: "instances" | "watches"): string {
  const self = readLink(c, "/proc/self");
  const processes = usageOfAll(c)?.processes.toSorted((a, b) => b[what] - a[what]);
  if (self === undefined || processes === undefined) return "";
  const own = processes.find(({ pid }) => pid === Number(self))?.[what] ?? 0;
  const others = processes
    .filter(({ pid }) => pid !== Number(self))
    .slice(0, 3)
    .map(({ command, pid, [what]: count }) => `, ${command} (${pid}) has ${count}`);
  return `; this process has ${own}${others.join("")}`;
}

/** @returns `undefined` if the process is gone */
function processUsage(c: Libc, pid: number): ProcessUsage | "unreadable" | undefined {
  const status = readText(c, `/proc/${pid}/status`);
  if (status === undefined) return undefined;
  const names = list(c, `/proc/${pid}/fd`);
  if (names === undefined) return "unreadable";
  const instances = distinct(
    c,
    pid,
    names
      .filter((fd) => readLink(c, `/proc/${pid}/fd/${fd}`) === "anon_inode:inotify")
      .map((fd) => ({ fd: Number(fd), watches: countWatches(c, pid, fd) })),
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

/** An instance that has several descriptors, counted once. */
function distinct(c: Libc, pid: number, found: readonly Instance[]): Instance[] {
  const same = (a: Instance, b: Instance) =>
    a.watches === b.watches && c.kcmp_file(pid, a.fd, b.fd) === 0;
  const instances: Instance[] = [];
  for (const one of found) {
    if (!instances.some((other) => same(one, other))) instances.push(one);
  }
  return instances;
}

/** Each watch has a line in fdinfo (proc_pid_fdinfo(5)). */
function countWatches(c: Libc, pid: number, fd: string): number {
  return readText(c, `/proc/${pid}/fdinfo/${fd}`)?.match(/^inotify /mg)?.length ?? 0;
}
