/** The temporary directories of the benchmarks. */

import { mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { run } from "./processes.ts";

/** Two directories. */
export interface Scratch {
  /** For compiled programs. */
  readonly programs: string;
  /** For watched files. */
  readonly files: string;
}

/** Runs a function with new directories, and removes these afterwards. */
export async function withScratch<T>(use: (scratch: Scratch) => Promise<T>): Promise<T> {
  // In memory if possible, since the disk is not to be measured.
  const inMemory = statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory();
  const programs = mkdtempSync(path.join(os.tmpdir(), "inotify-bench-"));
  const files = mkdtempSync(path.join(inMemory ? "/dev/shm" : os.tmpdir(), "inotify-bench-"));
  const remove = () => {
    for (const directory of [programs, files]) rmSync(directory, { recursive: true, force: true });
  };
  const interrupted = () => {
    remove();
    process.exit(130);
  };
  process.once("SIGINT", interrupted);
  try {
    return await use({ programs, files });
  } finally {
    process.off("SIGINT", interrupted);
    remove();
  }
}

/** Compiles a C file of this folder. @returns the program */
export function compile(file: string, { programs }: Scratch): string {
  const program = path.join(programs, file.replace(/\.c$/, "").replaceAll("/", "-"));
  run("cc", "-O2", "-Wall", "-o", program, path.join(import.meta.dirname!, file));
  return program;
}
