/**
 * Where messages for the user go: stderr, or syslog(3).
 *
 * @module
 */

import type { spawnSync } from "node:child_process";
import type { Libc } from "../../../ffi/contract.ts";
import { printable } from "../printable.ts";
import { Output } from "./output.ts";

/** The part of `process` that is used. To import it costs Deno milliseconds at each start. */
interface Process {
  readonly pid: number;
  getBuiltinModule(name: "node:child_process"): { readonly spawnSync: typeof spawnSync };
}

/** Takes a message of one or more whole lines. */
export type Report = (text: string) => void;

/** Reports on stderr. If that cannot be written, nothing is reported. */
export function stderr(libc: Libc): Report {
  const output = new Output(libc, 2);
  return (text) => {
    try {
      const lines = output.isTerminal ? text.split("\n").map(printable).join("\n") : text;
      output.write(`${lines}\n`);
      output.flush();
    } catch {
      // There is nowhere else to report it.
    }
  };
}

/**
 * Reports to syslog as a daemon, with the process number, by logger(1): the function of the C library takes a
 * variable list of arguments, which an FFI cannot pass.
 *
 * @param otherwise takes what cannot be reported so
 */
export function syslog(tag: string, otherwise: Report): Report {
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
    if (failure !== undefined) otherwise(`${text}\n${tag}: Cannot run logger(1): ${failure}`);
  };
}
