/**
 * Where errors go: stderr, or syslog(3).
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { Output } from "./output.ts";

/** Says something of a program, in whole lines. */
export type Complain = (text: string) => void;

/** Writes to stderr, as long as somebody reads it. */
export function complain(text: string): void {
  try {
    const output = new Output(2);
    output.write(`${text}\n`);
    output.flush();
  } catch {
    // There is nobody left to be told.
  }
}

/**
 * Writes to syslog as inotifywait does, as a daemon with its number. What the C library has for it takes
 * a variable list of arguments, which an FFI has not; so it is left to logger(1).
 */
export function toSyslog(tag: string): Complain {
  return (text) => {
    const args = [`--tag=${tag}`, `--id=${process.pid}`, "--priority=daemon.info", "--", text];
    let failure: string | undefined;
    try {
      const { error, status } = spawnSync("logger", args, { stdio: "ignore" });
      if (error !== undefined || status !== 0) failure = error?.message ?? `exit status ${status}`;
    } catch (error) {
      failure = (error as Error).message; // Deno without --allow-run
    }
    if (failure !== undefined) complain(`${text}\n${tag}: Cannot run logger(1): ${failure}`);
  };
}
