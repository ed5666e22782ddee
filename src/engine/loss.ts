/**
 * `Loss`: a time in which a loop's events are not delivered, and the difference that it makes in the end.
 *
 * Nothing is copied when a loss begins. The entries of a directory are kept when they first change, so a loss takes
 * as much memory as there are changed directories, however long it lasts.
 *
 * @module
 */

import type { ChangeKinds } from "./change_kinds.ts";
import { entryEvent, type EntryKind, type WatchEvent } from "./event.ts";
import { Directory, type Entry } from "./directory.ts";

/** The followed roots by path, and what each is known to be; `undefined` if it is not there. */
export type Tops = Map<string, Entry | undefined>;

/** What happened to an entry: the kinds of its events, and `create` if it is another one, or was away. */
type Marks = Set<EntryKind>;

type Replacement = Pick<ChangeKinds, "replacement" | "incomplete">;

/** What a loop misses, from the construction on. */
export class Loss {
  /** The followed roots as the loop knows them. */
  #tops: Tops;
  /** The entries of directories as the loop knows them, where they differ. */
  readonly #before = new WeakMap<Directory, Map<string, Entry>>();
  /** What happened to entries that are still there, by directory. */
  readonly #marks = new WeakMap<Directory, Map<string, Marks>>();
  /** What happened to roots. */
  readonly #topMarks = new Map<string, Marks>();
  /** Events that are no difference of entries: the last one of each kind and path. */
  readonly #others = new Map<string, WatchEvent>();
  /** The followed roots as they are, while they are compared. */
  #now: Tops = new Map();
  #events: WatchEvent[] = [];

  /** @param tops what the loop knows */
  constructor(tops: Tops) {
    this.#tops = tops;
  }

  // While it lasts

  /** An event is not delivered. */
  miss(event: WatchEvent): void {
    const { kind } = event;
    if (kind !== "error" && kind !== "mount" && kind !== "unmount") return;
    // Of mounts, only the last one is still so.
    const key = `${kind === "error" ? kind : "mount"} ${event.path}`;
    this.#others.delete(key);
    this.#others.set(key, event);
  }

  /** The entries of a directory are about to change. */
  keep(directory: Directory): void {
    if (!this.#before.has(directory)) this.#before.set(directory, new Map(directory.entries));
  }

  /** An entry becomes known that is not reported. */
  know(directory: Directory, name: string, entry: Entry): void {
    this.#before.get(directory)?.set(name, entry);
  }

  /** An entry is no longer known, which is not reported. */
  leaveOut(directory: Directory, name: string): void {
    this.#before.get(directory)?.delete(name);
    this.unmark(directory, name);
  }

  /** What is known as one entry is known as another one from now on, and is the same. */
  become(directory: Directory, name: string, before: Entry | undefined, entry: Entry): void {
    const known = this.#before.get(directory);
    if (known?.has(name) && known.get(name) === before) known.set(name, entry);
  }

  /** A root becomes known that is not reported. */
  knowTop(path: string, entry: Entry): void {
    this.#tops.set(path, entry);
  }

  /** A root is no longer watched. */
  forgetTop(path: string): void {
    this.#tops.delete(path);
  }

  /** An entry becomes a followed root. */
  moveOut(directory: Directory, name: string, path: string): void {
    const entry = (this.#before.get(directory) ?? directory.entries).get(name);
    if (entry !== undefined) this.#tops.set(path, entry);
    this.mark(undefined, path, this.#marks.get(directory)?.get(name) ?? []);
  }

  /** A followed root becomes an entry. */
  moveIn(directory: Directory, name: string): void {
    this.keep(directory);
    const path = directory.pathOf(name);
    if (this.#tops.has(path)) {
      const entry = this.#tops.get(path);
      const before = this.#before.get(directory)!;
      if (entry === undefined) before.delete(name);
      else before.set(name, entry);
    }
    this.mark(directory, name, this.#topMarks.get(path) ?? []);
  }

  /** Something happened to an entry that is still there. @param directory `undefined` for a root */
  mark(directory: Directory | undefined, name: string, kinds: Iterable<EntryKind>): void {
    let names = directory === undefined ? this.#topMarks : this.#marks.get(directory);
    if (names === undefined) this.#marks.set(directory!, names = new Map());
    const marks = names.get(name);
    if (marks === undefined) names.set(name, new Set(kinds));
    else for (const kind of kinds) marks.add(kind);
  }

  /** An entry is gone. */
  unmark(directory: Directory, name: string): void {
    this.#marks.get(directory)?.delete(name);
  }

  // What was missed

  /**
   * The difference. The loss may go on.
   *
   * @param now the followed roots
   * @param kinds how a file is reported that took the place of another one
   */
  difference(now: Tops, kinds: Replacement): WatchEvent[] {
    const tops = this.#tops;
    this.#tops = new Map(tops);
    this.#now = now;
    this.#events = [];
    const paths = new Set([...tops.keys(), ...now.keys()]);
    // Parents first: their trees may have the others in them.
    for (const path of [...paths].sort((a, b) => a.length - b.length)) {
      const marks = this.#topMarks.get(path);
      this.#compare(path, this.#tops.get(path), now.get(path), marks, kinds);
    }
    this.#tops = tops;
    return [...this.#events, ...this.#others.values()];
  }

  #compare(
    path: string,
    before: Entry | undefined,
    now: Entry | undefined,
    marks: Marks | undefined,
    kinds: Replacement,
  ): void {
    this.#tops.delete(path);
    this.#now.delete(path);
    if (before !== undefined && !isSame(before, now, marks)) {
      this.#remove(path, before);
      before = undefined;
    }
    if (now === undefined) return;
    if (before === undefined) return this.#appear(path, now, marks, kinds);
    const isComplete = marks?.has("closeWrite") ?? false;
    if (marks?.has("create")) {
      const { replacement, incomplete } = kinds;
      for (const kind of isComplete ? replacement : incomplete) this.#push(kind, path, now);
      if (isComplete) this.#push("closeWrite", path, now);
    } else for (const kind of marks ?? []) this.#push(kind, path, now);
    if (now instanceof Directory) this.#compareEntries(path, now, kinds);
  }

  #compareEntries(path: string, directory: Directory, kinds: Replacement): void {
    const marks = this.#marks.get(directory);
    const before = this.#before.get(directory);
    const compare = (name: string, old: Entry | undefined, entry: Entry | undefined) => {
      const at = below(path, name);
      if (this.#tops.has(at)) old = this.#tops.get(at);
      if (this.#now.has(at)) entry = this.#now.get(at);
      const both = [...marks?.get(name) ?? [], ...this.#topMarks.get(at) ?? []];
      this.#compare(at, old, entry, new Set(both), kinds);
    };
    if (before === undefined) {
      // No entry was added or deleted here, so only marked files can differ.
      for (const [name, inner] of directory.directories()) compare(name, inner, inner);
      for (const name of marks?.keys() ?? []) {
        const entry = directory.entries.get(name);
        if (!(entry instanceof Directory)) compare(name, entry, entry);
      }
      return;
    }
    const { entries } = directory;
    for (const [name, entry] of before) if (!entries.has(name)) compare(name, entry, undefined);
    for (const [name, entry] of entries) compare(name, before.get(name), entry);
  }

  /** An entry is new to the loop; roots below it may be known, though. */
  #appear(
    path: string,
    entry: Entry,
    marks: Marks | undefined,
    kinds: Replacement,
  ): void {
    this.#push(marks?.has("exists") ? "exists" : "create", path, entry);
    if (entry === false && marks?.has("closeWrite")) this.#push("closeWrite", path, entry);
    if (!(entry instanceof Directory)) return;
    const marked = this.#marks.get(entry);
    for (const [name, inner] of entry.entries) {
      const at = below(path, name);
      const now = this.#now.has(at) ? this.#now.get(at) : inner;
      this.#compare(at, this.#tops.get(at), now, marked?.get(name), kinds);
    }
  }

  /** An entry goes with everything below it: also roots, which appear again. */
  #remove(path: string, entry: Entry): void {
    const within: Tops = new Map();
    for (const [top, before] of this.#tops) {
      if (!top.startsWith(below(path, ""))) continue;
      within.set(top, before);
      this.#tops.delete(top);
    }
    if (entry === false) this.#events.push(...removals(within));
    this.#push("remove", path, entry);
  }

  #push(kind: EntryKind, path: string, entry: Entry): void {
    this.#events.push(entryEvent(kind, path, isDirectory(entry)));
  }
}

/** The removals of roots that a link leads to, to be reported before its own: each with everything below it. */
export function removals(roots: Tops): WatchEvent[] {
  const isBelow = (path: string) =>
    roots.entries().some(([top, entry]) =>
      entry instanceof Directory && path.startsWith(`${top}/`)
    );
  return [...roots].flatMap(([path, entry]) => entry === undefined ? [] : [{ path, entry }])
    .filter(({ path }) => !isBelow(path))
    .sort((a, b) => b.path.length - a.path.length) // what links lead to before the links
    .map(({ path, entry }) => entryEvent("remove", path, isDirectory(entry)));
}

/**
 * Whether an entry is the one that the loop knows. A directory that was away is not: whoever read what is in it
 * meanwhile found nothing.
 */
function isSame(before: Entry, now: Entry | undefined, marks: Marks | undefined): boolean {
  return before === now && (now === false || !marks?.has("create"));
}

function isDirectory(entry: Entry): boolean {
  return entry !== false;
}

function below(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}
