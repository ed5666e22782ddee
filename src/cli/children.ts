/**
 * Waits for what {@link spawn} has started, of which the runtime knows nothing.
 *
 * @module
 */

import process from "node:process";
import { type Libc, WNOHANG, WUNTRACED } from "../../ffi/contract.ts";
import { ESRCH } from "../../ffi/errno.ts";
import { call } from "../kernel/call.ts";
import { list, readText } from "../kernel/procfs.ts";

/** How a process has ended: with an exit status, or by a signal. */
export type Fate =
  | { readonly status: number; readonly signal?: never }
  | { readonly signal: number; readonly status?: never };

interface Followed {
  readonly ended: (fate: Fate) => void;
  readonly stopped: (signal: number) => void;
}

/** The processes that are waited for. */
export class Children {
  readonly #libc: Libc;
  readonly #followed = new Map<number, Followed>();
  readonly #status = new Int32Array(1);

  constructor(libc: Libc) {
    this.#libc = libc;
    process.on("SIGCHLD", () => {
      for (const pid of this.#followed.keys()) this.#collect(pid);
    });
  }

  /**
   * Resolves when a child has ended, and is no more.
   *
   * @param stopped is called when it has stopped, with the signal that made it
   */
  follow(pid: number, stopped: (signal: number) => void = () => {}): Promise<Fate> {
    return new Promise((ended) => this.#followed.set(pid, { ended, stopped }));
  }

  /** Whether no process of a group is left. */
  isGone(group: number): boolean {
    // Orphans come to process 1, as which this one may run in a container.
    while (this.#wait(-group, WNOHANG) > 0);
    if (call(this.#libc, () => this.#libc.kill(-group, 0)) === -ESRCH) return true;
    // Where process 1 waits for nobody, as in many a container, what has ended is still there.
    return !hasLiving(this.#libc, group);
  }

  #collect(pid: number): void {
    const { ended, stopped } = this.#followed.get(pid)!;
    while (this.#wait(pid, WNOHANG | WUNTRACED) > 0) {
      // wait(2): the low seven bits are the signal that was the end, 0 for exit(3), 0x7f for a stop.
      const signal = this.#status[0] & 0x7f;
      const rest = this.#status[0] >> 8 & 0xff;
      if (signal === 0x7f) {
        stopped(rest);
      } else {
        this.#followed.delete(pid);
        return ended(signal === 0 ? { status: rest } : { signal });
      }
    }
  }

  #wait(pid: number, options: number): number {
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
