/**
 * `--daemon`: starts the program again in the background, since a runtime cannot fork itself.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import type { Libc } from "../../../ffi/contract.ts";
import type { Given } from "./getopt.ts";
import { commandLine } from "./paths.ts";
import { UsageError } from "./usage_error.ts";

/** What the process in the background does. */
interface Task {
  /** The command line. `--daemon` and `--outfile` are not passed on. */
  readonly given: readonly Given[];
  /** Whether it reads the standard input. */
  readonly readsInput: boolean;
}

/**
 * Starts the program in a session of its own. It keeps the working directory, to which paths may be relative.
 *
 * @param stdout the descriptor to which it prints
 * @throws {UsageError} if it cannot be started
 */
export async function startDaemon(
  libc: Libc,
  stdout: number,
  { given, readsInput }: Task,
): Promise<void> {
  const options: string[] = [];
  const operands: string[] = [];
  for (const item of given) {
    if ("operand" in item) {
      operands.push(item.operand);
      continue;
    }
    const { option: { name, argument }, argument: value } = item;
    if (name === "daemon" || name === "outfile") continue;
    options.push(argument ? `--${name}=${value}` : `--${name}`);
  }
  const line = commandLine(libc);
  const program = line.slice(1, line.length - (process.argv.length - 2));
  const args = [...program, "--monitor", "--syslog", ...options, "--", ...operands];
  try {
    // Through a shell: Deno changes the arguments of a child that is Deno, as if it were Node.js.
    const child = spawn("sh", ["-c", 'exec "$@"', "sh", process.execPath, ...args], {
      detached: true,
      stdio: [readsInput ? "inherit" : "ignore", stdout, "ignore"],
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
  } catch (cause) {
    throw new UsageError(`Failed to daemonize: ${(cause as Error).message}`, { cause });
  }
}
