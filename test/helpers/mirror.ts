/**
 * A copy of what a watcher watches, kept up to date by its events alone: each event makes the mirror read
 * the entry again.
 */

import { dirname } from "node:path";
import type { ErrorEvent, WatchEvent } from "../../mod.ts";
import { Completeness } from "./completeness.ts";
import { type Copy, type Disk, read, readEntry, readRoot, type View } from "./disk.ts";

/** How many bytes of a file a message shows. */
const SHOWN = 24;

/** A copy of all entries of a {@link View}. */
export class Mirror {
  readonly entries: Map<string, Copy> = new Map();
  /** The links that are reported as directories. */
  readonly entered: Set<string> = new Set();
  /** Events that contradict earlier ones. */
  readonly contradictions: string[] = [];
  /** The reported errors. */
  readonly errors: ErrorEvent[] = [];
  /** Which files are reported as complete. */
  readonly completeness: Completeness = new Completeness();
  overflows = 0;
  count = 0;
  readonly #view: View;
  readonly #rereads: boolean;
  readonly #isForgotten: (path: string, isDirectory: boolean) => boolean;

  /**
   * @param view what is watched
   * @param rereads whether everything below a renamed directory is read again: unless each change waits
   * for the reader, another entry may have been read at the old path
   * @param isForgotten whether what a renamed directory takes along is watched no more, since a root was removed
   */
  constructor(
    view: View,
    rereads: boolean,
    isForgotten: (path: string, isDirectory: boolean) => boolean = () => false,
  ) {
    this.#view = view;
    this.#rereads = rereads;
    this.#isForgotten = isForgotten;
  }

  /** Starts with the entries on the disk. */
  seed({ entries }: Disk): void {
    this.contradictions.length = 0; // earlier events may be about earlier entries
    for (const [path, copy] of entries) {
      this.entries.set(path, copy);
      if (this.#view.followSymlinks !== true || copy.type !== "link") continue;
      if (read(path, true).type === "directory") this.entered.add(path);
    }
  }

  apply(event: WatchEvent): void {
    this.count++;
    this.completeness.apply(event);
    switch (event.kind) {
      case "overflow":
        this.overflows++;
        return;
      case "error":
        this.errors.push(event);
        return;
      case "remove":
        this.#expect(event.path, true, "remove");
        this.discard(event.path);
        return;
      case "rename":
        return this.#rename(event.from, event.path, event.replaced, event.isDirectory);
      case "exists":
      case "create":
        this.#expect(event.path, false, event.kind);
        return this.#read(event.path, event.isDirectory);
      case "modify":
      case "closeWrite":
      case "attrib":
        this.#expect(event.path, true, event.kind);
        if (this.entries.has(event.path)) this.#readNames(event.path, event.isDirectory);
        return;
      default: // reading is an event itself
    }
  }

  /** Discards a path and everything below it. @returns the discarded entries */
  discard(path: string): [path: string, copy: Copy][] {
    const start = `${path}/`;
    const discarded = [...this.entries].filter(([one]) => one === path || one.startsWith(start));
    for (const [one] of discarded) {
      this.entries.delete(one);
      this.entered.delete(one);
    }
    return discarded;
  }

  /** How the copy differs from the disk. @param removals whether removals are reported */
  differences(disk: Disk, removals: boolean): string[] {
    // A link is resolved when it is created or replaced, not when its target is created later.
    const links = [...disk.entries].filter(([path, { type }]) =>
      type === "link" && this.#view.followSymlinks === true && !this.entered.has(path)
    );
    const unentered = links.map(([path]) => path);
    const open = [...disk.open, ...disk.alternatives.flat(), ...unentered];
    const isBelow = (path: string, some: readonly string[]) =>
      some.some((one) => path === one || path.startsWith(`${one}/`));
    const isOpen = (path: string) => open.some((one) => path.startsWith(`${one}/`));
    const wrong: string[] = [];
    for (const paths of disk.alternatives) {
      const reached = paths.filter((path) => !isBelow(path, unentered));
      if (reached.length > 0 && !reached.some((path) => this.#has(path, disk))) {
        wrong.push(`by none of its paths is entered: ${reached}`);
      }
    }
    for (const [path, copy] of disk.entries) {
      if (isOpen(path)) continue;
      const mine = this.entries.get(path);
      if (mine === undefined) wrong.push(`missing ${path}: ${show(copy)}`);
      else if (!isSame(mine, copy)) {
        wrong.push(`stale ${path}: ${show(mine)}, not ${show(copy)}`);
      }
    }
    for (const [path, copy] of this.entries) {
      if (!removals || disk.entries.has(path) || isOpen(path)) continue;
      wrong.push(`not there ${path}: ${show(copy)}`);
    }
    return wrong;
  }

  /** Whether the copy of what is in a directory is right. */
  #has(directory: string, disk: Disk): boolean {
    const inside = (path: string) => dirname(path) === directory;
    const [mine, right] = [this.entries, disk.entries].map((some) =>
      [...some].filter(([path]) => inside(path))
    );
    return mine.length === right.length && right.every(([path, copy]) => {
      const own = this.entries.get(path);
      return own !== undefined && isSame(own, copy);
    });
  }

  #rename(from: string, path: string, replaced: boolean, isDirectory: boolean): void {
    this.#expect(from, true, "rename");
    if (this.entries.has(path) !== replaced) {
      this.contradictions.push(`rename ${from} to ${path}, replaced: ${replaced}`);
    }
    this.discard(path);
    const entered = [...this.entered];
    const moved = this.discard(from);
    for (const [one, copy] of moved) {
      const now = path + one.slice(from.length);
      // What was reported as a directory may have been read as a link that had taken its place.
      const wasEntered = entered.includes(one);
      if (now !== path && this.#isForgotten(now, copy.type === "directory")) continue;
      if (this.#rereads || now === path || copy.type === "nothing") {
        this.#read(now, now === path ? isDirectory : wasEntered || copy.type === "directory");
      } else {
        this.entries.set(now, copy);
        if (wasEntered) this.entered.add(now);
      }
    }
    if (moved.length === 0) this.#read(path, isDirectory);
  }

  #read(path: string, isDirectory: boolean): void {
    const copy = this.#copy(path, isDirectory);
    this.entries.set(path, copy);
    if (isDirectory && copy.type === "link") this.entered.add(path);
    else this.entered.delete(path);
  }

  /** Reads an entry of the type that the event reports; another type by now will be reported itself. */
  #copy(path: string, isDirectory: boolean): Copy {
    const view = this.#view;
    const copy = view.roots.has(path) ? readRoot(path, view) : readEntry(path, view);
    if (!isDirectory) return copy.type === "directory" ? { type: "nothing" } : copy;
    return copy.type === "link" && view.followSymlinks === true ? copy : { type: "directory" };
  }

  /** Reads a file by each of its names: an event reports only the one that was used. */
  #readNames(path: string, isDirectory: boolean): void {
    const before = this.entries.get(path)!;
    this.#read(path, isDirectory);
    const inodes = [before, this.entries.get(path)!].map((copy) =>
      copy.type === "file" ? copy.inode : undefined
    );
    for (const [other, copy] of this.entries) {
      if (other === path || copy.type !== "file" || !inodes.includes(copy.inode)) continue;
      this.#read(other, false);
    }
  }

  #expect(path: string, known: boolean, kind: string): void {
    if (this.entries.has(path) === known) return;
    this.contradictions.push(`${kind} ${path}, which is ${known ? "not " : ""}there`);
  }
}

function isSame(a: Copy, b: Copy): boolean {
  if (a.type === "file") return b.type === "file" && a.bytes.equals(b.bytes);
  if (a.type === "link") {
    return b.type === "link" && a.target === b.target &&
      (a.bytes === undefined ? b.bytes === undefined : b.bytes?.equals(a.bytes) ?? false);
  }
  return a.type === b.type;
}

function show(copy: Copy): string {
  if (copy.type === "link") {
    return `link to ${copy.target}: ${copy.bytes?.toString("latin1", 0, SHOWN)}`;
  }
  if (copy.type !== "file") return copy.type;
  const text = JSON.stringify(copy.bytes.toString("latin1", 0, SHOWN));
  return copy.bytes.length > SHOWN ? `${text}… (${copy.bytes.length})` : text;
}
