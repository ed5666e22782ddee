/**
 * `ChildProcesses`: waits for processes that {@link spawn} has started. The runtime does not know them.
 *
 * @module
 */

import process from "node:process";
import { type Libc, WNOHANG, WUNTRACED } from "../../ffi/contract.ts";
import { ESRCH } from "../../ffi/errno.ts";
import { call } from "../kernel/call.ts";
import { list, readText } from "../kernel/procfs.ts";

/** How a process has ended: with an exit status, or by a signal. */
export type Exit =
  | { readonly status: number; readonly signal?: never }
  | { readonly signal: number; readonly status?: never };

/** Called when a process ends or is stopped. */
interface Waiter {
  readonly ended: (exit: Exit) => void;
  readonly stopped: (signal: number) => void;
}

/** The child processes that are waited for. */
export class ChildProcesses {
  readonly #libc: Libc;
  readonly #waiters = new Map<number, Waiter>();
  readonly #status = new Int32Array(1);

  constructor(libc: Libc) {
    this.#libc = libc;
    process.on("SIGCHLD", () => {
      for (const pid of this.#waiters.keys()) this.#collect(pid);
    });
  }

  /**
   * Waits until a child has ended.
   *
   * @param stopped is called with the signal each time that one stops it
   */
  wait(pid: number, stopped: (signal: number) => void = () => {}): Promise<Exit> {
    return new Promise((ended) => this.#waiters.set(pid, { ended, stopped }));
  }

  /** Whether all processes of a group have ended. */
  isGroupGone(group: number): boolean {
    // This process may be process 1 of a container, which has to collect orphans.
    while (this.#waitpid(-group, WNOHANG) > 0);
    if (call(this.#libc, () => this.#libc.kill(-group, 0)) === -ESRCH) return true;
    // In many a container process 1 collects none: then those that have ended are still in the group.
    return !hasLiving(this.#libc, group);
  }

  #collect(pid: number): void {
    const { ended, stopped } = this.#waiters.get(pid)!;
    while (this.#waitpid(pid, WNOHANG | WUNTRACED) > 0) {
      // wait(2): the low seven bits are the signal that ended it, 0 after exit(3), 0x7f after a stop.
      const signal = this.#status[0] & 0x7f;
      const rest = this.#status[0] >> 8 & 0xff;
      if (signal === 0x7f) {
        stopped(rest);
      } else {
        this.#waiters.delete(pid);
        return ended(signal === 0 ? { status: rest } : { signal });
      }
    }
  }

  #waitpid(pid: number, options: number): number {
    const wstatus = new Uint8Array(this.#status.buffer);
    return call(this.#libc, () => this.#libc.waitpid(pid, wstatus, options));
  }
}

/** Whether a process of a group has not ended (proc_pid_stat(5)). */
function hasLiving(libc: Libc, group: number): boolean {
  const pids = list(libc, "/proc")?.filter((name) => /^\d+$/.test(name)) ?? [];
  return pids.some((pid) => {
    const stat = readText(libc, `/proc/${pid}/stat`) ?? "";
    const [, state, pgrp] = /^.*\) (\S) \S+ (\S+)/s.exec(stat) ?? [];
    return Number(pgrp) === group && state !== "Z" && state !== "X";
  });
}
