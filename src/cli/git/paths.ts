/**
 * Paths as git has them, and as we have them. The functions of node:path are none for ours: that of Bun
 * replaces what is not well-formed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { libc } from "../../../ffi/libc.ts";
import { absolute } from "../../kernel/absolute.ts";
import { fromBytes, toBytes } from "../../kernel/byte_string.ts";

/** A path in which each byte is a character, as git sees it. @param path lossless text */
export function byteText(path: string): string {
  return /^[\0-\x7f]*$/.test(path) ? path : Buffer.from(toBytes(path)).toString("latin1");
}

/** A path in which each byte is a character, as lossless text. */
export function fromByteText(path: string): string {
  return fromBytes(Buffer.from(path, "latin1"));
}

/** The directory that an absolute path is in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** A path from the top. @param path lossless text, and not empty */
export function resolve(directory: string, path: string): string {
  return absolute(libc(), toBytes(path.startsWith("/") ? path : `${directory}/${path}`));
}
