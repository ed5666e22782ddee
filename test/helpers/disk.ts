/** Reads from the disk what a watcher promises to report, with the bytes of files. */

import type { Buffer } from "node:buffer";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** An entry at the time it was read. */
export type Copy =
  | { readonly type: "directory" }
  | { readonly type: "file"; readonly bytes: Buffer; readonly inode: number }
  | { readonly type: "link"; readonly target: string }
  /** There was no entry. */
  | { readonly type: "nothing" };

/** The part of the file system that a watcher watches. */
export interface View {
  /** Absolute paths. */
  readonly roots: ReadonlySet<string>;
  readonly recursive: boolean;
  readonly followSymlinks: boolean;
  /** Whether an entry is ignored. */
  ignores(path: string, isDirectory: boolean, root: string): boolean;
}

/** Reads an entry. @param follow whether to read the target of a link */
export function read(path: string, follow: boolean): Copy {
  const stat = follow ? statSync : lstatSync;
  for (let tries = 0;; tries++) {
    try {
      const before = stat(path);
      if (before.isDirectory()) return { type: "directory" };
      if (before.isSymbolicLink()) return { type: "link", target: readlinkSync(path) };
      const bytes = readFileSync(path);
      const after = stat(path);
      // Otherwise the file was replaced while it was read, which will be reported.
      if (after.ino === before.ino && after.isFile()) {
        return { type: "file", bytes, inode: Number(after.ino) };
      }
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return { type: "nothing" };
      if (code !== "EISDIR" && code !== "EINVAL") throw error;
    }
    if (tries > 20) return { type: "nothing" };
  }
}

/** The entries of a {@link View}. */
export interface Disk {
  readonly entries: Map<string, Copy>;
  /** Links that lead to a directory above them: nothing is promised about what is below. */
  readonly open: Set<string>;
}

/** Reads all entries of a view. */
export function readAll(view: View): Disk {
  const disk: Disk = { entries: new Map(), open: new Set() };
  for (const root of view.roots) {
    const copy = read(root, true);
    if (copy.type === "nothing") continue;
    disk.entries.set(root, copy);
    if (copy.type === "directory") readBelow(view, root, root, [...above(view, root)], disk);
  }
  return disk;
}

/** The inodes of a root and of the directories above it that belong to another root's tree. */
function* above(view: View, root: string): Generator<string> {
  yield inode(root);
  for (let path = root; path !== "/" && read(path, false).type === "directory";) {
    path = dirname(path);
    if ([...view.roots].some((one) => path === one || path.startsWith(`${one}/`))) {
      yield inode(path);
    }
  }
}

function readBelow(
  view: View,
  root: string,
  directory: string,
  above: readonly string[],
  disk: Disk,
): void {
  for (const name of readdirSync(directory)) {
    const path = `${directory}/${name}`;
    const copy = read(path, false);
    const leads = copy.type === "link" && view.followSymlinks && view.recursive &&
      read(path, true).type === "directory";
    const isDirectory = copy.type === "directory" || leads;
    if (view.ignores(path, isDirectory, root)) continue;
    // A root is its target, even if that does not exist.
    disk.entries.set(path, view.roots.has(path) ? read(path, true) : copy);
    if (!isDirectory || !view.recursive) continue;
    const own = inode(path);
    if (leads && above.includes(own)) disk.open.add(path);
    else readBelow(view, root, path, [...above, own], disk);
  }
}

function inode(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}
