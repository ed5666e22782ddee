/** Starts, awaits and ends the programs of the benchmarks. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";

/** Starts a command with an inherited stderr. */
export function start(command: readonly string[], cwd: string): ChildProcess {
  return spawn(command[0], command.slice(1), {
    cwd,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 180_000, // ms: a subject that lost an event would wait for ever
    killSignal: "SIGKILL",
  });
}

/** Kills a program. @returns resolves when it has ended */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Runs a command to its end. @returns its lines of output */
export async function lines(command: readonly string[]): Promise<string[]> {
  const child = start(command, "/");
  const exited = once(child, "exit");
  const printed = await Array.fromAsync(createInterface(child.stdout!));
  const [status] = await exited;
  if (status !== 0) throw new Error(`${command.join(" ")} failed`);
  return printed;
}

/** Runs a short command to its end, synchronously. */
export function run(command: string, ...parameters: string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}

/** Starts a command and kills it at its first output. @returns the ms until then */
export async function timeToFirstWord(command: readonly string[], cwd: string): Promise<number> {
  const begun = performance.now();
  const child = start(command, cwd);
  await once(child.stdout!, "data");
  const time = performance.now() - begun;
  await kill(child);
  return time;
}

/** Waits for some seconds. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}
