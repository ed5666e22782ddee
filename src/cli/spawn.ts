/**
 * `spawn()`: starts a program in a process group, by posix_spawn(3).
 *
 * No runtime can do that. `detached` of node:child_process is setsid(2): a program without a controlling
 * terminal cannot open /dev/tty, and gets no signals from it. A program that runs cannot be moved to another
 * group (setpgid(2): EACCES), and shells differ in what `set -m` does. Also, waitpid(2) reports when a
 * program is stopped.
 *
 * posix_spawn(3) blocks this thread until the program is loaded, like vfork(2). A signal that stops the
 * program before that stops this process too, and no shell learns of it.
 *
 * @module
 */

import {
  F_GETFL,
  F_SETFD,
  F_SETFL,
  type Libc,
  O_NONBLOCK,
  POSIX_SPAWN_SETPGROUP,
  POSIX_SPAWN_SETSIGDEF,
  POSIX_SPAWN_SETSIGMASK,
} from "../../ffi/contract.ts";
import { ENOEXEC } from "../../ffi/errno.ts";
import { toCString } from "../kernel/path.ts";

const encoder = new TextEncoder();

/**
 * Starts a program. It has this process's standard streams and working directory, and handles signals in the
 * default way: Bun and Node.js ignore some.
 *
 * @param argv the program, which is searched for in PATH, and its arguments
 * @param environment all of its variables
 * @param group the process group that it joins; 0 for a new one, whose number is its process number
 * @param blocked signals that it does not get
 * @returns its process number, or a negative errno
 */
export function spawn(
  libc: Libc,
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  group: number,
  blocked: readonly number[] = [],
): number {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  for (const fd of [0, 1, 2]) makeInheritable(libc, fd);
  const pid = new Int32Array(1);
  const errno = libc.posix_spawnp(
    new Uint8Array(pid.buffer),
    toCString(argv[0]),
    attributes(group, blocked),
    pointers(libc, argv),
    pointers(libc, variables),
  );
  if (errno === 0) return pid[0];
  // A script without #! is run by a shell, as execvp(3) does and posix_spawnp(3) does not.
  if (errno === ENOEXEC && argv[0] !== "sh") {
    return spawn(libc, ["sh", "-c", 'exec "$0" "$@"', ...argv], environment, group, blocked);
  }
  return -errno;
}

/** Undoes what Node.js does: it closes standard streams on exec, and makes terminals nonblocking. */
function makeInheritable(libc: Libc, fd: number): void {
  libc.fcntl(fd, F_SETFD, 0);
  const flags = libc.fcntl(fd, F_GETFL, 0);
  if ((flags & O_NONBLOCK) !== 0) libc.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/** A `posix_spawnattr_t`. By default it is all zeroes; its beginning is the same in glibc and musl. */
function attributes(group: number, blocked: readonly number[]): Uint8Array {
  const attr = new Uint8Array(336);
  const view = new DataView(attr.buffer);
  const flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  view.setInt16(0, flags, true);
  view.setInt32(4, group, true);
  attr.fill(0xff, 8, 136); // a sigset_t: all signals get their default disposition
  for (const signal of blocked) attr[136 + (signal - 1 >> 3)] |= 1 << (signal - 1 & 7); // a second sigset_t
  return attr;
}

/** An array of pointers that ends with NULL, followed by the C strings that they point to. */
function pointers(libc: Libc, texts: readonly string[]): Uint8Array {
  const POINTER = 8;
  const strings = texts.map((text) => encoder.encode(`${text}\0`));
  let offset = (strings.length + 1) * POINTER;
  // With an ArrayBuffer of its own: a small Uint8Array without one may be moved.
  const block = new Uint8Array(
    new ArrayBuffer(strings.reduce((sum, { length }) => sum + length, offset)),
  );
  const view = new DataView(block.buffer);
  const address = libc.address(block);
  strings.forEach((string, i) => {
    view.setBigUint64(i * POINTER, address + BigInt(offset), true);
    block.set(string, offset);
    offset += string.length;
  });
  return block;
}
