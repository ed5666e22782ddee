/**
 * Why a system call failed, in words that help the user: the one table from errno to advice.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY } from "../../ffi/contract.ts";
import { EACCES, EEXIST, EINVAL, EMFILE, ENOENT, ENOSPC, ENOTDIR } from "../../ffi/errno.ts";
import { call } from "./call.ts";
import { monotonic } from "./clock.ts";
import { toCString } from "./path.ts";
import { type Countable, tightestLimit, usageByProcess } from "./usage.ts";
import { readLink } from "./files.ts";

type Reason = string | ((libc: Libc) => string);

const MAY_NOT_READ = "it, or a directory on the way to it, may not be read";
const NO_DESCRIPTORS =
  "this process has as many open files as it may; raise the limit with: ulimit -n";

/** What failed, where an errno has a meaning of its own. */
export type Attempt = "open instance" | "add watch" | "remove watch" | "cover path" | "send fence";

/** For each errno that is not listed, the C library's words are clear enough. */
const REASONS: Readonly<Record<Attempt, Readonly<Record<number, Reason>>>> = {
  "open instance": {
    [EMFILE]: (libc) => mayOpen(libc) ? allInUse(libc, "instances") : NO_DESCRIPTORS,
  },
  "add watch": {
    [EACCES]: MAY_NOT_READ,
    [EEXIST]: "its inode is watched already, and IN_MASK_CREATE is set",
    [ENOTDIR]: "it, or a part of the way to it, is not a directory",
    [ENOSPC]: (libc) => allInUse(libc, "watches"),
  },
  "remove watch": {
    [EINVAL]: "this instance has no such watch (any more)",
  },
  // What a watcher does to cover a path: it watches and lists directories.
  "cover path": {
    [ENOENT]: "its file system reports that it exists, and then that it does not",
    [EACCES]: MAY_NOT_READ,
    [ENOTDIR]: "a part of the way to it is not a directory",
    [EMFILE]: NO_DESCRIPTORS,
    [ENOSPC]: (libc) => allInUse(libc, "watches"),
  },
  "send fence": {
    [ENOENT]: "/proc is needed, and is not mounted here",
    [ENOSPC]: (libc) => allInUse(libc, "watches"),
  },
};

/**
 * Why a call failed, as the middle of a sentence.
 *
 * @param attempt what failed; left out, the reason is the C library's
 */
export function reasonFor(libc: Libc, errno: number, attempt?: Attempt): string {
  const reason = attempt && REASONS[attempt][errno];
  if (typeof reason === "string") return reason;
  try {
    if (reason !== undefined) return reason(libc);
  } catch {
    // Deno opens a file for each C function, and may have lost the permission, or the descriptors, to do so.
  }
  return cReason(libc, errno);
}

/** The C library's words for an errno, such as "No such file or directory" (strerror(3)). */
export function strerror(libc: Libc, errno: number): string {
  const buffer = new Uint8Array(256);
  libc.strerror_r(errno, buffer, buffer.length);
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}

function cReason(libc: Libc, errno: number): string {
  try {
    const text = strerror(libc, errno);
    return text.charAt(0).toLowerCase() + text.slice(1);
  } catch { // as above
    return nodeReason(errno) ?? "the system call failed";
  }
}

function nodeReason(errno: number): string | undefined {
  // Not imported: failures are rare, and loading node:util costs Deno milliseconds at each start.
  const { process } = globalThis as unknown as {
    process: {
      getBuiltinModule(
        name: "node:util",
      ): { getSystemErrorMessage?(errno: number): string | undefined };
    };
  };
  return process.getBuiltinModule("node:util").getSystemErrorMessage?.(-errno);
}

/** Whether the process may open one more file. Asked without /proc, which may be missing. */
function mayOpen(libc: Libc): boolean {
  const root = toCString("/");
  const fd = call(libc, () => libc.open(root, O_RDONLY | O_CLOEXEC));
  if (fd >= 0) libc.close(fd);
  return fd !== -EMFILE;
}

/** What to raise a limit of zero to: the default of older kernels. */
const DEFAULTS = { watches: 8192, instances: 128 };

/**
 * How long a count is valid, in milliseconds, and how many times as long as it took: at a limit, calls fail by the
 * thousand, and a count reads /proc of each process.
 */
const VALID = 1000;
const TIMES = 10;

/** The last text of {@link allInUse}, and when it was valid last. */
const counted = new WeakMap<
  Libc,
  Map<Countable, { readonly text: string; readonly end: number }>
>();

/** The limit, who uses it up, and how to raise it. */
function allInUse(libc: Libc, what: Countable): string {
  const start = monotonic(libc);
  let last = counted.get(libc);
  if (last === undefined) counted.set(libc, last = new Map());
  const known = last.get(what);
  if (known !== undefined && start < known.end) return known.text;
  const text = countAll(libc, what);
  const end = monotonic(libc);
  last.set(what, { text, end: end + Math.max(VALID, TIMES * (end - start)) });
  return text;
}

function countAll(libc: Libc, what: Countable): string {
  const { name, value, names } = tightestLimit(libc, what);
  const use = describeUse(libc, what);
  return Number.isNaN(value)
    ? `all inotify ${what} that this user may have are in use${use}; raise the smaller one of ` +
      `${names.join(" and ")}, neither of which can be read here`
    : `all ${value} inotify ${what} that this user may have are in use${use}; ` +
      `raise the limit with: sudo sysctl ${name}=${value * 2 || DEFAULTS[what]}`;
}

/** The use of this process and of the three largest others, or nothing if /proc cannot be read. */
function describeUse(libc: Libc, what: Countable): string {
  const self = readLink(libc, "/proc/self");
  const processes = usageByProcess(libc)?.processes.toSorted((a, b) => b[what] - a[what]);
  if (typeof self !== "string" || processes === undefined) return "";
  const own = processes.find(({ pid }) => pid === Number(self))?.[what] ?? 0;
  const others = processes
    .filter(({ pid }) => pid !== Number(self))
    .slice(0, 3)
    .map(({ command, pid, [what]: count }) => `, ${command} (${pid}) has ${count}`);
  return `; this process has ${own}${others.join("")}`;
}
