/**
 * The difference of two pictures, as changes that lead from one to the other.
 *
 * Only what differs gets a node. An entry is the same in both pictures if it has the same inode, by its number and time
 * of birth; at another path it is renamed. A file that has another inode at the same path is modified, unless either
 * inode is elsewhere in the other picture.
 *
 * @module
 */

import { Content, type Picture, type Status, type Statuses } from "./picture.ts";

/** An entry as reported so far: at first as in the old picture, at last as in the new one. */
interface Old {
  name: string;
  parent: Old | undefined;
  readonly status: Status;
  readonly isDirectory: boolean;
  /** What was in it, if it was listed. */
  readonly content: Content | undefined;
  /** Those in it that have a node, as reported so far. */
  readonly children: Map<string, Old>;
  /** What it becomes; `undefined` if it is removed. */
  target: New | undefined;
}

/** An entry of the new picture. */
interface New {
  readonly name: string;
  readonly parent: New | undefined;
  readonly status: Status;
  readonly isDirectory: boolean;
  readonly content: Content | undefined;
  /** What it was; `undefined` if it is created. */
  source: Old | undefined;
  /** How it is reported that what is in it may differ. */
  change: "none" | "modified" | "replaced";
  /** Whether it is reported at its place. */
  isPlaced: boolean;
}

/** How many moves may wait for one another. More are reported as a circle is, by way of another name. */
const MOST_IN_PROGRESS = 500;

/** Takes the changes that lead from one picture to another, in order. Paths are lossless text. */
export interface Changes {
  created(path: string, isDirectory: boolean): void;
  /** A directory with all in it. */
  removed(path: string, isDirectory: boolean): void;
  /** @param isReplaced whether it overwrites a file at the new path */
  renamed(from: string, path: string, isDirectory: boolean, isReplaced: boolean): void;
  /** What is in a file may have changed. */
  modified(path: string): void;
  /** Another file took the place of one. */
  replaced(path: string): void;
}

/**
 * Finds the changes that lead from one picture to another, of the paths that both have.
 *
 * @param identity of an entry, by which renames are found; `undefined` if they are not wanted
 */
export function difference(
  before: Picture,
  now: Picture,
  identity: Identity | undefined,
  changes: Changes,
): void {
  const pairing = new Pairing(before.statuses, now.statuses);
  pairing.pair(...common(before, now), identity);
  new Report(pairing, changes).all();
}

/** What an entry keeps when it is renamed, and no other one has; `undefined` if that is not known. */
export type Identity = (statuses: Statuses, status: Status) => string | undefined;

/** What both pictures have, as two directories whose entries have absolute paths for names. */
function common(before: Picture, now: Picture): [before: Content, now: Content] {
  const paths = new Set<string>();
  for (const path of pathsOf(now)) if (before.find(path) !== undefined) paths.add(path);
  for (const path of pathsOf(before)) {
    const isBelow = [...paths].some((one) => path.startsWith(one === "/" ? one : `${one}/`));
    if (!isBelow && now.find(path) !== undefined) paths.add(path);
  }
  const [old, current] = [before, now].map((picture) => {
    const top = new Content();
    for (const path of paths) {
      const { content, name } = picture.find(path)!;
      const status = content.entries.get(name);
      const inside = content.directories.get(name);
      if (status !== undefined) top.entries.set(path, status);
      if (inside !== undefined) top.directories.set(path, inside);
    }
    return top;
  });
  return [old, current];
}

function pathsOf({ roots, missing }: Picture): string[] {
  return [...roots.entries.keys(), ...missing];
}

/** Finds what becomes of each entry. */
class Pairing {
  readonly olds: Old[] = [];
  readonly news: New[] = [];
  readonly before: Statuses;
  readonly now: Statuses;

  constructor(before: Statuses, now: Statuses) {
    this.before = before;
    this.now = now;
  }

  pair(before: Content, now: Content, identity: Identity | undefined): void {
    const old = node("", undefined, this.before.add(true), true, before);
    const top: New = {
      name: "",
      parent: undefined,
      status: this.now.add(true),
      isDirectory: true,
      content: now,
      source: old,
      change: "none",
      isPlaced: true,
    };
    old.target = top;
    this.#compare(old, top);
    if (identity !== undefined) this.#pairByIdentity(identity);
    this.#pairByPath();
    for (const one of this.news) one.change = this.#changeOf(one);
  }

  #changeOf({ status, source, name, parent, isDirectory }: New): New["change"] {
    if (source === undefined || isDirectory) return "none";
    if (!this.before.isSame(source.status, this.now, status)) return "replaced";
    const isMoved = source.name !== name || source.parent!.target !== parent;
    return this.before.mayDiffer(source.status, this.now, status, isMoved) ? "modified" : "none";
  }

  /** Compares what is in a directory that is the same in both. */
  #compare(top: Old, newTop: New): void {
    const rest: [Old, New][] = [[top, newTop]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [old, now] = next;
      if (old.content === undefined || now.content === undefined) continue;
      const { entries } = now.content;
      for (const [name, status] of old.content.entries) {
        if (!entries.has(name)) this.#addOld(old, name, status);
      }
      for (const [name, status] of entries) {
        const before = old.content.entries.get(name);
        if (before === undefined) this.#addNew(now, name, status);
        else if (!this.#isSame(before, status)) {
          this.#addOld(old, name, before);
          this.#addNew(now, name, status);
        } else if (!this.now.isDirectory(status)) {
          if (!this.before.mayDiffer(before, this.now, status, false)) continue;
          this.#stay(old, now, name, before, status);
        } else if (old.content.directories.has(name) && now.content.directories.has(name)) {
          rest.push(this.#stay(old, now, name, before, status));
        }
      }
    }
  }

  #isSame(before: Status, now: Status): boolean {
    return this.before.isDirectory(before) === this.now.isDirectory(now) &&
      this.before.isSame(before, this.now, now);
  }

  /** An entry stays where it is. */
  #stay(parent: Old, newParent: New, name: string, before: Status, status: Status): [Old, New] {
    const old = this.#old(parent, name, before);
    const now = this.#new(newParent, name, status);
    old.target = now;
    now.source = old;
    return [old, now];
  }

  #old(parent: Old, name: string, status: Status): Old {
    const content = parent.content!.directories.get(name);
    const old = node(name, parent, status, this.before.isDirectory(status), content);
    parent.children.set(name, old);
    this.olds.push(old);
    return old;
  }

  #new(parent: New, name: string, status: Status): New {
    const content = parent.content!.directories.get(name);
    const isDirectory = this.now.isDirectory(status);
    const now: New = {
      ...{ name, parent, status, isDirectory, content },
      source: undefined,
      change: "none",
      isPlaced: false,
    };
    this.news.push(now);
    return now;
  }

  /** An entry that is no longer at its path, with all in it. */
  #addOld(parent: Old, name: string, status: Status): void {
    const rest = [this.#old(parent, name, status)];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      for (const [one, inner] of next.content?.entries ?? []) {
        rest.push(this.#old(next, one, inner));
      }
    }
  }

  /** An entry that is new at its path, with all in it. */
  #addNew(parent: New, name: string, status: Status): void {
    const rest = [this.#new(parent, name, status)];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      for (const [one, inner] of next.content?.entries ?? []) {
        rest.push(this.#new(next, one, inner));
      }
    }
  }

  #pairByIdentity(identityOf: Identity): void {
    const sources = new Map<string, Old[]>();
    for (const old of this.olds) {
      if (old.target !== undefined) continue;
      const identity = identityOf(this.before, old.status);
      if (identity === undefined) continue;
      const same = sources.get(identity);
      if (same === undefined) sources.set(identity, [old]);
      else same.push(old);
    }
    if (sources.size === 0) return;
    for (const isDirectory of [true, false]) {
      for (const now of this.news) {
        if (now.source !== undefined || now.isDirectory !== isDirectory) continue;
        const same = sources.get(identityOf(this.now, now.status) ?? "");
        const at = same?.findIndex((old) => old.isDirectory === isDirectory && !isUnseen(old)) ??
          -1;
        if (at === -1) continue;
        [now.source] = same!.splice(at, 1);
        now.source.target = now;
      }
    }
  }

  /** What is not elsewhere is taken for the same at the same path, if it has the same type. */
  #pairByPath(): void {
    for (const now of this.news) {
      if (now.source !== undefined) continue;
      const old = now.parent!.source?.children.get(now.name);
      if (old === undefined || old.target !== undefined) continue;
      if (old.isDirectory !== now.isDirectory || this.before.isGone(old.status)) continue;
      now.source = old;
      old.target = now;
    }
  }
}

/** Whether an entry may be in a renamed directory still, which was not listed at its new path. */
function isUnseen(old: Old): boolean {
  if (old.isDirectory) return false; // it has one path
  let above = old.parent;
  while (above !== undefined && above.target === undefined) above = above.parent;
  return above?.target?.content === undefined;
}

/** Reports what becomes of each entry; what it depends on before. */
class Report {
  readonly #pairing: Pairing;
  readonly #changes: Changes;
  readonly #inProgress = new Set<New>();

  constructor(pairing: Pairing, changes: Changes) {
    this.#pairing = pairing;
    this.#changes = changes;
  }

  all(): void {
    for (const now of this.#pairing.news) this.#place(now);
    for (const old of this.#pairing.olds) {
      // What is in a removed directory goes with it; what is in one that was not listed may be there.
      if (old.target === undefined && old.parent?.target?.content !== undefined) this.#remove(old);
    }
  }

  /** Reports an entry at its place, after the directories above it. */
  #place(now: New): void {
    const line: New[] = [];
    for (let one = now; !one.isPlaced && !this.#inProgress.has(one); one = one.parent!) {
      line.push(one);
    }
    for (const one of line.reverse()) {
      if (one.isPlaced || !one.parent!.isPlaced) continue;
      this.#inProgress.add(one);
      this.#move(one);
      this.#inProgress.delete(one);
    }
  }

  #move(now: New): void {
    const { name, isDirectory, status } = now;
    const parent = now.parent!.source!;
    const { source } = now;
    const isNew = source === undefined;
    if (isNew || source.parent !== parent || source.name !== name) {
      const isReplaced = this.#makeRoom(parent, now);
      if (isNew) {
        const created = node(name, parent, status, isDirectory, undefined);
        created.target = now;
        now.source = created;
        parent.children.set(name, created);
        this.#changes.created(pathOf(created), isDirectory);
      } else this.#rename(source, parent, name, isReplaced);
    }
    now.isPlaced = true;
    if (now.change === "modified") this.#changes.modified(pathOf(now.source!));
    else if (now.change === "replaced") this.#changes.replaced(pathOf(now.source!));
  }

  /** Frees a name. @returns whether what is there is overwritten */
  #makeRoom(parent: Old, { name, source, isDirectory }: New): boolean {
    const other = parent.children.get(name);
    if (other === undefined) return false;
    if (other.target !== undefined) {
      this.#moveAway(other, parent);
      return false;
    }
    if (!isDirectory && !other.isDirectory && source !== undefined) {
      detach(other);
      return true;
    }
    this.#empty(other, parent);
    this.#remove(other);
    return false;
  }

  /** Moves an entry to its new place; or, if that is not free, to another name in a directory. */
  #moveAway(old: Old, directory: Old): void {
    const { parent, name } = old;
    if (this.#inProgress.size < MOST_IN_PROGRESS) this.#place(old.target!);
    if (old.parent !== parent || old.name !== name) return;
    let other = `${name}~`;
    while (isTaken(directory, other)) other += "~";
    this.#rename(old, directory, other, false);
  }

  /** Moves what does not go with a directory out of it. */
  #empty(directory: Old, place: Old): void {
    const rest = [...directory.children.values()];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (!isWithin(next, directory)) continue;
      if (next.target !== undefined) this.#moveAway(next, place);
      else rest.push(...next.children.values());
    }
  }

  #rename(old: Old, parent: Old, name: string, isReplaced: boolean): void {
    const from = pathOf(old);
    detach(old);
    old.parent = parent;
    old.name = name;
    parent.children.set(name, old);
    this.#changes.renamed(from, pathOf(old), old.isDirectory, isReplaced);
  }

  #remove(old: Old): void {
    this.#changes.removed(pathOf(old), old.isDirectory);
    detach(old);
  }
}

function node(
  name: string,
  parent: Old | undefined,
  status: Status,
  isDirectory: boolean,
  content: Content | undefined,
): Old {
  const children = new Map<string, Old>();
  return { name, parent, status, isDirectory, content, children, target: undefined };
}

function detach(old: Old): void {
  if (old.parent?.children.get(old.name) === old) old.parent.children.delete(old.name);
  old.parent = undefined;
}

/** Whether a name may be taken in a directory, before or after. */
function isTaken({ children, content, target }: Old, name: string): boolean {
  return children.has(name) || (content?.entries.has(name) ?? false) ||
    (target?.content?.entries.has(name) ?? false);
}

function isWithin(old: Old, directory: Old): boolean {
  for (let one: Old | undefined = old; one !== undefined; one = one.parent) {
    if (one === directory) return true;
  }
  return false;
}

function pathOf({ name, parent }: Old): string {
  const names = [name];
  let top = parent;
  for (; top?.parent !== undefined; top = top.parent) names.push(top.name);
  const path = names.reverse().join("/");
  return path.startsWith("//") ? path.slice(1) : path;
}
