/** Pictures without a disk: of made-up entries. */

import { Content, Picture } from "../../src/engine/picture.ts";
import { CHANGE, DIRECTORY, INODE, LENGTH, MODIFICATION, SIZE } from "../../src/engine/statuses.ts";

/** An entry. Two of the same inode are the same entry. */
export interface Made {
  readonly inode: number;
  readonly isDirectory: boolean;
  /** Changes with the content of a file. */
  readonly version: number;
  /** When its status changed, if not when its content did. */
  readonly changed?: number;
  /** Whether a directory could not be listed. */
  readonly isUnlisted?: boolean;
  /** The entries in a directory. */
  readonly entries: Map<string, Made>;
}

let inodes = 0;

/** A new entry. */
export function make(isDirectory: boolean): Made {
  return { inode: ++inodes, isDirectory, version: 1, entries: new Map() };
}

/** The file system has times of birth. */
const BORN = 16;

/** The picture of a path. @param hasBirth whether there are times of birth */
export function pictureOf(path: string, made: Made | undefined, hasBirth = true): Picture {
  const picture = new Picture();
  if (made === undefined) picture.missing.add(path);
  else put(picture, picture.roots, path, made, hasBirth);
  return picture;
}

function put(
  { statuses }: Picture,
  content: Content,
  name: string,
  made: Made,
  hasBirth: boolean,
): void {
  const status = statuses.add(made.isDirectory);
  const words = statuses.words.subarray(status * LENGTH);
  words[0] = (made.isDirectory ? DIRECTORY : 0) | (hasBirth ? BORN : 0);
  words[INODE] = made.inode;
  words[SIZE] = made.version;
  words[MODIFICATION] = made.version;
  words[CHANGE] = made.changed ?? made.version;
  content.entries.set(name, status);
  if (!made.isDirectory || made.isUnlisted) return;
  const inside = new Content();
  content.directories.set(name, inside);
  for (const [one, inner] of made.entries) {
    put({ statuses } as Picture, inside, one, inner, hasBirth);
  }
}
