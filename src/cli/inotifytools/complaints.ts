/**
 * Where errors go: stderr, or syslog(3).
 *
 * @module
 */

import type { spawnSync } from "node:child_process";
import { printable } from "../printable.ts";
import { ClosedOutput, Output } from "./output.ts";

/** The part of `process` that is used; imported, it costs Deno milliseconds at each start. */
interface Process {
  readonly pid: number;
  getBuiltinModule(name: "node:child_process"): { readonly spawnSync: typeof spawnSync };
}

/** Says something of a program, in whole lines. */
export type Complain = (text: string) => void;

/** Writes to stderr. That nobody reads it is no error. */
export function complain(text: string): void {
  try {
    const output = new Output(2);
    const lines = output.isTerminal ? text.split("\n").map(printable).join("\n") : text;
    output.write(`${lines}\n`);
    output.flush();
  } catch (error) {
    // Without an FFI there is no other way; it costs Node.js milliseconds.
    if (!(error instanceof ClosedOutput)) console.error(text);
  }
}

/**
 * Writes to syslog as inotifywait does, as a daemon with its number. What the C library has for it takes
 * a variable list of arguments, which an FFI has not; so it is left to logger(1).
 */
export function toSyslog(tag: string): Complain {
  return (text) => {
    const { process } = globalThis as unknown as { process: Process };
    const { spawnSync } = process.getBuiltinModule("node:child_process");
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
