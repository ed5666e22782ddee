/**
 * `Levels`: a tree that becomes part of another one, or a tree of its own, where levels are counted: what is at its last
 * level is at another one from then on.
 *
 * Nothing is reported of that: which paths are watched was changed, and not the disk.
 *
 * @module
 */

import { Directory } from "./directory.ts";
import { isExact } from "./directory_state.ts";
import type { Entries } from "./entries.ts";
import type { LinkedFiles } from "./linked_files.ts";
import type { RootMap } from "./root_map.ts";
import { type Scope, watchesBelow } from "./scope.ts";
import type { Scanner } from "./scanner.ts";

/** Keeps to the number of levels. */
export class Levels {
  readonly #scope: Scope;
  readonly #map: RootMap;
  readonly #links: LinkedFiles;
  readonly #entries: Entries;
  readonly #scanner: Scanner;

  constructor(
    scope: Scope,
    map: RootMap,
    links: LinkedFiles,
    entries: Entries,
    scanner: Scanner,
  ) {
    this.#scope = scope;
    this.#map = map;
    this.#links = links;
    this.#entries = entries;
    this.#scanner = scanner;
  }

  /** A directory, with all below it, is at another level. @param initial whether what is in sight now was before */
  changed(top: Directory, initial: boolean): void {
    if (this.#scope.depth === Infinity) return;
    for (const directory of top.subtree()) {
      if (watchesBelow(this.#scope, directory)) this.#enterAll(directory, initial);
      else this.#leaveAll(directory);
    }
  }

  /** Watches a directory that is an entry. @param initial whether what is in it was there in the beginning */
  enter(parent: Directory, name: string, initial: boolean): void {
    const child = new Directory(name, parent);
    child.initial = initial;
    this.#entries.become(parent, name, child);
    this.#scanner.rescan(child);
  }

  #enterAll(directory: Directory, initial: boolean): void {
    for (const [name, entry] of directory.names()) {
      if (entry !== true || this.#map.nested(directory.pathOf(name)) !== undefined) continue;
      this.enter(directory, name, initial && isExact(directory.state));
    }
    if (this.#scope.followSymlinks) this.#scanner.rescan(directory); // links in it are entered now
  }

  #leaveAll(directory: Directory): void {
    for (const [name, child] of [...directory.directories()]) {
      this.#scanner.discard(child);
      this.#entries.become(directory, name, !child.link);
      if (child.link) this.#links.found(directory, name, true);
    }
  }
}
