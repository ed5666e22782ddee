/**
 * `limits()` and `usage()`: the limits of inotify, and who uses how much of them.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { type Limits, readLimits, type Usage, usageByProcess } from "./usage.ts";

export type { Limits, ProcessUsage, Usage } from "./usage.ts";

/**
 * The limits of inotify for this user, read from /proc/sys.
 *
 * In a user namespace (a container, for example) two limits apply, and the smaller one is returned: that of
 * the system, `fs.inotify.*`, and that of the namespace, `user.max_inotify_*` (namespaces(7)).
 *
 * @throws {Error} if /proc/sys cannot be read, or there is no libc to read it with: this is not Linux, or the
 * runtime has no usable FFI
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
  const found = readLimits(libc());
  for (const [name, value] of Object.entries(found)) {
    if (Number.isNaN(value)) throw new Error(`Cannot determine ${name}: /proc/sys cannot be read`);
  }
  return found;
}

/**
 * The inotify instances and watches of every process, read from /proc/PID/fdinfo. Takes a system call for
 * each open file of the system: some milliseconds.
 *
 * @throws {Error} if /proc cannot be read, or there is no libc to read it with: this is not Linux, or the
 * runtime has no usable FFI
 *
 * @example
 * ```ts
 * import { IN_CREATE, Inotify, usage } from "@inotify/inotify";
 * import { assert } from "@std/assert";
 *
 * await using inotify = new Inotify();
 * inotify.addWatch("/", IN_CREATE);
 * const { processes } = usage();
 * assert(processes.some(({ instances, watches }) => instances >= 1 && watches >= 1));
 * ```
 */
export function usage(): Usage {
  const found = usageByProcess(libc());
  if (found === undefined) {
    throw new Error("Cannot determine who uses inotify: /proc cannot be read");
  }
  return found;
}
