/**
 * Paths from the top.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import { InotifyError } from "./error.ts";
import { leadsToDirectory, readLink } from "./files.ts";
import { fromBytes, toText } from "./byte_string.ts";
import { type Path, toCString, toDisplay } from "./path.ts";

/**
 * A path from the top, as lossless text, without `.`, `..`, and slashes that say nothing. A `..` after
 * a symbolic link is taken as text.
 *
 * @throws {TypeError} if it is no path
 * @throws {InotifyError} ENOENT if it is relative, and the working directory was removed
 */
export function absolute(path: Path): string {
  const bytes = toCString(path);
  const nul = bytes.indexOf(0);
  if (nul === 0) throw new TypeError("A path must not be empty");
  if (nul < bytes.length - 1) {
    throw new TypeError(`A path has no NUL byte, and ${JSON.stringify(toDisplay(path))} has`);
  }
  const text = fromBytes(bytes.subarray(0, nul));
  const parts: string[] = [];
  const whole = text.startsWith("/") ? text : `${workingDirectory(text)}/${text}`;
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The working directory. @param relative what is to be found from there, for the error */
function workingDirectory(relative: string): string {
  const path = readLink(libc(), "/proc/self/cwd");
  // Of a directory that was removed it is the old path with this at its end; see proc_pid_cwd(5).
  const isGone = typeof path === "string" && path.endsWith(" (deleted)") &&
    !leadsToDirectory(libc(), path);
  if (typeof path === "string" && !isGone) return path;
  throw new InotifyError(
    `watch ${JSON.stringify(toText(relative))}`,
    isGone
      ? "the working directory, from where it would be, was removed"
      : "the working directory, from where it would be, is not known without /proc",
    { errno: isGone ? ENOENT : path as number, syscall: "readlink", path: toText(relative) },
  );
}

const ENOENT = 2;
