/** Runs a program on its own terminal, with script(1). */

import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { command } from "./runtime.ts";

/** Why there is no terminal, or `false` if there is one. */
export const noTerminal: string | false = spawnSync("script", ["--version"]).status === 0
  ? false
  : "script(1), which provides a terminal, is not installed";

/** A program on a terminal. */
export interface Session extends Disposable {
  /** The text on the terminal, and the exit code: 128 + N for signal N. */
  readonly output: { text: string; ended: boolean; code?: number | null };
  /** Types keys. */
  type(keys: string): void;
}

/** Runs an sh(1) command line on a terminal. */
export function onTerminal(line: string, cwd: string): Session {
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd,
    env: { ...process.env, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const output: Session["output"] = { text: "", ended: false };
  child.stdout.setEncoding("utf8").on("data", (text) => output.text += text);
  child.on("close", (code) => Object.assign(output, { code, ended: true }));
  child.stdin.on("error", () => {}); // EPIPE, once it has ended
  return {
    output,
    type: (keys) => void child.stdin.write(keys),
    [Symbol.dispose]: () => void child.kill(),
  };
}

/** The command line that runs one of the commands in this runtime. */
export function lineOf(program: string, args: readonly string[]): string {
  return quote(command(`../../src/cli/${program}.ts`, args).flat());
}

function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
