/**
 * On what file system a path is, and whether others change that, too.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { mountId } from "../kernel/files.ts";
import { readText } from "../kernel/procfs.ts";

/** Those behind which there is another machine, the host of a virtual one, or a program (filesystems(5)). */
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

/** The type of the file system that a path leads to, as in /proc/filesystems; if that can be known. */
export function fileSystemOf(path: string): string | undefined {
  const id = mountId(libc(), path);
  if (id === undefined) return undefined;
  const mounts = readText(libc(), "/proc/self/mountinfo")?.split("\n");
  const mount = mounts?.find((line) => line.startsWith(`${id} `));
  return mount && / - (\S+) /.exec(mount)?.[1]; // proc_pid_mountinfo(5)
}

/** Whether files of such a file system may change without this kernel, and so without an event. */
export function isShared(type: string): boolean {
  return SHARED.has(type.replace(/^fuse\..*/, "fuse"));
}
