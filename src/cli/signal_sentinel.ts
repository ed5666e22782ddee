/**
 * `SignalSentinel`: reports the signals that a terminal sends to another process group.
 *
 * While a program has the terminal, Ctrl-C goes to the program's group only, and a program that handles
 * SIGINT does not report it. The sentinel is an idle process in that group: the signal ends it, which its
 * parent learns. While it lives, the kernel also gives the group's number to no other group.
 *
 * @module
 */

import { constants } from "node:os";
import process from "node:process";
import { type Libc, O_CLOEXEC } from "../../ffi/contract.ts";
import type { ChildProcesses } from "./child_processes.ts";
import { spawn } from "./spawn.ts";

const { SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU } =
  constants.signals;

/** The signals by which a terminal ends a program: when it hangs up, for Ctrl-C, and for Ctrl-\. */
const ENDING: readonly number[] = [SIGHUP, SIGINT, SIGQUIT];

/** The signals that stop a group. A sentinel ignores them: while stopped it would report nothing. */
const STOPPING: readonly number[] = [SIGTSTP, SIGTTIN, SIGTTOU];

let pipe: number | undefined;

/** An idle process in a process group. It is started again when a signal has ended it. */
export class SignalSentinel {
  readonly #libc: Libc;
  readonly #children: ChildProcesses;
  readonly #onSignal: (signal: number) => void;
  #group: number;
  #pid = 0;
  #ended: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isMuted = false;

  /**
   * @param group the process group; 0 for a new one
   * @param onSignal is called with each signal that the terminal has sent to the group
   */
  constructor(
    libc: Libc,
    children: ChildProcesses,
    group: number,
    onSignal: (signal: number) => void,
  ) {
    this.#libc = libc;
    this.#children = children;
    this.#group = group;
    this.#onSignal = onSignal;
    this.#start();
    if (group === 0) this.#group = this.#pid;
  }

  /** The process group; 0 if it should be a new one and cat(1) is missing. */
  get group(): number {
    return this.#group;
  }

  /** Reports no signals until the sentinel is started again: this process is about to send some itself. */
  mute(): void {
    if (this.#pid === 0) return;
    this.#isMuted = true;
    this.#libc.kill(this.#pid, SIGKILL);
  }

  /** Ends the sentinel, once it has reported the signals that were sent before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#pid > 0) {
      // The kernel delivers the lowest pending number first, and those of ENDING are lower.
      this.#libc.kill(this.#pid, SIGTERM);
      this.#libc.kill(this.#pid, SIGCONT);
    }
    await this.#ended;
  }

  #start(): void {
    const end = pipe ??= openPipe(this.#libc);
    const argv: [string, ...string[]] = ["cat", `/proc/${process.pid}/fd/${end}`];
    const pid = spawn(this.#libc, argv, {}, this.#group, STOPPING);
    if (pid > 0) this.#ended = this.#follow(pid);
  }

  async #follow(pid: number): Promise<void> {
    this.#pid = pid;
    const { signal } = await this.#children.wait(pid);
    const wasMuted = this.#isMuted;
    this.#pid = 0;
    this.#isMuted = false;
    if (signal === undefined) return; // it cannot read the pipe
    if (!wasMuted && ENDING.includes(signal)) this.#onSignal(signal);
    if (!this.#isClosed) this.#start();
  }
}

/** @returns the descriptor of a pipe that stays empty, and ends with this process */
function openPipe(libc: Libc): number {
  const ends = new Int32Array(2);
  libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC);
  return ends[0];
}
