/**
 * A program and what it starts in turn: a process group, which has the terminal while the program runs.
 *
 * What leaves the group, as a daemon does by setsid(2), is not of it: nobody ends a build's compile server
 * with the build.
 *
 * @module
 */

import { constants } from "node:os";
import type { Libc } from "../../ffi/contract.ts";
import { delay } from "../../ffi/time.ts";
import { ENOENT, errnoName } from "../../ffi/errno.ts";
import { strerror } from "../kernel/reason.ts";
import { Canary } from "./canary.ts";
import type { Children, Fate } from "./children.ts";
import { spawn } from "./spawn.ts";
import type { Terminal } from "./terminal.ts";

const { SIGCONT, SIGKILL, SIGTSTP, SIGTTIN, SIGTTOU } = constants.signals;

/** How long what is told to end may take, in milliseconds; then it is killed. */
const GRACE = 5000;

/** How long what is killed may take, in milliseconds: what waits for a disk or a server does not die. */
const DYING = 1000;

/** How often it is looked whether a group has gone, in milliseconds: the kernel tells of children only. */
const INTERVAL = 20;

/** A program that cannot be started. */
export class CommandError extends Error {
  /** As a shell has it: 127 where there is no such command, 126 where it may not be run. */
  readonly status: number;

  /** @param why undefined if there is no such command */
  constructor(command: string, why: string | undefined) {
    super(`Cannot run ${command}: ${why ?? "no such command"}`);
    this.status = why === undefined ? 127 : 126;
  }
}

/** What jobs have in common. */
export interface Shell {
  readonly libc: Libc;
  readonly children: Children;
  /** The terminal, if there is one. */
  readonly terminal: Terminal | undefined;
  /** Is called with a signal that the terminal has sent to a job. */
  readonly heard: (signal: number) => void;
}

/** A program that runs, or has left something that does. */
export class Job {
  /** How the program has ended, once it has. What it has started may still be there. */
  readonly ended: Promise<Fate>;
  readonly #shell: Shell;
  readonly #pid: number;
  readonly #group: number;
  #canary: Canary | undefined;
  /** Whether the program runs; or has ended, and may have left something; or nothing is left. */
  #state: "running" | "ended" | "gone" = "running";
  #isStopped = false;
  #isEnding = false;

  /** @throws {CommandError} if the program cannot be started */
  constructor(
    shell: Shell,
    argv: readonly [string, ...string[]],
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    const { libc, children, terminal, heard } = shell;
    if (!libc.mayRun(argv[0])) {
      throw new CommandError(argv[0], "the runtime was not allowed to run it");
    }
    this.#shell = shell;
    // On a terminal the program is born into a group that has it, and in which a canary hears: it may ask
    // for that first of all, and what it says may be answered by Ctrl-C at once.
    if (terminal !== undefined) this.#canary = new Canary(libc, children, 0, heard);
    const group = this.#canary?.group ?? 0;
    if (group > 0) terminal?.lend(group);
    const pid = spawn(libc, argv, environment, group);
    if (pid < 0) {
      terminal?.takeBack();
      void this.#canary?.close();
      throw new CommandError(argv[0], reasonOf(libc, -pid));
    }
    this.#pid = pid;
    this.#group = group || pid;
    this.ended = this.#follow();
    if (group === 0) this.resume();
  }

  /** Whether it is told to end. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Lets it go on if it has stopped, with the terminal if that is ours to give. */
  resume(): void {
    const { libc, terminal } = this.#shell;
    if (this.#state !== "running" || terminal === undefined) return;
    terminal.lend(this.#group);
    if (this.#isStopped) libc.kill(-this.#group, SIGCONT);
    this.#isStopped = false;
  }

  /**
   * Ends the program and all that it has started, and resolves when they are gone.
   *
   * @param signal to end by; undefined if they have got one
   * @returns whether they are gone; there is nothing else to be done if not
   */
  async end(signal: number | undefined): Promise<boolean> {
    this.#isEnding = true;
    if (signal !== undefined) this.#send(signal);
    if (await this.#isGoneWithin(GRACE)) return true;
    this.kill();
    return await this.#isGoneWithin(DYING);
  }

  /** Ends them at once. */
  kill(): void {
    this.#isEnding = true;
    this.#send(SIGKILL);
  }

  async #follow(): Promise<Fate> {
    const { libc, children, terminal } = this.#shell;
    const fate = await children.follow(this.#pid, (signal) => this.#stopped(signal));
    this.#state = "ended";
    if (terminal?.isLentTo(this.#group)) {
      terminal.takeBack();
      if (fate.signal !== undefined) terminal.reset();
    }
    await this.#canary?.close();
    if (children.isGone(this.#group)) this.#state = "gone";
    // As long as something is left, its number is to be that of no other group.
    else this.#canary = new Canary(libc, children, this.#group, () => {});
    return fate;
  }

  #send(signal: number): void {
    if (this.#state === "gone") return;
    this.#canary?.beDeaf();
    const { libc } = this.#shell;
    const targets = [-this.#group];
    // The program itself may have left its group, as an interactive shell does.
    if (this.#state === "running" && libc.getpgid(this.#pid) !== this.#group) {
      targets.push(this.#pid);
    }
    for (const target of targets) {
      libc.kill(target, signal);
      libc.kill(target, SIGCONT);
    }
  }

  /** Who presses Ctrl-Z wants to have the terminal himself, and not to give it to us. */
  #stopped(signal: number): void {
    const { libc, terminal } = this.#shell;
    if (terminal === undefined) return;
    this.#isStopped = true;
    if (signal === SIGTTIN || signal === SIGTTOU) {
      // It wants the terminal. In the background we wait for that ourselves.
      terminal.lend(this.#group);
      if (terminal.isLentTo(this.#group)) this.resume();
      else libc.kill(0, SIGTSTP);
    } else if (terminal.isLentTo(this.#group)) {
      terminal.takeBack();
      libc.kill(0, SIGTSTP);
      // Here we go on; or have not stopped, where no shell could let us go on (setpgid(2), "orphaned").
      this.resume();
    }
  }

  async #isGoneWithin(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (this.#state !== "gone" && performance.now() < end) {
      await delay(INTERVAL);
      if (this.#state === "running") continue;
      await this.ended;
      await this.#canary?.close();
      if (this.#shell.children.isGone(this.#group)) this.#state = "gone";
    }
    return this.#state === "gone";
  }
}

function reasonOf(libc: Libc, errno: number): string | undefined {
  if (errno === ENOENT) return undefined;
  const text = strerror(libc, errno);
  return `${text.charAt(0).toLowerCase()}${text.slice(1)} (${errnoName(errno)})`;
}
