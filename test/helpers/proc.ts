/** Reads /proc: descriptors, threads and watches of a process. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** How many descriptors of each kind are open. */
export interface OpenFiles {
  readonly inotify: number;
  /** Both ends of a pipe count. */
  readonly pipe: number;
  /** The package's own memory files (memfd_create(2)). */
  readonly memfd: number;
}

/** @returns the number of a process's descriptors, by the kinds that the package opens */
export function openFiles(pid: number | "self" = "self"): OpenFiles {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
  // Only prefixes count: Bun keeps directories open, some with "inotify" in their names.
  const count = (target: string) => links.filter((to) => to.startsWith(target)).length;
  return {
    inotify: count("anon_inode:inotify"),
    pipe: count("pipe:"),
    memfd: count("/memfd:inotify-"),
  };
}

/** @returns the number of threads of a process */
export function threads(pid: number | "self" = "self"): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** @returns the number of voluntary context switches of a process's threads */
export function voluntarySwitches(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }
  return sum;
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // the readdir's own descriptor, closed by now
  }
}

/** @returns what this process has open, its number of inotify watches, and that of its threads */
export function held(): OpenFiles & { all: number; watches: number; threads: number } {
  const infos = readdirSync("/proc/self/fdinfo").map((fd) => info(fd));
  return {
    ...openFiles(),
    all: infos.length,
    watches: infos.join("").match(/^inotify /mg)?.length ?? 0,
    threads: threads(),
  };
}

/** @returns the number of a process's watches of an inode (proc_pid_fdinfo(5)) */
export function watches(pid: number, inode: number): number {
  const watch = `ino:${inode.toString(16)} `;
  return readdirSync(`/proc/${pid}/fdinfo`)
    .flatMap((fd) => info(fd, pid).split("\n"))
    .filter((line) => line.startsWith("inotify ") && line.includes(watch)).length;
}

/** @returns the masks of this process's watches, by inode number (proc_pid_fdinfo(5)) */
export function watchMasks(): Map<number, number> {
  const masks = new Map<number, number>();
  for (const fd of readdirSync("/proc/self/fdinfo")) {
    for (const [, inode, mask] of info(fd).matchAll(/^inotify .*ino:(\w+) .* mask:(\w+)/mg)) {
      masks.set(Number.parseInt(inode, 16), Number.parseInt(mask, 16));
    }
  }
  return masks;
}

function info(fd: string, pid: number | "self" = "self"): string {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
  } catch {
    return ""; // likewise
  }
}

/** Whether a process runs; a zombie does not. */
export function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
