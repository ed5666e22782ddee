/**
 * A copy of what a watcher watches, kept by its events alone: what an event is about is read again, some
 * time after that has happened.
 */

import type { ErrorEvent, WatchEvent } from "../../mod.ts";
import { type Copy, type Disk, read, type View } from "./disk.ts";

/** How much is shown of a file. */
const SHOWN = 24;

/** A copy of a tree, or of several. */
export class Mirror {
  readonly entries: Map<string, Copy> = new Map();
  /** The links that are said to be directories. */
  readonly entered: Set<string> = new Set();
  /** Events that cannot be true of what was believed before. */
  readonly contradictions: string[] = [];
  /** What is said not to be watched. */
  readonly errors: ErrorEvent[] = [];
  overflows = 0;
  count = 0;
  readonly #view: View;
  readonly #rereads: boolean;

  /**
   * @param view what is watched
   * @param rereads whether all that is below a directory is read again when it moves: what was read at
   * the old path may have been something else already, unless each change waits for the reader
   */
  constructor(view: View, rereads: boolean) {
    this.#view = view;
    this.#rereads = rereads;
  }

  /** Begins with what is there. */
  seed({ entries }: Disk): void {
    this.contradictions.length = 0; // what was reported until now may be of what was there before
    for (const [path, copy] of entries) {
      this.entries.set(path, copy);
      if (copy.type === "link" && read(path, true).type === "directory") this.entered.add(path);
    }
  }

  apply(event: WatchEvent): void {
    this.count++;
    switch (event.kind) {
      case "overflow":
        this.overflows++;
        return;
      case "error":
        this.errors.push(event);
        return;
      case "remove":
        this.#expect(event.path, true, "remove");
        this.forget(event.path);
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

  /** Drops a path and all below it. @returns what was dropped */
  forget(path: string): [path: string, copy: Copy][] {
    const start = `${path}/`;
    const dropped = [...this.entries].filter(([one]) => one === path || one.startsWith(start));
    for (const [one] of dropped) {
      this.entries.delete(one);
      this.entered.delete(one);
    }
    return dropped;
  }

  /** What is not as it is on the disk. @param removals whether it is said what is gone */
  differences(disk: Disk, removals: boolean): string[] {
    // A link whose target has come later is looked at when it is replaced, and not before.
    const links = [...disk.entries].filter(([path, { type }]) =>
      type === "link" && !this.entered.has(path)
    );
    const open = [...disk.open, ...links.map(([path]) => path)];
    const isOpen = (path: string) => open.some((one) => path.startsWith(`${one}/`));
    const wrong: string[] = [];
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

  #rename(from: string, path: string, replaced: boolean, isDirectory: boolean): void {
    this.#expect(from, true, "rename");
    if (this.entries.has(path) !== replaced) {
      this.contradictions.push(`rename ${from} to ${path}, replaced: ${replaced}`);
    }
    this.forget(path);
    const entered = [...this.entered];
    const moved = this.forget(from);
    for (const [one, copy] of moved) {
      const now = path + one.slice(from.length);
      const again = this.#rereads || now === path || copy.type === "nothing";
      this.entries.set(
        now,
        again ? this.#copy(now, now === path ? isDirectory : copy.type === "directory") : copy,
      );
      if (entered.includes(one)) this.entered.add(now);
    }
    if (moved.length === 0) this.#read(path, isDirectory);
  }

  #read(path: string, isDirectory: boolean): void {
    const copy = this.#copy(path, isDirectory);
    this.entries.set(path, copy);
    if (isDirectory && copy.type === "link") this.entered.add(path);
    else this.entered.delete(path);
  }

  /** Of which type it is the event says: it may be another one by now, of which more will be heard. */
  #copy(path: string, isDirectory: boolean): Copy {
    const copy = read(path, this.#view.roots.has(path));
    if (!isDirectory) return copy.type === "directory" ? { type: "nothing" } : copy;
    return copy.type === "link" && this.#view.followSymlinks ? copy : { type: "directory" };
  }

  /** Reads a file by each of its names: an event says the one that was used. */
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
  if (a.type === "link") return b.type === "link" && a.target === b.target;
  return a.type === b.type;
}

function show(copy: Copy): string {
  if (copy.type === "link") return `link to ${copy.target}`;
  if (copy.type !== "file") return copy.type;
  const text = JSON.stringify(copy.bytes.toString("latin1", 0, SHOWN));
  return copy.bytes.length > SHOWN ? `${text}… (${copy.bytes.length})` : text;
}
