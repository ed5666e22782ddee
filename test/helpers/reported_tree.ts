/** A tree in memory that reports what is done to it, by the events that a watcher has of it. */

import {
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "../../src/engine/event.ts";

/** What is at a path. */
export interface Thing {
  /** Of its own, whatever its path. */
  readonly id: number;
  readonly isDirectory: boolean;
  /** Another one after each change of it. */
  content: number;
}

/** What is to be done, by numbers of which each is taken for what it can be. */
export interface Deed {
  /** Below {@link DEEDS}. */
  readonly what: number;
  /** To which of the things that are there. */
  readonly thing: number;
  /** In which of the directories. */
  readonly place: number;
  /** By which name there. */
  readonly name: number;
}

/** How many things there are to do. */
export const DEEDS = 15;

/** So few that most are used again and again. */
const NAMES = ["a", "b", "c"];
const DEPTH = 3;

/** The first is also what a file is reported by that comes over another one from outside. */
const CHANGES: readonly EntryKind[] = ["modify", "closeWrite", "attrib", "open"];

export class ReportedTree {
  readonly things: Map<string, Thing> = new Map();
  readonly events: WatchEvent[] = [];
  /** The ids of what was changed where it was. */
  readonly changed: Set<number> = new Set();
  readonly #renames: boolean;
  #last = 0;

  /** @param renames whether renames are reported as such */
  constructor(renames: boolean) {
    this.#renames = renames;
  }

  /** Does what is to be done, if it can be. */
  do({ what, thing, place, name }: Deed): void {
    const paths = [...this.things.keys()].sort();
    const directories = paths.filter((path) => this.#isDirectory(path) && depthOf(path) < DEPTH);
    const to = `${["", ...directories][place % (directories.length + 1)]}/${
      NAMES[name % NAMES.length]
    }`;
    if (what < 5 && !this.things.has(to)) this.#create(to, what % 2 === 0, what === 0 ? thing : 0);
    if (what < 5 || paths.length === 0) return;
    const path = paths[thing % paths.length];
    if (what < 6) this.#remove(path);
    else if (what < 10) this.#change(path, CHANGES[what - 6]);
    else if (what === 10) this.#exchange(path, to);
    else this.#rename(path, to);
  }

  /** Reports what is there, as in the beginning. */
  reportAll(): void {
    for (const [path, { isDirectory }] of this.things) this.#report("exists", path, isDirectory);
  }

  #report(kind: EntryKind, path: string, isDirectory: boolean): void {
    this.events.push(entryEvent(kind, path, isDirectory));
  }

  /** @param inner how many things are in it, one in the other, if it is moved in */
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

  /** The two change places in one step: what one has left is found anew. */
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
    const { isDirectory } = moved[0][1];
    for (const path of [...this.#within(a), ...this.#within(b)]) this.things.delete(path);
    if (this.#renames) this.events.push(renameEvent(a, b, isDirectory, replaced));
    else {
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

  /** The paths of what is there and below, from the top. */
  #within(path: string): string[] {
    return [...this.things.keys()].filter((one) => isWithin(one, path)).sort();
  }
}

function depthOf(path: string): number {
  return path.split("/").length - 1;
}

/** Whether a path is that of a directory, or below it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
