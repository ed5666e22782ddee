/** Runs sh(1) scripts, and finds the programs that they need. */

import { execFile, spawnSync } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { tmpDir } from "./tmp.ts";

/** Runs a script with an author for git(1) and an empty home directory. */
export async function sh(script: string, cwd: string): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: tmpDir() };
  for (const role of ["AUTHOR", "COMMITTER"]) {
    env[`GIT_${role}_NAME`] = "Ada";
    env[`GIT_${role}_EMAIL`] = "ada@example.com";
  }
  await promisify(execFile)("sh", ["-ec", script], { cwd, env });
}

/** Why a program cannot be used, or `false` if it can. */
export function missing(program: string): string | false {
  const isThere = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  return !isThere && `${program} is not on the PATH`;
}
