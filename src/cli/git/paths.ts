/**
 * Converts between lossless text and the byte text in which git's rules are matched.
 *
 * It does without node:path: on Bun that replaces text that is not well-formed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Libc } from "../../../ffi/contract.ts";
import { absolute } from "../../kernel/absolute.ts";
import { fromBytes, toBytes } from "../../kernel/byte_string.ts";

/** A path with one character per byte. @param path lossless text */
export function byteText(path: string): string {
  return /^[\0-\x7f]*$/.test(path) ? path : Buffer.from(toBytes(path)).toString("latin1");
}

/** The lossless text of a path with one character per byte. */
export function fromByteText(path: string): string {
  return fromBytes(Buffer.from(path, "latin1"));
}

/** The directory of an absolute path. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** An absolute path. @param path lossless text, not empty; relative to `directory`, or absolute */
export function resolve(libc: Libc, directory: string, path: string): string {
  return absolute(libc, toBytes(path.startsWith("/") ? path : `${directory}/${path}`));
}
