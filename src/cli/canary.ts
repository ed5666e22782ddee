/**
 * Hears what a terminal sends to a process group that is not our own.
 *
 * While a program has the terminal, Ctrl-C is for its group alone, and a program that handles SIGINT does
 * not say so. A process that does nothing, in the same group, dies of it, which its parent sees. As long
 * as it lives, the group's number is not given to another one, too.
 *
 * @module
 */

import { constants } from "node:os";
import process from "node:process";
import { type Libc, O_CLOEXEC } from "../../ffi/contract.ts";
import type { Children } from "./children.ts";
import { spawn } from "./spawn.ts";

const { SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU } =
  constants.signals;

/** What a terminal sends that is to end a program: when it is hung up, and for Ctrl-C and Ctrl-\. */
const HEARD: readonly number[] = [SIGHUP, SIGINT, SIGQUIT];

/** What stops a group. A canary would hear nothing then; and Ctrl-Z may come while it is started. */
const STOPPING: readonly number[] = [SIGTSTP, SIGTTIN, SIGTTOU];

let pipe: number | undefined;

/** A process in a group. */
export class Canary {
  readonly #libc: Libc;
  readonly #children: Children;
  readonly #heard: (signal: number) => void;
  #group: number;
  #pid = 0;
  #ended: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isDeaf = false;

  /**
   * @param group 0 for a new one
   * @param heard is called with a signal that has come from the terminal, and so to all of the group
   */
  constructor(libc: Libc, children: Children, group: number, heard: (signal: number) => void) {
    this.#libc = libc;
    this.#children = children;
    this.#group = group;
    this.#heard = heard;
    this.#start();
    if (group === 0) this.#group = this.#pid;
  }

  /** The group that it is in; 0 if there should have been a new one, and there is no cat(1). */
  get group(): number {
    return this.#group;
  }

  /** What is sent to the group now, is not sent by the terminal. */
  beDeaf(): void {
    if (this.#pid === 0) return;
    this.#isDeaf = true;
    this.#libc.kill(this.#pid, SIGKILL);
  }

  /** Ends it, and resolves when it is gone and all is heard that was sent before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#pid > 0) {
      // Of pending signals the kernel takes the lowest number first, so those that are heard.
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
    const { signal } = await this.#children.follow(pid);
    const wasDeaf = this.#isDeaf;
    this.#pid = 0;
    this.#isDeaf = false;
    if (signal === undefined) return; // it cannot read the pipe
    if (!wasDeaf && HEARD.includes(signal)) this.#heard(signal);
    if (!this.#isClosed) this.#start();
  }
}

/** @returns a descriptor of a pipe in which nothing ever is, and that ends when this process does */
function openPipe(libc: Libc): number {
  const ends = new Int32Array(2);
  libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC);
  return ends[0];
}
