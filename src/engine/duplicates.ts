/**
 * `Duplicates`: the directories behind symbolic links that are entered by another path.
 *
 * A directory is entered once, however many links lead to it: by its own path, or else by that of the link that is
 * scanned first. So each change is reported once, and links that lead to one another in a workspace do not give each
 * directory as many paths as there are ways through the links.
 *
 * @module
 */

import { Directory } from "./directory.ts";
import type { Instance } from "./instance.ts";
import type { Member, Owner } from "./member.ts";

/** Finds out what is entered, for one member; and keeps what is not, by the watch of what it leads to. */
export class Duplicates {
  readonly #instance: Instance;
  readonly #member: Member;
  readonly #watches = new Map<Directory, number>();
  readonly #directories = new Map<number, Set<Directory>>();

  constructor(instance: Instance, member: Member) {
    this.#instance = instance;
    this.#member = member;
  }

  /** Whether the directory of a watch is entered, but for one path. */
  isEntered(wd: number, except?: Directory): boolean {
    return this.#entered(wd).some((directory) => directory !== except);
  }

  /** By which links the directory of a watch is entered. */
  links(wd: number): Directory[] {
    return this.#entered(wd).filter((directory) => directory.isBehindLink);
  }

  /** Adds a directory that is not entered. @param wd the watch of what it leads to */
  add(directory: Directory, wd: number): void {
    this.delete(directory);
    this.#watches.set(directory, wd);
    const others = this.#directories.get(wd);
    if (others === undefined) this.#directories.set(wd, new Set([directory]));
    else others.add(directory);
  }

  /** Deletes a directory, if it is one. */
  delete(directory: Directory): void {
    const wd = this.#watches.get(directory);
    if (wd === undefined) return;
    this.#watches.delete(directory);
    const others = this.#directories.get(wd)!;
    others.delete(directory);
    if (others.size === 0) this.#directories.delete(wd);
  }

  /** Deletes those that lead to the directory of a watch. @returns these */
  take(wd: number): Directory[] {
    const directories = [...this.#directories.get(wd) ?? []];
    for (const directory of directories) this.delete(directory);
    return directories;
  }

  #entered(wd: number): Directory[] {
    const isOwn = (owner: Owner): owner is Directory =>
      owner instanceof Directory && owner.receiver === this.#member;
    return [...this.#instance.owners.of(wd)].filter(isOwn);
  }
}
