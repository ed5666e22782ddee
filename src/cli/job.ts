/**
 * `Job`: a program and the processes that it starts. They are a process group, which has the terminal while
 * the program runs.
 *
 * A process that leaves the group, as a daemon does by setsid(2), is not part of the job: a compile server
 * outlives the build that has started it.
 *
 * @module
 */

import { constants } from "node:os";
import type { Libc } from "../../ffi/contract.ts";
import { ENOENT, errnoName } from "../../ffi/errno.ts";
import { delay } from "../../ffi/time.ts";
import { strerror } from "../kernel/reason.ts";
import type { ChildProcesses, Exit } from "./child_processes.ts";
import { SignalSentinel } from "./signal_sentinel.ts";
import { spawn } from "./spawn.ts";
import type { Terminal } from "./terminal.ts";

const { SIGCONT, SIGKILL, SIGTSTP, SIGTTIN, SIGTTOU } = constants.signals;

/** How long a job may take to end after a signal, in milliseconds. Then it is killed. */
const GRACE = 5000;

/** How long a killed job may take to end, in milliseconds: a process that waits for a disk does not end. */
const DYING = 1000;

/** How often to check whether a group is gone, in milliseconds: the kernel reports the end of children only. */
const INTERVAL = 20;

/** A program that cannot be started. */
export class CommandError extends Error {
  /** The exit status that a shell gives: 127 if there is no such command, 126 if it cannot be run. */
  readonly status: number;

  /** @param reason `undefined` if there is no such command */
  constructor(command: string, reason: string | undefined) {
    super(`Cannot run ${command}: ${reason ?? "no such command"}`);
    this.status = reason === undefined ? 127 : 126;
  }
}

/** What all jobs share. */
export interface JobContext {
  readonly libc: Libc;
  readonly children: ChildProcesses;
  /** The terminal, if there is one. */
  readonly terminal: Terminal | undefined;
  /** Is called with a signal that the terminal has sent to a job. */
  readonly onSignal: (signal: number) => void;
}

/** A program that was started. */
export class Job {
  /** How the program has ended, once it has. Processes that it has started may still run. */
  readonly ended: Promise<Exit>;
  readonly #context: JobContext;
  readonly #pid: number;
  readonly #group: number;
  #sentinel: SignalSentinel | undefined;
  /** The program runs; it has ended, and the group may still have processes; or all have ended. */
  #state: "running" | "ended" | "gone" = "running";
  #isStopped = false;
  #isEnding = false;

  /** @throws {CommandError} if the program cannot be started */
  constructor(
    context: JobContext,
    argv: readonly [string, ...string[]],
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    const { libc, children, terminal, onSignal } = context;
    if (!libc.mayRun(argv[0])) {
      throw new CommandError(argv[0], "the runtime was not allowed to run it");
    }
    this.#context = context;
    // On a terminal the group has to be there before the program, with the terminal and a sentinel: the
    // program may read at once, and its first output may be answered with Ctrl-C.
    if (terminal !== undefined) this.#sentinel = new SignalSentinel(libc, children, 0, onSignal);
    const group = this.#sentinel?.group ?? 0;
    if (group > 0) terminal?.lend(group);
    const pid = spawn(libc, argv, environment, group);
    if (pid < 0) {
      terminal?.takeBack();
      void this.#sentinel?.close();
      throw new CommandError(argv[0], reasonOf(libc, -pid));
    }
    this.#pid = pid;
    this.#group = group || pid;
    this.ended = this.#follow();
    if (group === 0) this.resume();
  }

  /** Whether {@link end} or {@link kill} was called. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Lends it the terminal, if this process has that, and continues it if it is stopped. */
  resume(): void {
    const { libc, terminal } = this.#context;
    if (this.#state !== "running" || terminal === undefined) return;
    terminal.lend(this.#group);
    if (this.#isStopped) libc.kill(-this.#group, SIGCONT);
    this.#isStopped = false;
  }

  /**
   * Ends the program and all processes that it has started.
   *
   * @param signal to send; `undefined` if they have got one
   * @returns whether they have ended; if not, nothing else helps
   */
  async end(signal: number | undefined): Promise<boolean> {
    this.#isEnding = true;
    if (signal !== undefined) this.#send(signal);
    if (await this.#isGoneWithin(GRACE)) return true;
    this.kill();
    return await this.#isGoneWithin(DYING);
  }

  /** Sends SIGKILL to all of its processes. */
  kill(): void {
    this.#isEnding = true;
    this.#send(SIGKILL);
  }

  async #follow(): Promise<Exit> {
    const { libc, children, terminal } = this.#context;
    const exit = await children.wait(this.#pid, (signal) => this.#stopped(signal));
    this.#state = "ended";
    if (terminal?.isLentTo(this.#group)) {
      terminal.takeBack();
      if (exit.signal !== undefined) terminal.reset();
    }
    await this.#sentinel?.close();
    if (children.isGroupGone(this.#group)) this.#state = "gone";
    // A sentinel keeps the group's number from being given to another group.
    else this.#sentinel = new SignalSentinel(libc, children, this.#group, () => {});
    return exit;
  }

  #send(signal: number): void {
    if (this.#state === "gone") return;
    this.#sentinel?.mute();
    const { libc } = this.#context;
    const targets = [-this.#group];
    // The program itself may have left the group, as an interactive shell does.
    if (this.#state === "running" && libc.getpgid(this.#pid) !== this.#group) {
      targets.push(this.#pid);
    }
    for (const target of targets) {
      libc.kill(target, signal);
      libc.kill(target, SIGCONT);
    }
  }

  /** When a signal has stopped the program, this process stops too, so that the shell gets the terminal. */
  #stopped(signal: number): void {
    const { libc, terminal } = this.#context;
    if (terminal === undefined) return;
    this.#isStopped = true;
    if (signal === SIGTTIN || signal === SIGTTOU) {
      // It needs the terminal. If this process is in the background, it waits for that too.
      terminal.lend(this.#group);
      if (terminal.isLentTo(this.#group)) this.resume();
      else libc.kill(0, SIGTSTP);
    } else if (terminal.isLentTo(this.#group)) {
      terminal.takeBack();
      libc.kill(0, SIGTSTP);
      // Continued by the shell; or never stopped, as there is none that could (setpgid(2), "orphaned").
      this.resume();
    }
  }

  async #isGoneWithin(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (this.#state !== "gone" && performance.now() < end) {
      await delay(INTERVAL);
      if (this.#state === "running") continue;
      await this.ended;
      await this.#sentinel?.close();
      if (this.#context.children.isGroupGone(this.#group)) this.#state = "gone";
    }
    return this.#state === "gone";
  }
}

function reasonOf(libc: Libc, errno: number): string | undefined {
  if (errno === ENOENT) return undefined;
  const text = strerror(libc, errno);
  return `${text.charAt(0).toLowerCase()}${text.slice(1)} (${errnoName(errno)})`;
}
