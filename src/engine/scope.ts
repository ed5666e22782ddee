/**
 * `Scope`: what a watcher watches, and what of it is wanted.
 *
 * @module
 */

import type { Wanted } from "./change_kinds.ts";
import type { Directory } from "./directory.ts";

/** How deep trees are watched. */
export interface Depth {
  /** How many levels of directories below each root are watched: 0 for none, `Infinity` for all. */
  readonly depth: number;
}

/** What is watched. */
export interface Scope extends Wanted, Depth {
  /** Whether directories that symbolic links lead to are. */
  readonly followSymlinks: boolean;
  /** Whether a root that is a symbolic link is what that leads to; if not, it is the link. */
  readonly followsRoots: boolean;
  /** Whether what is there in the beginning is reported. */
  readonly initial: boolean;
  /** Whether a path is known, with all that is below, as soon as it is added. */
  readonly blocking: boolean;
  /** Whether the disk is looked at again and again. */
  readonly polls: boolean;
}

/** Whether the directories in a directory are watched, too, and no mere entries. */
export function watchesBelow({ depth }: Depth, directory: Directory): boolean {
  return depth === Infinity || directory.level < depth;
}
