/**
 * Going on in the background.
 *
 * A runtime cannot fork itself: it starts itself anew, by the command line that it has.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import type { Given } from "./getopt.ts";
import { UsageError } from "./options.ts";
import { commandLine } from "./paths.ts";

/** What the one in the background is to do. */
interface Task {
  /** The command line: all of it but `--daemon` and `--outfile` is kept. */
  readonly given: readonly Given[];
  /** Whether it reads the standard input. */
  readonly readsInput: boolean;
}

/**
 * Starts the program in the background, in a session of its own. Its working directory is kept, so that
 * relative paths stay what they are.
 *
 * @param stdout the descriptor to which it prints
 * @throws {UsageError} if it cannot be started
 */
export async function startDaemon(stdout: number, { given, readsInput }: Task): Promise<void> {
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
  const whole = commandLine();
  const runtime = whole.slice(1, whole.length - (process.argv.length - 2));
  const args = [...runtime, "--monitor", "--syslog", ...options, "--", ...operands];
  try {
    // By a shell, since Deno takes a child that is Deno for one of Node.js, and changes its arguments.
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
