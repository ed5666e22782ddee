/** Temporary directories of tests. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** @returns a new, empty directory, removed when the process exits */
export function tmpDir(): string {
  if (made.length === 0) {
    process.on(
      "exit",
      () => made.forEach((path) => rmSync(path, { recursive: true, force: true })),
    );
  }
  const path = mkdtempSync(join(tmpdir(), "inotify-"));
  made.push(path);
  return path;
}
