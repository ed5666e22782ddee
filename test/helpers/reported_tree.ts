/** A tree in memory that reports its changes with a watcher's events. */

import {
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "../../src/engine/event.ts";

/** An entry of the tree. */
export interface Entry {
  /** Unique, and kept by a rename. */
  readonly id: number;
  readonly isDirectory: boolean;
  /** Different after each change. */
  content: number;
}

/** A change of the tree, as numbers that are taken modulo what is possible. */
export interface Step {
  /** Less than {@link STEP_KINDS}. */
  readonly kind: number;
  /** The entry that is changed. */
  readonly entry: number;
  /** The directory of the new path. */
  readonly directory: number;
  /** The name of the new path. */
  readonly name: number;
}

/** The number of kinds of steps. */
export const STEP_KINDS = 15;

/** Few, so that most are used repeatedly. */
const NAMES = ["a", "b", "c"];
const DEPTH = 3;

/** The first is also reported for a file that is replaced by one from outside. */
const CHANGES: readonly EntryKind[] = ["modify", "closeWrite", "attrib", "open"];

export class ReportedTree {
  readonly entries: Map<string, Entry> = new Map();
  readonly events: WatchEvent[] = [];
  /** The ids of entries whose content or attributes changed. */
  readonly changed: Set<number> = new Set();
  readonly #renames: boolean;
  #last = 0;

  /** @param renames whether renames are reported as `rename` */
  constructor(renames: boolean) {
    this.#renames = renames;
  }

  /** Performs a step, if it is possible. */
  do({ kind, entry, directory, name }: Step): void {
    const paths = [...this.entries.keys()].sort();
    const directories = paths.filter((path) => this.#isDirectory(path) && depthOf(path) < DEPTH);
    const to = `${["", ...directories][directory % (directories.length + 1)]}/${
      NAMES[name % NAMES.length]
    }`;
    if (kind < 5 && !this.entries.has(to)) this.#create(to, kind % 2 === 0, kind === 0 ? entry : 0);
    if (kind < 5 || paths.length === 0) return;
    const path = paths[entry % paths.length];
    if (kind < 6) this.#remove(path);
    else if (kind < 10) this.#change(path, CHANGES[kind - 6]);
    else if (kind === 10) this.#exchange(path, to);
    else this.#rename(path, to);
  }

  /** Reports every entry as `exists`. */
  reportAll(): void {
    for (const [path, { isDirectory }] of this.entries) this.#report("exists", path, isDirectory);
  }

  #report(kind: EntryKind, path: string, isDirectory: boolean): void {
    this.events.push(entryEvent(kind, path, isDirectory));
  }

  /** @param inner how many entries are nested in it, if it is moved in */
  #create(path: string, isDirectory: boolean, inner: number): void {
    this.#put(path, isDirectory);
    this.#report("create", path, isDirectory);
    if (isDirectory && inner % 3 > 0 && depthOf(path) < DEPTH) {
      this.#create(`${path}/${NAMES[inner % NAMES.length]}`, inner % 3 > 1, inner - 1);
    }
  }

  #remove(path: string): void {
    const isDirectory = this.#isDirectory(path);
    for (const one of this.#within(path)) this.entries.delete(one);
    this.#report("remove", path, isDirectory);
  }

  #change(path: string, kind: EntryKind): void {
    const entry = this.entries.get(path)!;
    if (entry.isDirectory && kind !== "attrib") return;
    if (kind === "modify") entry.content = ++this.#last;
    this.changed.add(entry.id);
    this.#report(kind, path, entry.isDirectory);
  }

  /** Exchanges two entries: the second one and its contents are reported as new at the first path. */
  #exchange(a: string, b: string): void {
    const isDirectory = this.#isDirectory(a);
    if (this.entries.get(b)?.isDirectory !== isDirectory || isWithin(a, b) || isWithin(b, a)) return;
    const found = this.#within(b).map((path) => [path, this.entries.get(path)!] as const);
    this.#move(a, b, true);
    for (const [path, { isDirectory, content }] of found) {
      const now = a + path.slice(b.length);
      this.entries.set(now, { id: ++this.#last, isDirectory, content });
      this.#report("create", now, isDirectory);
    }
  }

  #rename(a: string, b: string): void {
    const isDirectory = this.#isDirectory(a);
    const other = this.entries.get(b);
    if (isWithin(b, a) || isWithin(a, b)) return;
    if (other !== undefined && other.isDirectory !== isDirectory) return;
    if (this.#within(b).length < 2) this.#move(a, b, other !== undefined);
  }

  #move(a: string, b: string, replaced: boolean): void {
    const moved = this.#within(a).map((path) => [path, this.entries.get(path)!] as const);
    const { isDirectory } = moved[0][1];
    for (const path of [...this.#within(a), ...this.#within(b)]) this.entries.delete(path);
    if (this.#renames) this.events.push(renameEvent(a, b, isDirectory, replaced));
    else {
      if (replaced) this.#report("remove", b, isDirectory);
      this.#report("remove", a, isDirectory);
    }
    for (const [path, entry] of moved) {
      const now = b + path.slice(a.length);
      this.entries.set(now, this.#renames ? entry : { ...entry, id: ++this.#last });
      if (!this.#renames) this.#report("create", now, entry.isDirectory);
    }
  }

  #put(path: string, isDirectory: boolean): void {
    this.entries.set(path, { id: ++this.#last, isDirectory, content: ++this.#last });
  }

  #isDirectory(path: string): boolean {
    return this.entries.get(path)!.isDirectory;
  }

  /** An entry's path and those below it, parents first. */
  #within(path: string): string[] {
    return [...this.entries.keys()].filter((one) => isWithin(one, path)).sort();
  }
}

function depthOf(path: string): number {
  return path.split("/").length - 1;
}

/** Whether a path is a directory or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
