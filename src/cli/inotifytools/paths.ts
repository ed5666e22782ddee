/**
 * The paths on the command line and in `--fromfile`.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { fromBytes } from "../../kernel/byte_string.ts";
import { readBytes } from "../../kernel/procfs.ts";

/** Paths, as lossless text. */
export interface Paths {
  /** What to watch, in order. */
  readonly watch: string[];
  /** Directories that are left out, without a slash at their end. */
  readonly exclude: Set<string>;
}

/**
 * Sorts paths: those that begin with `@` are left out, empty ones are ignored.
 *
 * @param fromFile of `--fromfile`; they come first
 */
export function sortPaths(fromFile: readonly string[], operands: readonly string[]): Paths {
  const watch: string[] = [];
  const exclude = new Set<string>();
  for (const path of [...fromFile, ...operands]) {
    if (path.startsWith("@")) exclude.add(path.slice(1).replace(/\/$/, ""));
    else if (path !== "") watch.push(path);
  }
  exclude.delete("");
  return { watch, exclude };
}

/** The lines of a file; "-" is the standard input. @throws what node:fs throws */
export async function readLines(file: string): Promise<string[]> {
  const { readFileSync } = await import("node:fs");
  return fromBytes(readFileSync(file === "-" ? 0 : file)).split("\n");
}

/**
 * The arguments as lossless text. The runtimes decode bytes that are not UTF-8 to U+FFFD; if there is one, the
 * kernel gives the bytes (proc_pid_cmdline(5)).
 */
export function losslessArguments(libc: Libc, args: readonly string[]): readonly string[] {
  if (!args.some((arg) => arg.includes("\ufffd"))) return args;
  return commandLine(libc).slice(-args.length);
}

/** The whole command line of this process, with the runtime and its flags. */
export function commandLine(libc: Libc): string[] {
  const bytes = readBytes(libc, "/proc/self/cmdline");
  return bytes === undefined ? [] : fromBytes(bytes.subarray(0, -1)).split("\0");
}
