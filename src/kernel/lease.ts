/**
 * Whether somebody has a file open for writing. A lease tells (fcntl(2), F_SETLEASE): the kernel grants one for
 * reading only while nobody has. It is given back at once.
 *
 * @module
 */

import {
  F_RDLCK,
  F_SETLEASE,
  F_SETSIG,
  F_UNLCK,
  type Libc,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  SIGURG,
} from "../../ffi/contract.ts";
import { EAGAIN } from "../../ffi/errno.ts";
import { call } from "./call.ts";

// linux/magic.h
const CIFS_SUPER_MAGIC = 0xff534d42;
const NFS_SUPER_MAGIC = 0x6969;
const SMB2_SUPER_MAGIC = 0xfe534d42;
const SMB_SUPER_MAGIC = 0x517b;

/** The file systems whose server grants leases, or not, for reasons of its own: EAGAIN says nothing about writers. */
const REMOTE: ReadonlySet<number> = new Set([
  CIFS_SUPER_MAGIC,
  NFS_SUPER_MAGIC,
  SMB2_SUPER_MAGIC,
  SMB_SUPER_MAGIC,
]);

const statfsBuffer = new Uint8Array(256);
const statfs = new DataView(statfsBuffer.buffer);

/**
 * What is known of the writers of a file: whether there are `some`; `unknown` if the file could not even be opened.
 * If its lease is refused for another reason (no owner of the file and no CAP_LEASE; no leases in the file system),
 * there are `none` as far as is known.
 */
export type Writers = "none" | "some" | "unknown";

/** Asks for the writers of a regular file, which is opened for that. @param pathname with its NUL byte */
export function writersOf(libc: Libc, pathname: Uint8Array): Writers {
  const flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
  const fd = call(libc, () => libc.open(pathname, flags), EAGAIN);
  if (fd < 0) return "unknown";
  // Who opens the file meanwhile waits for the lease, and this process is told by a signal: SIGIO would end it.
  call(libc, () => libc.fcntl(fd, F_SETSIG, SIGURG));
  const result = call(libc, () => libc.fcntl(fd, F_SETLEASE, F_RDLCK), EAGAIN);
  if (result === 0) call(libc, () => libc.fcntl(fd, F_SETLEASE, F_UNLCK));
  libc.close(fd);
  return result === -EAGAIN && !isRemote(libc, pathname) ? "some" : "none";
}

function isRemote(libc: Libc, pathname: Uint8Array): boolean {
  return call(libc, () => libc.statfs(pathname, statfsBuffer)) === 0 &&
    REMOTE.has(statfs.getUint32(0, true));
}
