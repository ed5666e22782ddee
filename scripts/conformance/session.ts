/** A run of a scenario with a watcher in its own process. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A reported event. */
export interface Reported {
  /** The watched path. */
  readonly watched: string;
  /** The watcher's own kind. */
  readonly kind: string;
  /** The path, or for a rename the new and the old one; absolute. */
  readonly paths: readonly string[];
}

/** The time limit for an expected event, in milliseconds. */
const DEADLINE = 10_000;
/** After so many milliseconds without an event, no more are expected. */
const QUIET = 400;

/** A watcher's process, a directory to watch, and one elsewhere. */
export class Session implements AsyncDisposable {
  readonly directory: string;
  readonly elsewhere: string;
  readonly events: Reported[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  readonly #replies = new Set<string>();

  constructor(command: readonly string[], scratch: string) {
    this.directory = path.join(scratch, "watched");
    this.elsewhere = path.join(scratch, "elsewhere");
    for (const directory of [this.directory, this.elsewhere]) mkdirSync(directory);
    const [file, ...args] = command;
    this.#child = spawn(file, args, { cwd: "/", stdio: ["pipe", "pipe", "ignore"] });
    this.#exited = once(this.#child, "exit");
    this.#child.stdin.on("error", () => {}); // EPIPE, if it has died
    createInterface(this.#child.stdout).on("line", (line) => this.#receive(JSON.parse(line)));
  }

  /** The process ID. */
  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Watches a path, by default the directory.
   *
   * @param ignore a directory below it to ignore
   * @param follows whether symbolic links are followed
   * @param completes whether files that are complete are reported, as "complete"
   */
  async watch(
    watched?: string,
    ignore?: string,
    follows?: boolean,
    completes?: boolean,
  ): Promise<void> {
    const path = watched ?? this.directory;
    await this.#request({ path, ignore, follows, completes }, `ready ${path}`);
    await sleep(QUIET); // some watchers report ready too early
    this.events.length = 0;
  }

  /** Watches the directory in a worker. */
  async watchInWorker(): Promise<void> {
    await this.#request({ path: this.directory, worker: true }, `ready ${this.directory}`);
    await sleep(QUIET); // likewise
    this.events.length = 0;
  }

  /** Terminates the worker that watches the directory. */
  async terminateWorker(): Promise<void> {
    await this.#request({ terminate: this.directory }, `closed ${this.directory}`);
  }

  /** Closes the watcher of a path. */
  async close(path: string): Promise<void> {
    await this.#request({ close: path }, `closed ${path}`);
  }

  /** Whether each path is reported before the deadline. */
  reports(...paths: string[]): Promise<boolean> {
    const missing = new Set(paths);
    let next = 0;
    return this.waitFor(() => {
      for (; next < this.events.length; next++) {
        for (const path of this.events[next].paths) missing.delete(path);
      }
      return missing.size === 0;
    });
  }

  /** Whether a condition becomes true before the deadline. */
  async waitFor(condition: () => boolean): Promise<boolean> {
    for (const end = Date.now() + DEADLINE; Date.now() < end; await sleep(10)) {
      if (condition()) return true;
    }
    return condition();
  }

  /** Waits until no more events are reported. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.events.length;) {
      before = this.events.length;
      await sleep(QUIET);
    }
  }

  /** The number of inotify watches of the process. */
  watches(): number {
    let count = 0;
    for (const fd of readdirSync(`/proc/${this.pid}/fdinfo`)) {
      count += this.#info(fd).split("inotify wd:").length - 1;
    }
    return count;
  }

  #info(fd: string): string {
    try {
      return readFileSync(`/proc/${this.pid}/fdinfo/${fd}`, "utf8");
    } catch {
      return ""; // closed meanwhile
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #request(message: unknown, reply: string): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    if (await this.waitFor(() => this.#replies.has(reply))) return;
    throw new Error(`the watcher did not reply "${reply}"`);
  }

  #receive(message: { ready?: string; closed?: string } & Reported): void {
    const { ready, closed, watched, kind, paths } = message;
    if (ready !== undefined) this.#replies.add(`ready ${ready}`);
    else if (closed !== undefined) this.#replies.add(`closed ${closed}`);
    else this.events.push({ watched, kind, paths: paths.map((one) => path.resolve(watched, one)) });
  }
}

/** Waits for some milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
