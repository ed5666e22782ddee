/** Runs inotifywait and inotifywatch: ours, and those of inotify-tools. */

import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { command, type Start } from "./runtime.ts";
import { until } from "./within.ts";

/** The names of the programs. */
export type ToolName = "inotifywait" | "inotifywatch";

/** Whether inotify-tools is installed in the version that ours replaces. */
export const theirsIsHere: boolean = /^inotifywait 3\.22\./.test(
  spawnSync("inotifywait", ["--help"], { encoding: "utf8" }).stdout ?? "",
);

/** Whether this runtime supports `--outfile`. */
export const outfileWorks: boolean = !process.versions.deno?.startsWith("2.7.");

/** A running program and its output. */
export interface Tool {
  /** Its process. */
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Its output, with stdout as latin1, and its exit code or signal once it has ended. */
  readonly output: { stdout: string; stderr: string; code?: number | string | null };
  /** Waits until it has this number of watches. */
  watches(count: number): Promise<void>;
  /** Waits until it prints that it watches, or ends. */
  ready(): Promise<void>;
  /** Waits until it ends. */
  ended(): Promise<number | string | null>;
}

/** Starts our program. */
export function ours(name: ToolName, args: readonly string[], cwd: string, start?: Start): Tool {
  return run(command(`../../src/cli/${name}.ts`, args, start), cwd);
}

/** Starts our inotifywait, and waits until it watches. */
export async function wait(args: readonly string[], cwd: string, start?: Start): Promise<Tool> {
  const tool = ours("inotifywait", args, cwd, start);
  await tool.ready();
  return tool;
}

/** Ends a program once its output has a length. @returns its stdout */
export async function printed({ child, output }: Tool, length: number): Promise<string> {
  await until(() => output.stdout.length >= length || "code" in output, () => output);
  child.kill();
  return output.stdout;
}

/** Starts the program of inotify-tools. */
export function theirs(name: ToolName, args: readonly string[], cwd: string): Tool {
  // Through sh(1): it prints the name that it was called by, and Deno would call it by its path.
  return run(["sh", ["-c", `exec ${name} "$@"`, "sh", ...args]], cwd);
}

function run([file, args]: [string, string[]], cwd: string): Tool {
  const child = spawn(file, args, { cwd, stdio: "pipe" });
  const output: Tool["output"] = { stdout: "", stderr: "" };
  child.stdout.setEncoding("latin1").on("data", (text) => output.stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text) => output.stderr += text);
  child.on("close", (code, signal) => output.code = code ?? signal);
  child.stdin.on("error", () => {}); // EPIPE, if it does not read
  return {
    child,
    output,
    watches: (count) => until(() => watchesOf(child.pid!) === count, () => output),
    ready: () =>
      until(
        () => /established\.\n|Finished establishing/.test(output.stderr) || "code" in output,
        () => output,
      ),
    async ended() {
      await until(() => "code" in output, () => output);
      return output.code!;
    },
  };
}

/** The number of watches of a process's one inotify instance, which has two descriptors under Bun. */
function watchesOf(pid: number): number {
  try {
    const counts = readdirSync(`/proc/${pid}/fdinfo`).map((fd) =>
      readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").split("inotify wd:").length - 1
    );
    return Math.max(...counts);
  } catch {
    return 0; // the process has ended, or closed a descriptor meanwhile
  }
}
