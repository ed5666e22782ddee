/** Reads from the disk what a watcher promises to report, with the bytes of files. */

import type { Buffer } from "node:buffer";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** An entry at the time it was read. */
export type Copy =
  | { readonly type: "directory" }
  | { readonly type: "file"; readonly bytes: Buffer; readonly inode: number }
  /** With the bytes of the file that it leads to, if it is followed to one. */
  | { readonly type: "link"; readonly target: string; readonly bytes?: Buffer }
  /** There was no entry. */
  | { readonly type: "nothing" };

/** The part of the file system that a watcher watches. */
export interface View {
  /** Absolute paths. */
  readonly roots: ReadonlySet<string>;
  /** How many levels of directories below each root are watched. */
  readonly depth: number;
  readonly followSymlinks: boolean | "never";
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

/** Reads a root of a view: it is what it leads to, even if that does not exist, unless links are never followed. */
export function readRoot(path: string, { followSymlinks }: View): Copy {
  return read(path, followSymlinks !== "never");
}

/** Reads an entry of a view that is no root. */
export function readEntry(path: string, { followSymlinks }: View): Copy {
  const copy = read(path, false);
  if (copy.type !== "link" || followSymlinks !== true) return copy;
  const file = read(path, true);
  return file.type === "file" ? { ...copy, bytes: file.bytes } : copy;
}

/** The entries of a {@link View}. */
export interface Disk {
  readonly entries: Map<string, Copy>;
  /** Links that lead to a directory above them, or to one that has a path of its own: nothing is promised below. */
  readonly open: Set<string>;
  /** The paths of each directory that only links lead to, if there are several: one is entered. */
  readonly alternatives: (readonly string[])[];
}

/** Reads all entries of a view. */
export function readAll(view: View): Disk {
  const disk: Disk = { entries: new Map(), open: new Set(), alternatives: [] };
  const paths: Paths = new Map();
  for (const root of view.roots) {
    const copy = readRoot(root, view);
    if (copy.type === "nothing") continue;
    disk.entries.set(root, copy);
    if (copy.type !== "directory") continue;
    found(paths, root, false);
    const place = { root, path: root, level: 0, behindLink: false };
    readBelow(view, place, [...above(view, root)], disk, paths);
  }
  for (const { own, links } of paths.values()) {
    if (own) { for (const path of links) disk.open.add(path); }
    else if (links.size > 1) disk.alternatives.push([...links]);
  }
  return disk;
}

/** By inode, whether a directory has a path without links, and its paths behind links. */
type Paths = Map<string, { own: boolean; readonly links: Set<string> }>;

function found(paths: Paths, path: string, behindLink: boolean): void {
  const key = inode(path);
  const known = paths.get(key) ?? { own: false, links: new Set() };
  paths.set(key, known);
  if (behindLink) known.links.add(path);
  else known.own = true;
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

interface Place {
  readonly root: string;
  /** The path of a directory. */
  readonly path: string;
  /** How many levels below the root it is. */
  readonly level: number;
  readonly behindLink: boolean;
}

function readBelow(
  view: View,
  { root, path: directory, level, behindLink }: Place,
  above: readonly string[],
  disk: Disk,
  paths: Paths,
): void {
  for (const name of list(directory)) {
    const path = `${directory}/${name}`;
    const copy = readEntry(path, view);
    const isEntered = level < view.depth;
    const leads = copy.type === "link" && view.followSymlinks === true && isEntered &&
      read(path, true).type === "directory";
    const isDirectory = copy.type === "directory" || leads;
    if (view.ignores(path, isDirectory, root)) continue;
    disk.entries.set(path, view.roots.has(path) ? readRoot(path, view) : copy);
    if (!isDirectory || !isEntered) continue;
    if (view.depth !== Infinity && view.roots.has(path)) continue; // it has levels of its own
    const own = inode(path);
    if (leads && above.includes(own)) disk.open.add(path);
    else {
      const place = { root, path, level: level + 1, behindLink: behindLink || leads };
      if (!view.roots.has(path)) found(paths, path, place.behindLink);
      readBelow(view, place, [...above, own], disk, paths);
    }
  }
}

/** A directory that is removed where it is, but mounted here, cannot be listed. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [];
  }
}

function inode(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}
