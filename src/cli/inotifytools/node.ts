/**
 * The directories of a tree, as it is known.
 *
 * @module
 */

/** Something that is watched, or about to be. */
export interface Node {
  /** As it is told: lossless text; that of a directory ends with a slash. */
  path: string;
  /** The directory that it is in, if that is watched. */
  parent: Node | undefined;
  /** Its name there, lossless text. */
  name: string;
  /** The watch descriptor, while it is watched. */
  wd: number | undefined;
  /** The directories in it. */
  readonly children: Map<string, Node>;
  /** Whether it was made while its parent was watched, so that all in it is news. */
  readonly created: boolean;
}

/** Makes one that is not watched yet; without a parent it is the top of a tree, or no directory. */
export function newNode(path: string, parent?: Node, name = "", created = false): Node {
  return { path, parent, name, wd: undefined, children: new Map(), created };
}

/** Whether a root leads to it. */
export function isAttached(node: Node): boolean {
  for (let at = node; at.parent !== undefined; at = at.parent) {
    if (at.parent.children.get(at.name) !== at) return false;
  }
  return true;
}

/** Whether it is, or was when it was last heard of, in a directory; or that itself. */
export function isWithin(node: Node, top: Node): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
    if (at === top) return true;
  }
  return false;
}

/** A directory and all below it, from the top down. */
export function* subtree(top: Node): Generator<Node> {
  yield top;
  for (const child of top.children.values()) yield* subtree(child);
}
