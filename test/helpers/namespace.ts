/** namespaces(7), in which a program changes limits, mounts or users without affecting the system. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import type { Start } from "./runtime.ts";
import { ownUse } from "./usage.ts";

/** A namespace for a program. */
export interface Place {
  /** The command that runs a program in it. */
  readonly under: readonly string[];
  /** Why it cannot be created here, or `false` if it can. */
  readonly skip: string | false;
}

/** A user namespace's limit of watches. */
const MAX_WATCHES = "/proc/sys/user/max_inotify_watches";

/** With its own limits. */
export const LIMITS: Place = place(["unshare", "-Ur"], ["test", "-w", MAX_WATCHES]);

/** With its own mounts. */
export const MOUNTS: Place = place(["unshare", "-Urm"], ["mount", "-t", "tmpfs", "none", "/tmp"]);

/** With its own limits and processes; the program mounts its own /proc. */
export const PROCESSES: Place = place(["unshare", "-Urmp", "--fork"], [
  ...["mount", "-t", "proc", "-o", "subset=pid", "none", "/proc"],
]);

/** Where file modes apply, even if root runs the tests. */
export const UNPRIVILEGED: Place = process.geteuid!() === 0
  ? place(["unshare", "-U"], ["true"])
  : { under: [], skip: false };

/** A namespace. @param trial a command that tests whether it works here */
export function place(under: readonly string[], trial: readonly string[]): Place {
  const [file, ...args] = [...under, ...trial];
  const skip = spawnSync(file, args).status !== 0 &&
    `"${[...under, ...trial].join(" ")}" may not be run here`;
  return { under, skip };
}

/** How to start a program with another value of an inotify limit. */
export function limited(name: "watches" | "instances", value: number): Start {
  const script = `echo ${value} > /proc/sys/user/max_inotify_${name} && exec "$@"`;
  return { under: [...LIMITS.under, "sh", "-c", script, "sh"] };
}

/** Likewise, and with a /proc that only contains processes, or without /proc. */
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

/** Called inside {@link LIMITS}: allows this many watches more than there are. */
export function spareWatches(count: number): void {
  writeFileSync(MAX_WATCHES, String(ownUse().watches + count));
}

/** Called inside {@link LIMITS}: raises the limits to those of the system. */
export function raiseLimits(): void {
  for (const name of ["watches", "instances"]) {
    writeFileSync(`/proc/sys/user/max_inotify_${name}`, "1000000");
  }
}
