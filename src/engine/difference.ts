/**
 * The difference of two pictures, as changes that lead from one to the other when they are applied in order.
 *
 * @module
 */

import {
  type Identity,
  type MayMove,
  type New,
  node,
  type Old,
  Pairing,
  pathOf,
} from "./pairing.ts";
import { Content, type Picture } from "./picture.ts";
import { ancestors } from "./root_map.ts";

/** How many moves may wait for one another. More are reported as a circle is, by way of another name. */
const MOST_IN_PROGRESS = 500;

/** Takes the changes that lead from one picture to another, in order. Paths are lossless text. */
export interface Changes {
  /** An entry is new; what is in a directory follows. */
  created(path: string, isDirectory: boolean): void;
  /** An entry is gone, a directory with all in it. */
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
 * @param mayMove whether a directory may be renamed; without, each may
 */
export function difference(
  before: Picture,
  now: Picture,
  identity: Identity | undefined,
  changes: Changes,
  mayMove?: MayMove,
): void {
  before.nest();
  now.nest();
  const pairing = new Pairing(before.statuses, now.statuses);
  pairing.pair(...common(before, now), identity, mayMove);
  new Report(pairing, changes).all();
}

/** What both pictures have, as two directories whose entries have absolute paths for names. */
function common(before: Picture, now: Picture): [before: Content, now: Content] {
  const paths = new Set<string>();
  const all = new Set([...pathsOf(before), ...pathsOf(now)]);
  for (const path of [...all].sort((a, b) => a.length - b.length)) {
    if (before.find(path) === undefined || now.find(path) === undefined) continue;
    // What was, or is, in another one's directories and not by itself, is compared there.
    const isElsewhere = before.missing.has(path) && isNested(now, path) ||
      now.missing.has(path) && isNested(before, path);
    if (!isElsewhere || !ancestors(path).some((above) => paths.has(above))) paths.add(path);
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

function isNested({ roots, missing }: Picture, path: string): boolean {
  return !roots.entries.has(path) && !missing.has(path);
}

function pathsOf({ roots, missing }: Picture): string[] {
  return [...roots.entries.keys(), ...missing];
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
