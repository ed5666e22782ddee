/** Runs the `watch` command as a child process. */

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { command, type Start } from "./runtime.ts";
import { until } from "./within.ts";

/** The running command and its output. */
export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly output: { stdout: string; stderr: string; code?: number | string | null };
}

/** Starts the `watch` command. @param start how the runtime is started, or the command that runs it */
export function watch(args: string[], cwd?: string, start: string[] | Start = {}): Running {
  const how = Array.isArray(start) ? { under: start } : start;
  const [file, argv] = command("../../src/cli/watch.ts", args, how);
  const child = spawn(file, argv, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const output: Running["output"] = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => output.stdout += chunk);
  child.stderr.on("data", (chunk) => output.stderr += chunk);
  child.on("close", (code, signal) => output.code = code ?? signal);
  return { child, output };
}

/** Starts it and waits until it watches. */
export async function watching(
  args: string[],
  cwd?: string,
  start?: string[] | Start,
): Promise<Running> {
  const running = watch(args, cwd, start);
  const { output } = running;
  const ready = () => output.stderr.includes("Ctrl-C ends it.\n");
  await until(() => ready() || output.code !== undefined, () => output);
  assert.ok(ready(), output.stderr);
  return running;
}
