/** A tree in memory that reports its changes by the events that a watcher would report. */

import {
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "../../src/engine/event.ts";

/** A file or directory. */
export interface Thing {
  /** Unique, and kept by a rename. */
  readonly id: number;
  readonly isDirectory: boolean;
  /** A new number after each modification. */
  content: number;
}

/** A change as random numbers, each taken modulo the number of choices. */
export interface Change {
  /** What to do; below {@link CHANGE_CODES}. */
  readonly code: number;
  /** The thing to change. */
  readonly thing: number;
  /** The directory of the new path. */
  readonly directory: number;
  /** The name of the new path. */
  readonly name: number;
}

/** The number of values of {@link Change.code}. */
export const CHANGE_CODES = 15;

/** Few, so that names are reused. */
const NAMES = ["a", "b", "c"];
const DEPTH = 3;

/** The first one also reports a file from outside that replaces another one. */
const CHANGES: readonly EntryKind[] = ["modify", "closeWrite", "attrib", "open"];

/** The tree. */
export class ReportedTree {
  readonly things: Map<string, Thing> = new Map();
  readonly events: WatchEvent[] = [];
  /** The ids of the things with a change event. */
  readonly changed: Set<number> = new Set();
  /** The ids of the things with a rename event. */
  readonly renamed: Set<number> = new Set();
  readonly #renames: boolean;
  #last = 0;

  /** @param renames whether renames are reported as such */
  constructor(renames: boolean) {
    this.#renames = renames;
  }

  /** Makes a change, if it is possible. */
  apply({ code, thing, directory, name }: Change): void {
    const paths = [...this.things.keys()].sort();
    const directories = paths.filter((path) => this.#isDirectory(path) && depthOf(path) < DEPTH);
    const to = `${["", ...directories][directory % (directories.length + 1)]}/${
      NAMES[name % NAMES.length]
    }`;
    if (code < 5 && !this.things.has(to)) this.#create(to, code % 2 === 0, code === 0 ? thing : 0);
    if (code < 5 || paths.length === 0) return;
    const path = paths[thing % paths.length];
    if (code < 6) this.#remove(path);
    else if (code < 10) this.#change(path, CHANGES[code - 6]);
    else if (code === 10) this.#exchange(path, to);
    else this.#rename(path, to);
  }

  /** Reports every thing as `exists`. */
  reportAll(): void {
    for (const [path, { isDirectory }] of this.things) this.#report("exists", path, isDirectory);
  }

  #report(kind: EntryKind, path: string, isDirectory: boolean): void {
    this.events.push(entryEvent(kind, path, isDirectory));
  }

  /** @param inner for a directory that moves in: how many nested things it contains */
  #create(path: string, isDirectory: boolean, inner: number): void {
    this.#put(path, isDirectory);
    this.#report("create", path, isDirectory);
    if (isDirectory && inner % 3 > 0 && depthOf(path) < DEPTH) {
      this.#create(`${path}/${NAMES[inner % NAMES.length]}`, inner % 3 > 1, inner - 1);
    }
  }

  #remove(path: string): void {
    const isDirectory = this.#isDirectory(path);
    for (const one of this.#within(path)) this.things.delete(one);
    this.#report("remove", path, isDirectory);
  }

  #change(path: string, kind: EntryKind): void {
    const thing = this.things.get(path)!;
    if (thing.isDirectory && kind !== "attrib") return;
    if (kind === "modify") thing.content = ++this.#last;
    this.changed.add(thing.id);
    this.#report(kind, path, thing.isDirectory);
  }

  /** Exchanges two paths in one step; a watcher reports a rename of one, and creates the other. */
  #exchange(a: string, b: string): void {
    const isDirectory = this.#isDirectory(a);
    if (this.things.get(b)?.isDirectory !== isDirectory || isWithin(a, b) || isWithin(b, a)) return;
    const found = this.#within(b).map((path) => [path, this.things.get(path)!] as const);
    this.#move(a, b, true);
    for (const [path, { isDirectory, content }] of found) {
      const now = a + path.slice(b.length);
      this.things.set(now, { id: ++this.#last, isDirectory, content });
      this.#report("create", now, isDirectory);
    }
  }

  #rename(a: string, b: string): void {
    const isDirectory = this.#isDirectory(a);
    const other = this.things.get(b);
    if (isWithin(b, a) || isWithin(a, b)) return;
    if (other !== undefined && other.isDirectory !== isDirectory) return;
    if (this.#within(b).length < 2) this.#move(a, b, other !== undefined);
  }

  #move(a: string, b: string, replaced: boolean): void {
    const moved = this.#within(a).map((path) => [path, this.things.get(path)!] as const);
    const { id, isDirectory } = moved[0][1];
    for (const path of [...this.#within(a), ...this.#within(b)]) this.things.delete(path);
    if (this.#renames) {
      this.renamed.add(id);
      this.events.push(renameEvent(a, b, isDirectory, replaced));
    } else {
      if (replaced) this.#report("remove", b, isDirectory);
      this.#report("remove", a, isDirectory);
    }
    for (const [path, thing] of moved) {
      const now = b + path.slice(a.length);
      this.things.set(now, this.#renames ? thing : { ...thing, id: ++this.#last });
      if (!this.#renames) this.#report("create", now, thing.isDirectory);
    }
  }

  #put(path: string, isDirectory: boolean): void {
    this.things.set(path, { id: ++this.#last, isDirectory, content: ++this.#last });
  }

  #isDirectory(path: string): boolean {
    return this.things.get(path)!.isDirectory;
  }

  /** The paths of a thing and of all below it, from the top. */
  #within(path: string): string[] {
    return [...this.things.keys()].filter((one) => isWithin(one, path)).sort();
  }
}

function depthOf(path: string): number {
  return path.split("/").length - 1;
}

/** Whether a path is that of the directory, or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
