/** Temporary directories of tests. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const made: string[] = [];

/** The directory where files are created fastest: INOTIFY_DIRECTORY, or else in memory if possible. */
export const fastest: string = process.env["INOTIFY_DIRECTORY"] ??
  (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

/** @returns a new, empty directory, removed when the process exits */
export function tmpDir(parent: string = tmpdir()): string {
  if (made.length === 0) {
    // `deno test` emits `unload`; Bun and Node.js emit `exit`.
    globalThis.addEventListener?.("unload", removeAll);
    process.on("exit", removeAll);
  }
  const path = mkdtempSync(join(parent, "inotify-"));
  made.push(path);
  return path;
}

function removeAll(): void {
  for (const path of made) rmSync(path, { recursive: true, force: true });
}
