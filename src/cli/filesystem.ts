/**
 * The type of the file system that a path is on.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { mountId } from "../kernel/files.ts";
import { readText } from "../kernel/procfs.ts";

/** Types whose files a server, the host of a virtual machine, or a program may change (filesystems(5)). */
const SHARED = new Set([
  ...[
    "9p",
    "afs",
    "ceph",
    "cifs",
    "coda",
    "fuse",
    "gfs2",
    "lustre",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
  ],
  ...["prl_fs", "smb3", "vboxsf", "virtiofs", "vmhgfs"],
]);

/** Types whose files the kernel makes up when they are read (filesystems(5)). */
const VIRTUAL = new Set(["debugfs", "devpts", "proc", "securityfs", "sysfs", "tracefs"]);

/** The type of the file system of a path, as in /proc/filesystems; `undefined` if it is unknown. */
export function fileSystemOf(libc: Libc, path: string): string | undefined {
  const id = mountId(libc, path);
  if (id === undefined) return undefined;
  const mounts = readText(libc, "/proc/self/mountinfo")?.split("\n");
  const mount = mounts?.find((line) => line.startsWith(`${id} `));
  return mount && / - (\S+) /.exec(mount)?.[1]; // proc_pid_mountinfo(5)
}

/** Whether files of such a file system may change without this kernel, and so without events. */
export function isShared(type: string): boolean {
  return SHARED.has(type.replace(/^fuse\..*/, "fuse"));
}

/** Whether files of such a file system change without an event. */
export function isVirtual(type: string): boolean {
  return VIRTUAL.has(type);
}
