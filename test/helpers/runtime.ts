/** The runtime of the tests, and how to start a program in the same one. */

import { join } from "node:path";
import process from "node:process";

/** The runtime that runs the tests. */
export const runtimeName: "deno" | "bun" | "node" = process.versions.deno !== undefined
  ? "deno"
  : process.versions.bun !== undefined
  ? "bun"
  : "node";

/** Flags that let a program do all that the tests do. */
const ALL: readonly string[] = {
  deno: ["run", "-A", "--no-check"],
  bun: [],
  node: ["--disable-warning=ExperimentalWarning"],
}[runtimeName];

/** How a program is started. */
export interface Start {
  /** What runs the runtime, as in `["sh", "-c", 'ulimit -n 99; exec "$@"', "sh"]`. */
  readonly under?: readonly string[];
  /** The runtime's own flags, instead of those that allow everything. */
  readonly flags?: readonly string[];
}

/**
 * How to run a TypeScript program in this runtime.
 *
 * @param program its path, from test/programs/
 * @returns the file to execute, and its arguments
 */
export function command(
  program: string,
  args: readonly string[] = [],
  { under = [], flags = ALL }: Start = {},
): [string, string[]] {
  const path = join(import.meta.dirname!, "../programs", program);
  // Bun takes a "--" that follows the program for itself.
  const own = runtimeName === "bun" ? ["--"] : [];
  const [file, ...rest] = [...under, process.execPath, ...flags, path, ...own, ...args];
  return [file, rest];
}
