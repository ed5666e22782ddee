/** The runtime of the tests, and how it starts a program. */

import { join } from "node:path";
import process from "node:process";

/** The runtime that runs the tests. */
export const runtimeName: "deno" | "bun" | "node" = process.versions.deno !== undefined
  ? "deno"
  : process.versions.bun !== undefined
  ? "bun"
  : "node";

/** The flags that give a program the permissions of the tests. */
const ALL: readonly string[] = {
  deno: ["run", "-A", "--no-check"],
  bun: [],
  node: ["--disable-warning=ExperimentalWarning"],
}[runtimeName];

/** How a program is started. */
export interface Start {
  /** A command that runs the runtime, as `["sh", "-c", 'ulimit -n 99; exec "$@"', "sh"]`. */
  readonly under?: readonly string[];
  /** The runtime's flags. @default those that allow everything */
  readonly flags?: readonly string[];
}

/**
 * The command that runs a TypeScript program in this runtime.
 *
 * @param program its path, relative to test/programs/
 * @returns the file to execute, and its arguments
 */
export function command(
  program: string,
  args: readonly string[] = [],
  { under = [], flags = ALL }: Start = {},
): [string, string[]] {
  const path = join(import.meta.dirname!, "../programs", program);
  // Bun removes a "--" that follows the program.
  const own = runtimeName === "bun" ? ["--"] : [];
  const [file, ...rest] = [...under, process.execPath, ...flags, path, ...own, ...args];
  return [file, rest];
}
