/**
 * Reads /proc by system calls. The runtimes' own functions would need further permissions.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_RDONLY } from "../../ffi/contract.ts";
import { call } from "./call.ts";
import { toCString } from "./path.ts";

const decoder = new TextDecoder();

/** @returns the content of a file, or `undefined` if it cannot be read */
export function readBytes(libc: Libc, path: string): Uint8Array | undefined {
  const chunks = readWith(libc, path, (fd, buffer) => libc.read(fd, buffer, buffer.byteLength));
  if (chunks === undefined) return undefined;
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** @returns the text of a file, or `undefined` if it cannot be read */
export function readText(libc: Libc, path: string): string | undefined {
  const bytes = readBytes(libc, path);
  return bytes && decoder.decode(bytes);
}

/** @returns the names in a directory, or `undefined` if it cannot be read */
export function list(libc: Libc, path: string): string[] | undefined {
  const chunks = readWith(
    libc,
    path,
    (fd, buffer) => libc.getdents64(fd, buffer, buffer.byteLength),
  );
  return chunks?.flatMap(direntNames).filter((name) => name !== "." && name !== "..");
}

/** Opens a path, and repeats `read` until it returns 0, the end. */
function readWith(
  libc: Libc,
  path: string,
  read: (fd: number, buffer: Uint8Array) => number,
): Uint8Array[] | undefined {
  const pathname = toCString(path);
  const fd = call(libc, () => libc.open(pathname, O_RDONLY | O_CLOEXEC));
  if (fd < 0) return undefined;
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(32 * 1024);
  let length: number;
  while ((length = call(libc, () => read(fd, buffer))) > 0) chunks.push(buffer.slice(0, length));
  libc.close(fd);
  return length < 0 ? undefined : chunks;
}

/** `struct linux_dirent64`: u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[]. */
function direntNames(chunk: Uint8Array): string[] {
  const D_RECLEN = 16;
  const D_NAME = 19;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const names: string[] = [];
  for (let offset = 0; offset < chunk.byteLength;) {
    const next = offset + view.getUint16(offset + D_RECLEN, true);
    const name = chunk.subarray(offset + D_NAME, next);
    names.push(decoder.decode(name.subarray(0, name.indexOf(0))));
    offset = next;
  }
  return names;
}
