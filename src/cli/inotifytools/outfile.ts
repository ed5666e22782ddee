/**
 * The file of `--outfile`.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { toText } from "../../kernel/byte_string.ts";
import { readLink } from "../../kernel/files.ts";
import { reasonOf, UsageError } from "./usage_error.ts";

/**
 * Opens a file to append to it.
 *
 * @param mustExist whether it is not made
 * @returns its descriptor
 * @throws {UsageError}
 */
export async function openOutfile(libc: Libc, path: string, mustExist: boolean): Promise<number> {
  const { constants, openSync, realpathSync } = await import("node:fs");
  const shown = toText(path);
  try {
    if (mustExist) realpathSync(path);
  } catch (error) {
    throw new UsageError(`${reasonOf(libc, error as Error)}: ${shown}`, { cause: error });
  }
  let fd: number;
  try {
    const { O_WRONLY, O_CREAT, O_APPEND } = constants;
    fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    // inotify-tools do not report the kernel's reason; a runtime's that forbids it must be reported.
    const why = errno === undefined ? `: ${message}` : "";
    throw new UsageError(`Failed to open output file ${shown}${why}`, { cause: error });
  }
  if (String(readLink(libc, `/proc/self/fd/${fd}`)).startsWith("anon_inode:")) {
    throw new UsageError("--outfile needs Deno 2.8 or later, whose descriptors are the system's");
  }
  return fd;
}
