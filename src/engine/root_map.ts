/**
 * The roots of a watcher by path, and what is above and below each.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { readLink } from "../kernel/files.ts";
import { Directory, type Entry } from "./directory.ts";
import type { PathWatch, Target } from "./path_watch.ts";

/** A path that is watched. */
export interface Root {
  readonly path: string;
  /** Whether it was added, and not looked at yet. */
  isNew: boolean;
  /** Follows the path; `undefined` while it is part of another root's tree. */
  watch: PathWatch | undefined;
  /** Whether the path is reported to be there. Of a link, the tree that it is in reports it, too. */
  isReported: boolean;
  /** What the path led to when it was last resolved. */
  target: Target | undefined;
  /** The tree, if that is a directory. */
  directory: Directory | undefined;
}

/** Where an entry is in a tree. */
export interface Place {
  readonly parent: Directory;
  readonly name: string;
  readonly entry: Entry;
}

/** Any number of roots. */
export class RootMap {
  readonly #libc: Libc;
  readonly #roots = new Map<string, Root>();
  /** Mostly no path is below another one, and nothing has to be looked up. */
  #isNested = false;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** All roots; what is added or removed meanwhile may be among them. */
  [Symbol.iterator](): IterableIterator<Root> {
    return this.#roots.values();
  }

  /** Whether a root is below another one. */
  get isNested(): boolean {
    return this.#isNested;
  }

  /** The root of a path. */
  get(path: string): Root | undefined {
    return this.#roots.get(path);
  }

  /** The root of a path, if some root is below another one. */
  nested(path: string): Root | undefined {
    return this.#isNested ? this.#roots.get(path) : undefined;
  }

  /** Adds a root. */
  add(path: string): Root {
    const root: Root = {
      path,
      isNew: true,
      watch: undefined,
      isReported: false,
      target: undefined,
      directory: undefined,
    };
    this.#roots.set(path, root);
    this.#update();
    return root;
  }

  /** Removes a root. */
  delete(path: string): void {
    this.#roots.delete(path);
    this.#update();
  }

  /** Removes all roots. */
  clear(): void {
    this.#roots.clear();
    this.#isNested = false;
  }

  /** The roots above a path, if some root is below another one; from the top down. */
  *above(path: string): Generator<Root> {
    if (!this.#isNested) return;
    for (const one of ancestors(path)) {
      const root = this.#roots.get(one);
      if (root !== undefined) yield root;
    }
  }

  /** The roots at a path and below, if some root is below another one. */
  within(path: string): Root[] {
    if (!this.#isNested) return [];
    const start = path === "/" ? path : `${path}/`;
    return [...this].filter((root) => root.path === path || root.path.startsWith(start));
  }

  /** Where in the tree of a root above it a path is, if it is in one. */
  place(path: string): Place | undefined {
    for (const { path: above, directory } of this.above(path)) {
      const names = path.slice(above === "/" ? 1 : above.length + 1).split("/");
      const place = directory && find(directory, names);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Whether the tree of a root above it reports all that happens at a path, and below. */
  isInTree(path: string): boolean {
    const entry = this.place(path)?.entry;
    return entry instanceof Directory || entry === false && !this.isLink(path);
  }

  /** Whether a symbolic link is at a path. */
  isLink(path: string): boolean {
    return typeof readLink(this.#libc, path) === "string";
  }

  #update(): void {
    this.#isNested = [...this.#roots.keys()].some((path) =>
      ancestors(path).some((above) => this.#roots.has(above))
    );
  }
}

/** The paths above an absolute path, from the root directory down. */
function ancestors(path: string): string[] {
  const above: string[] = [];
  for (let end = path.indexOf("/", 1); end !== -1; end = path.indexOf("/", end + 1)) {
    above.push(path.slice(0, end));
  }
  return path === "/" ? [] : ["/", ...above];
}

function find(directory: Directory, names: readonly string[]): Place | undefined {
  let parent = directory;
  for (const name of names.slice(0, -1)) {
    const entry = parent.entries.get(name);
    if (!(entry instanceof Directory)) return undefined;
    parent = entry;
  }
  const name = names[names.length - 1];
  const entry = parent.entries.get(name);
  return entry === undefined ? undefined : { parent, name, entry };
}
