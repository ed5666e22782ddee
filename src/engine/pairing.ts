/**
 * Finds what becomes of each entry between two pictures.
 *
 * Only what differs gets a node. An entry is the same in both if it has the same identity, at whatever path. One that
 * has another identity at the same path took the other's place, unless either is elsewhere in the other picture.
 *
 * @module
 */

import type { Content } from "./picture.ts";
import type { Status, Statuses } from "./statuses.ts";

/** An entry as reported so far: at first as in the old picture, at last as in the new one. */
export interface Old {
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
export interface New {
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

/** What an entry keeps when it is renamed, and no other one has; `undefined` if that is not known. */
export type Identity = (statuses: Statuses, status: Status) => string | undefined;

/** Whether a directory may be renamed; if not, it is removed and created. */
export type MayMove = (from: string, path: string) => boolean;

/** Finds what becomes of each entry. */
export class Pairing {
  readonly olds: Old[] = [];
  readonly news: New[] = [];
  readonly before: Statuses;
  readonly now: Statuses;

  constructor(before: Statuses, now: Statuses) {
    this.before = before;
    this.now = now;
  }

  pair(
    before: Content,
    now: Content,
    identity: Identity | undefined,
    mayMove: MayMove | undefined,
  ): void {
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
    if (identity !== undefined) this.#pairByIdentity(identity, mayMove);
    this.#pairByPath();
    for (const one of this.news) one.change = this.#changeOf(one);
  }

  #changeOf({ status, source, name, parent, isDirectory }: New): New["change"] {
    if (source === undefined || isDirectory) return "none";
    if (!this.before.isSame(source.status, this.now, status)) return "replaced";
    const isMoved = source.name !== name || source.parent!.target !== parent;
    return this.before.mayDiffer(source.status, this.now, status, isMoved) ? "modified" : "none";
  }

  /** Compares what is in a directory that is the same in both, and listed in both. */
  #compare(top: Old, newTop: New): void {
    const rest: [Old, New][] = [[top, newTop]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [old, now] = next;
      const [before, { entries, directories }] = [old.content!, now.content!];
      for (const [name, status] of before.entries) {
        if (!entries.has(name)) this.#addOld(old, name, status);
      }
      for (const [name, status] of entries) {
        const was = before.entries.get(name);
        if (was === undefined) this.#addNew(now, name, status);
        else if (!this.#isSame(was, status)) {
          this.#addOld(old, name, was);
          this.#addNew(now, name, status);
        } else if (!this.now.isDirectory(status)) {
          if (!this.before.mayDiffer(was, this.now, status, false)) continue;
          this.#stay(old, now, name, was, status);
        } else if (before.directories.has(name) && directories.has(name)) {
          rest.push(this.#stay(old, now, name, was, status));
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

  #pairByIdentity(identityOf: Identity, mayMove: MayMove | undefined): void {
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
        const isSame = (old: Old) =>
          old.isDirectory === isDirectory && !isUnseen(old) &&
          (!isDirectory || mayMove === undefined || mayMove(pathOf(old), pathOf(now)));
        const at = same?.findIndex(isSame) ?? -1;
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

/** The path of an entry. */
export function pathOf({ name, parent }: Old | New): string {
  const names = [name];
  let top = parent;
  for (; top?.parent !== undefined; top = top.parent) names.push(top.name);
  const path = names.reverse().join("/");
  return path.startsWith("//") ? path.slice(1) : path;
}

/** A node of the old picture; or of an entry that was reported as created. */
export function node(
  name: string,
  parent: Old | undefined,
  status: Status,
  isDirectory: boolean,
  content: Content | undefined,
): Old {
  const children = new Map<string, Old>();
  return { name, parent, status, isDirectory, content, children, target: undefined };
}
