/**
 * Starts a program in a process group.
 *
 * No runtime can: node:child_process has `detached`, which is setsid(2), and what has no controlling
 * terminal neither opens /dev/tty nor gets its signals; a program that runs already cannot be moved
 * (setpgid(2): EACCES); and shells differ in what `set -m` takes and does. posix_spawn(3) is one call of
 * libc that does, and waitpid(2) for what it has started says of a stop, too.
 *
 * Until the program is there, posix_spawn(3) holds this thread like vfork(2): what stops the one before that
 * stops the other, too, and no shell knows.
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
 * Starts a program, with this process's standard streams and working directory, and with signals as they
 * are by default: Bun and Node.js ignore some.
 *
 * @param argv the program, looked for as a shell does, and its arguments
 * @param environment all of its variables
 * @param group the process group that it joins; 0 for a new one, whose number is the program's own
 * @param blocked signals that do nothing to it
 * @returns its process number, or `-errno`
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
  // A script without #! is for a shell, as execvp(3) has it, and posix_spawnp(3) does not.
  if (errno === ENOEXEC && argv[0] !== "sh") {
    return spawn(libc, ["sh", "-c", 'exec "$0" "$@"', ...argv], environment, group, blocked);
  }
  return -errno;
}

/** Node.js has its standard streams closed on exec, and a terminal not block. */
function makeInheritable(libc: Libc, fd: number): void {
  libc.fcntl(fd, F_SETFD, 0);
  const flags = libc.fcntl(fd, F_GETFL, 0);
  if ((flags & O_NONBLOCK) !== 0) libc.fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/** `posix_spawnattr_t`, which is zeroes by default, and begins alike in glibc and musl. */
function attributes(group: number, blocked: readonly number[]): Uint8Array {
  const attr = new Uint8Array(336);
  const view = new DataView(attr.buffer);
  const flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  view.setInt16(0, flags, true);
  view.setInt32(4, group, true);
  attr.fill(0xff, 8, 136); // a sigset_t of those that get their default disposition: all
  for (const signal of blocked) attr[136 + (signal - 1 >> 3)] |= 1 << (signal - 1 & 7); // another sigset_t
  return attr;
}

/** An array of pointers to C strings that follow it, with NULL at its end. */
function pointers(libc: Libc, texts: readonly string[]): Uint8Array {
  const POINTER = 8;
  const strings = texts.map((text) => encoder.encode(`${text}\0`));
  let offset = (strings.length + 1) * POINTER;
  // By an ArrayBuffer of its own: the memory of a small Uint8Array without one may be moved.
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
