/** Runs the programs of test/programs/ in the tests' runtime, and reads the JSON that they print. */

import { spawn, spawnSync } from "node:child_process";
import { command, type Start } from "./runtime.ts";
import { within } from "./within.ts";

/** The exit status and output of a program. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(program: string, args?: readonly string[], options?: Start): Ended {
  const [file, rest] = command(program, args, options);
  const { status, stdout, stderr } = spawnSync(file, rest, { encoding: "utf8", timeout: 60_000 });
  return { status, stdout, stderr };
}

/** Runs a program to its end. @returns the JSON that it printed */
export function runForJson<T>(program: string, args?: readonly string[], options?: Start): T {
  const { status, stdout, stderr } = run(program, args, options);
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** A running program. */
export interface Running {
  readonly pid: number;
  /** The next line of its output, parsed as JSON. */
  line<T>(): Promise<T>;
  /** Writes a line to its stdin. */
  send(line: string): void;
  /** Closes its stdin. */
  end(): void;
}

/** Starts a program that prints lines of JSON. */
export function start(program: string, args?: readonly string[], options?: Start): Running {
  const [file, rest] = command(program, args, options);
  const child = spawn(file, rest, { stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  let ended = false;
  let changed = () => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    changed();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  child.on("close", () => {
    ended = true;
    changed();
  });
  return {
    pid: child.pid!,
    async line<T>() {
      while (!stdout.includes("\n")) {
        if (ended) throw new Error(`${program} has ended: ${stdout}${stderr}`);
        await within(new Promise<void>((resolve) => changed = resolve), () => ({ stdout, stderr }));
      }
      const end = stdout.indexOf("\n");
      const line = stdout.slice(0, end);
      stdout = stdout.slice(end + 1);
      return JSON.parse(line) as T;
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    end: () => void child.stdin.end(),
  };
}
