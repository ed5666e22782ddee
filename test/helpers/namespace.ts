/** Places of Linux in which a program may do what it could not, or should not, do to the system. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import type { Start } from "./runtime.ts";
import { ownUse } from "./usage.ts";

/** Where a program runs. */
export interface Place {
  /** What runs it there. */
  readonly under: readonly string[];
  /** Why that is not possible, or `false` if it is. */
  readonly skip: string | false;
}

/** The limit of watches of a user namespace. */
const MAX_WATCHES = "/proc/sys/user/max_inotify_watches";

/** A place with limits of its own. */
export const LIMITS: Place = place(["unshare", "-Ur"], ["test", "-w", MAX_WATCHES]);

/** A place with mounts of its own. */
export const MOUNTS: Place = place(["unshare", "-Urm"], ["mount", "-t", "tmpfs", "none", "/tmp"]);

/** A place with limits of its own, and with processes of its own, which /proc is to be about. */
export const PROCESSES: Place = place(["unshare", "-Urmp", "--fork"], [
  ...["mount", "-t", "proc", "-o", "subset=pid", "none", "/proc"],
]);

/** A place where the modes of files count, whoever runs the tests. */
export const UNPRIVILEGED: Place = process.geteuid!() === 0
  ? place(["unshare", "-U"], ["true"])
  : { under: [], skip: false };

/** A place, and whether it can be had. @param trial a command that does nothing else there */
export function place(under: readonly string[], trial: readonly string[]): Place {
  const [file, ...args] = [...under, ...trial];
  const skip = spawnSync(file, args).status !== 0 &&
    `"${[...under, ...trial].join(" ")}" may not be run here`;
  return { under, skip };
}

/** Runs a program where a limit of inotify has another value. */
export function limited(name: "watches" | "instances", value: number): Start {
  const script = `echo ${value} > /proc/sys/user/max_inotify_${name} && exec "$@"`;
  return { under: [...LIMITS.under, "sh", "-c", script, "sh"] };
}

/** Likewise, and where /proc tells of processes only, or where there is none. */
export function limitedUnseen(
  name: "watches" | "instances",
  value: number,
  proc: "subset=pid" | "none",
): Start {
  const [type, options] = proc === "none" ? ["tmpfs", "size=4k"] : ["proc", proc];
  const script = `echo ${value} > /proc/sys/user/max_inotify_${name} && ` +
    `mount -t ${type} -o ${options} none /proc && exec "$@"`;
  return { under: [...PROCESSES.under, "sh", "-c", script, "sh"] };
}

/** In a place with limits of its own: allows this many watches more than there are. */
export function spareWatches(count: number): void {
  writeFileSync(MAX_WATCHES, String(ownUse().watches + count));
}

/** In a place with limits of its own: allows what the system allows. */
export function raiseLimits(): void {
  for (const name of ["watches", "instances"]) {
    writeFileSync(`/proc/sys/user/max_inotify_${name}`, "1000000");
  }
}
