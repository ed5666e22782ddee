/**
 * Failures in the words of the C library.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";

/** What strerror(3) says of an errno, as in "No such file or directory". */
export function strerror(errno: number): string {
  const buffer = new Uint8Array(256);
  libc().strerror_r(errno, buffer, buffer.length);
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
