/** One run of one scenario with one watcher, which is a process of its own. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** What the watcher has told. */
export interface Told {
  /** The path that it was to watch. */
  readonly watched: string;
  /** In its own words. */
  readonly kind: string;
  /** One path, or of a rename the new one and the old one; all absolute. */
  readonly paths: readonly string[];
}

/** How long something that should be told is waited for, in milliseconds. */
const PATIENCE = 10_000;
/** How long it takes until nothing more is expected, in milliseconds. */
const QUIET = 400;

/** A watcher's process, and two directories: one to be watched, and one elsewhere. */
export class Session implements AsyncDisposable {
  readonly directory: string;
  readonly elsewhere: string;
  readonly told: Told[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  readonly #answers = new Set<string>();

  constructor(command: readonly string[], scratch: string) {
    this.directory = path.join(scratch, "watched");
    this.elsewhere = path.join(scratch, "elsewhere");
    for (const directory of [this.directory, this.elsewhere]) mkdirSync(directory);
    const [file, ...args] = command;
    this.#child = spawn(file, args, { cwd: "/", stdio: ["pipe", "pipe", "ignore"] });
    this.#exited = once(this.#child, "exit");
    this.#child.stdin.on("error", () => {}); // of one that has died
    createInterface(this.#child.stdout).on("line", (line) => this.#hear(JSON.parse(line)));
  }

  /** The process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Watches a path, or the directory. @param ignore what in it is not to be watched */
  async watch(watched?: string, ignore?: string): Promise<void> {
    const path = watched ?? this.directory;
    await this.#ask({ path, ignore }, `ready ${path}`);
    await sleep(QUIET); // some say ready before they are
    this.told.length = 0;
  }

  /** Closes the watcher of a path. */
  async close(path: string): Promise<void> {
    await this.#ask({ close: path }, `closed ${path}`);
  }

  /** Whether each of these is told of, sooner or later. */
  mentions(...paths: string[]): Promise<boolean> {
    const missing = new Set(paths);
    let next = 0;
    return this.comes(() => {
      for (; next < this.told.length; next++) {
        for (const path of this.told[next].paths) missing.delete(path);
      }
      return missing.size === 0;
    });
  }

  /** Whether something becomes so. */
  async comes(condition: () => boolean): Promise<boolean> {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(10)) {
      if (condition()) return true;
    }
    return condition();
  }

  /** Waits until nothing more is told. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.told.length;) {
      before = this.told.length;
      await sleep(QUIET);
    }
  }

  /** How many watches of inotify the process has. */
  watches(): number {
    let count = 0;
    for (const fd of readdirSync(`/proc/${this.pid}/fdinfo`)) {
      const info = readFileSync(`/proc/${this.pid}/fdinfo/${fd}`, "utf8");
      count += info.split("inotify wd:").length - 1;
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #ask(order: unknown, answer: string): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    if (await this.comes(() => this.#answers.has(answer))) return;
    throw new Error(`it did not get to "${answer}"`);
  }

  #hear(message: { ready?: string; closed?: string } & Told): void {
    const { ready, closed, watched, kind, paths } = message;
    if (ready !== undefined) this.#answers.add(`ready ${ready}`);
    else if (closed !== undefined) this.#answers.add(`closed ${closed}`);
    else this.told.push({ watched, kind, paths: paths.map((one) => path.resolve(watched, one)) });
  }
}

/** Lets time pass. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
