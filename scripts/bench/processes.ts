/** The programs that are measured, and those that help: started, awaited, ended. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";

/** Starts a command; its diagnostics come through. */
export function start(command: readonly string[], cwd: string): ChildProcess {
  return spawn(command[0], command.slice(1), {
    cwd,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 180_000, // a subject that lost an event would wait for ever
    killSignal: "SIGKILL",
  });
}

/** Ends the program's life; resolves when it is over. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Runs a command to its end. @returns the lines that it prints */
export async function lines(command: readonly string[]): Promise<string[]> {
  const child = start(command, "/");
  const exited = once(child, "exit");
  const printed = await Array.fromAsync(createInterface(child.stdout!));
  const [status] = await exited;
  if (status !== 0) throw new Error(`${command.join(" ")} failed`);
  return printed;
}

/** Runs a command to its end, which is quick and hardly ever bad. */
export function run(command: string, ...parameters: string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}

/** Starts a command and ends it as soon as it says something. @returns the ms until then */
export async function timeToFirstWord(command: readonly string[], cwd: string): Promise<number> {
  const begun = performance.now();
  const child = start(command, cwd);
  await once(child.stdout!, "data");
  const time = performance.now() - begun;
  await kill(child);
  return time;
}

/** Lets time pass. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}
