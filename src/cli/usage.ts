/**
 * What `watch --usage` prints.
 *
 * @module
 */

import type { Limits, ProcessUsage, Usage } from "../kernel/limits.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** How many processes are listed at most. */
const TOP = 10;

/** Tables of the limits and of who uses them, and the commands that raise a limit. */
export function usageText(limits: Limits, usage: Usage): string {
  const { maxUserInstances, maxUserWatches, maxQueuedEvents } = limits;
  const users = Map.groupBy(usage.processes, ({ uid }) => uid);
  const total = (of: "watches" | "instances", processes: readonly ProcessUsage[]) =>
    processes.reduce((sum, process) => sum + process[of], 0);
  const others = usage.processes.length - TOP;
  const sections = [
    table([
      ["limit", "per", "of"],
      [maxUserWatches, "user", "watches"],
      [maxUserInstances, "user", "instances"],
      [maxQueuedEvents, "instance", "queued events"],
    ]),
    ...usage.processes.length === 0 ? ["No process that this user may inspect uses inotify.\n"] : [
      table([
        ["watches", "instances", "user"],
        ...[...users].map(([uid, processes]) => [
          total("watches", processes),
          total("instances", processes),
          uid,
        ]),
      ]),
      table([
        ["watches", "instances", "user", "pid", "command"],
        ...usage.processes.slice(0, TOP).map(({ watches, instances, uid, pid, command }) => [
          watches,
          instances,
          uid,
          pid,
          printable(command),
        ]),
      ]),
    ],
    others > 0 ? `… and ${others} more\n` : "",
    usage.unreadable > 0
      ? `${usage.unreadable} processes of other users cannot be inspected: try as root.\n`
      : "",
    `To raise a limit, until the next boot and for good:\n` +
    `  sudo sysctl fs.inotify.max_user_watches=${maxUserWatches * 2}\n` +
    `  echo fs.inotify.max_user_watches=${maxUserWatches * 2} | ` +
    `sudo tee /etc/sysctl.d/60-inotify.conf\n`,
  ];
  return sections.filter((section) => section !== "").join("\n");
}
