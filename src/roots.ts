/**
 * The paths that are tracked. One that a tree of another one has in it is part of that tree, and
 * followed no longer; when the tree loses it, it is followed again.
 *
 * @module
 */

import type { Route, Target } from "./route.ts";
import { Directory, type Entry } from "./tree.ts";

/** A path that is tracked, whatever it leads to. */
export interface Root {
  readonly path: string;
  /** Follows the path; `undefined` while it is part of another root's tree. */
  route: Route | undefined;
  /** Whether the path has been said to be there. Of a link the tree it is in says so, too. */
  said: boolean;
  /** What the path led to when it was last looked at. */
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

/** Any number of roots, by path. */
export class Roots {
  readonly #roots = new Map<string, Root>();
  /** Mostly none is, and nothing has to be looked up. */
  #nested = false;

  /** The root of a path. */
  get(path: string): Root | undefined {
    return this.#roots.get(path);
  }

  /** Adds a root, or takes its place. */
  set(root: Root): void {
    this.#roots.set(root.path, root);
    this.#update();
  }

  /** Removes the root of a path. */
  delete(path: string): void {
    this.#roots.delete(path);
    this.#update();
  }

  /** Removes them all. */
  clear(): void {
    this.#roots.clear();
    this.#update();
  }

  /** All roots; what is added or removed meanwhile may be among them. */
  [Symbol.iterator](): IterableIterator<Root> {
    return this.#roots.values();
  }

  /** Whether a path is below one that leads to a directory. */
  isBelowTree(path: string): boolean {
    return ancestors(path).some((above) => this.#roots.get(above)?.directory !== undefined);
  }

  /** Whether a root's path is below another one's. */
  get nested(): boolean {
    return this.#nested;
  }

  /** The root of a path that is below another one, if it is followed. */
  followed(path: string): Root | undefined {
    const root = this.#nested ? this.#roots.get(path) : undefined;
    return root?.route && root;
  }

  /** The roots at or below a path, if any is below another one. */
  within(path: string): Root[] {
    if (!this.#nested) return [];
    const start = path === "/" ? path : `${path}/`;
    return [...this].filter((root) => root.path === path || root.path.startsWith(start));
  }

  /** Where in a tree a path is, if it is in one. */
  find(path: string): Place | undefined {
    if (!this.#nested) return undefined;
    for (const above of ancestors(path)) {
      const top = this.#roots.get(above)?.directory;
      const place = top && find(top, path.slice(above === "/" ? 1 : above.length + 1).split("/"));
      if (place !== undefined) return place;
    }
    return undefined;
  }

  #update(): void {
    this.#nested = [...this.#roots.keys()].some((path) =>
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
