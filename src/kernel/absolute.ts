/**
 * Absolute paths.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { ENOENT } from "../../ffi/errno.ts";
import { fromBytes, toText } from "./byte_string.ts";
import { InotifyError } from "./error.ts";
import { leadsToDirectory, readLink } from "./files.ts";
import { type Path, toCString, toDisplay } from "./path.ts";

/** What {@link absolute} leaves as it is, but for lone surrogates: with thousands of paths, the long way counts. */
const NORMAL = /^(?:\/(?!\.\.?(?:\/|$))[^/\0]+)+$/;

/**
 * The absolute form of a path, as lossless text, without `.`, `..` and repeated slashes. Symbolic links are
 * not resolved: `link/..` is the directory that contains `link`.
 *
 * @throws {TypeError} if it is not a path
 * @throws {InotifyError} ENOENT if it is relative and the working directory was removed
 */
export function absolute(libc: Libc, path: Path): string {
  if (typeof path === "string" && NORMAL.test(path) && path.isWellFormed()) return path;
  const bytes = toCString(path);
  const nul = bytes.indexOf(0);
  if (nul === 0) throw new TypeError("A path must not be empty");
  if (nul < bytes.length - 1) {
    throw new TypeError(
      `A path must not contain a NUL byte, and ${JSON.stringify(toDisplay(path))} does`,
    );
  }
  const text = fromBytes(bytes.subarray(0, nul));
  const parts: string[] = [];
  const whole = text.startsWith("/") ? text : `${workingDirectory(libc, text)}/${text}`;
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** @param relative the path to make absolute, for the error */
function workingDirectory(libc: Libc, relative: string): string {
  const path = readLink(libc, "/proc/self/cwd");
  // After its removal the link is the old path with this suffix (proc_pid_cwd(5)).
  const isRemoved = typeof path === "string" && path.endsWith(" (deleted)") &&
    !leadsToDirectory(libc, path);
  if (typeof path === "string" && !isRemoved) return path;
  throw new InotifyError(
    `watch ${JSON.stringify(toText(relative))}`,
    isRemoved
      ? "it is relative, and the working directory was removed"
      : "it is relative, and the working directory is unknown without /proc",
    { errno: isRemoved ? ENOENT : path as number, syscall: "readlink", path: toText(relative) },
  );
}
