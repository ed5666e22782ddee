/** A program outside this repository that imports the package as users do. */

import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { tmpDir } from "./tmp.ts";
import { until } from "./within.ts";

/** Watches `inbox` with each exported API, until a file appears in it. */
const PROGRAM = `
import { Inotify, limits, watch, type WatchEvent } from "PACKAGE";
import { IN_CREATE } from "KERNEL";
import { watchFs } from "WATCHFS";

await using inotify: Inotify = new Inotify();
inotify.addWatch("inbox", IN_CREATE);
const watchers = [watch("inbox"), watchFs("inbox")] as const;
await watchers[0].ready;
console.log(limits().maxUserWatches > 0 ? "ready" : "no limits");
const [event] = await inotify.read();
console.log("read", event.name);
for await (const event of watchers[0]) {
  const { kind }: WatchEvent = event;
  console.log("watch", kind);
  break;
}
for await (const { kind } of watchers[1]) {
  console.log("watchFs", kind);
  break;
}
`;

/** The program's output. */
export const CONSUMED = "ready\nread file\nwatch create\nwatchFs create\n";

/** A program's output, and its exit code or signal once it has ended. */
export interface Result {
  stdout: string;
  stderr: string;
  code?: number | string | null;
}

/** A directory with an empty `inbox`, an empty home, and the program as `main.ts`. */
export class Consumer {
  readonly directory: string = tmpDir();
  readonly #environment: Record<string, string>;

  /**
   * @param imports the specifiers of the package, of its kernel level and of its `watchFs`
   * @param files the text of further files, by name
   * @param environment further environment variables
   */
  constructor(
    imports: readonly [string, string, string],
    files: Record<string, string> = {},
    environment: Record<string, string> = {},
  ) {
    for (const name of ["inbox", "home"]) mkdirSync(this.path(name));
    const program = ["PACKAGE", "KERNEL", "WATCHFS"].reduce(
      (text, name, i) => text.replace(name, imports[i]),
      PROGRAM,
    );
    for (const [name, text] of Object.entries({ "main.ts": program, ...files })) {
      writeFileSync(this.path(name), text);
    }
    this.#environment = {
      PATH: process.env["PATH"]!,
      HOME: this.path("home"),
      NO_COLOR: "1",
      NO_UPDATE_NOTIFIER: "1",
      ...environment,
    };
  }

  /** A path in the directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Runs a command to its end; asynchronously, since this process may be the registry that it uses. */
  async run(file: string, ...args: string[]): Promise<void> {
    const options = { cwd: this.directory, env: this.#environment, timeout: 60_000 };
    await promisify(execFile)(file, args, options);
  }

  /** Runs a command that watches `inbox`, creates a file there once it is ready, and waits for its end. */
  watching(file: string, ...args: string[]): Promise<Result> {
    return this.#watching(file, args, false);
  }

  /** Likewise, but kills the command after its first line. */
  firstLine(file: string, ...args: string[]): Promise<Result> {
    return this.#watching(file, args, true);
  }

  async #watching(file: string, args: readonly string[], endless: boolean): Promise<Result> {
    const made = this.path("inbox/file");
    rmSync(made, { force: true });
    const child: ChildProcessByStdio<null, Readable, Readable> = spawn(file, args, {
      cwd: this.directory,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const result: Result = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => result.stdout += chunk);
    child.stderr.on("data", (chunk) => result.stderr += chunk);
    child.on("close", (code, signal) => result.code = code ?? signal);
    const ended = () => "code" in result;
    const ready = () =>
      /^ready$|established|Finished establishing|Ctrl-C ends/m.test(result.stdout + result.stderr);
    await until(() => ready() || ended(), () => result);
    if (!ended()) writeFileSync(made, "x");
    if (endless) {
      await until(() => result.stdout.includes("\n") || ended(), () => result);
      child.kill();
    }
    await until(ended, () => result);
    return result;
  }
}
