/**
 * `Places`: the directories of trees, by path and by watch descriptor, and which are still to be scanned.
 *
 * @module
 */

/** A directory of a tree; or a path that is watched by itself. */
export interface Place {
  /** The path as it is printed: lossless text; that of a directory ends with a slash. */
  path: string;
  /** The directory that it is in, if that is watched too. */
  parent: Place | undefined;
  /** Its name in that directory, as lossless text. */
  name: string;
  /** The watch descriptor; `undefined` without a watch. */
  wd: number | undefined;
  /** The directories in it, by lossless name. */
  readonly children: Map<string, Place>;
  /** Whether it was created while its parent was watched: then its entries are reported as created. */
  readonly created: boolean;
}

/** Makes a place without a watch. Without a parent it is the root of a tree, or a path by itself. */
export function newPlace(path: string, parent?: Place, name = "", created = false): Place {
  return { path, parent, name, wd: undefined, children: new Map(), created };
}

/** A place and all below it; parents come before their children. */
export function* subtree(top: Place): Generator<Place> {
  yield top;
  for (const child of top.children.values()) yield* subtree(child);
}

/** Whether a directory of a tree is left out. @param directory ends with a slash */
export type Prune = (directory: string) => boolean;

/** All places that are watched, or about to be. */
export class Places {
  #watched = new Map<number, Place>();
  readonly #scheduled = new Set<Place>();
  /** A second place where a directory was found: it may have moved there, and the event still be queued. */
  readonly #aliases = new Map<Place, Place>();
  readonly #prune: Prune;
  readonly #rmWatch: (wd: number) => void;

  /**
   * @param prune which directories are left out
   * @param rmWatch ends a watch; it may have ended already
   */
  constructor(prune: Prune, rmWatch: (wd: number) => void) {
    this.#prune = prune;
    this.#rmWatch = rmWatch;
  }

  /** Those with a watch, by its descriptor. */
  get watched(): ReadonlyMap<number, Place> {
    return this.#watched;
  }

  /** Gives a place its watch. */
  watch(place: Place, wd: number): void {
    place.wd = wd;
    this.#watched.set(wd, place);
  }

  /** Removes a watch that has ended. */
  end(wd: number): void {
    const place = this.#watched.get(wd);
    if (place === undefined) return;
    this.#watched.delete(wd);
    this.#aliases.delete(place);
    place.wd = undefined;
  }

  /** Ends the watch of a place. */
  release(place: Place): void {
    if (place.wd === undefined) return;
    const alias = this.#aliases.get(place);
    if (alias !== undefined) this.#scheduled.add(alias);
    this.#rmWatch(place.wd);
    this.end(place.wd);
  }

  /** Puts a place on the list of those to scan. */
  schedule(place: Place): void {
    this.#scheduled.add(place);
  }

  /** Takes the places to scan that are still in a tree. */
  takeScheduled(): Place[] {
    const places = [...this.#scheduled].filter(isAttached);
    this.#scheduled.clear();
    return places;
  }

  /** Adds a place for a directory that has come to a name, and schedules it, unless it is left out. */
  appear(parent: Place, name: string, created: boolean): void {
    this.detach(parent, name);
    const child = this.add(parent, name, created);
    if (child !== undefined) this.#scheduled.add(child);
  }

  /** Adds a place. @returns it; `undefined` if it is left out */
  add(parent: Place, name: string, created: boolean): Place | undefined {
    const path = `${parent.path}${name}/`;
    if (this.#prune(path)) return undefined;
    const child = newPlace(path, parent, name, created);
    parent.children.set(name, child);
    return child;
  }

  /** Takes a name away from the place that has it, which keeps its watch. @returns that place */
  detach(parent: Place, name: string): Place | undefined {
    const child = parent.children.get(name);
    parent.children.delete(name);
    if (child !== undefined) this.#scheduled.delete(child);
    return child;
  }

  /** Puts a detached place at another name. @returns `false` if it is left out there */
  attach(top: Place, parent: Place, name: string): boolean {
    if (this.#prune(`${parent.path}${name}/`)) return false;
    top.parent = parent;
    top.name = name;
    parent.children.set(name, top);
    for (const place of subtree(top)) {
      place.path = `${place.parent!.path}${place.name}/`;
      if (place.wd === undefined) this.#scheduled.add(place);
    }
    return true;
  }

  /** Ends the watches of a detached place and of all places below it. */
  discard(top: Place): void {
    for (const place of subtree(top)) {
      this.#scheduled.delete(place);
      this.release(place);
    }
  }

  /**
   * Gives a place its watch, unless the directory there is known at another place.
   *
   * @param wd the watch of the directory
   * @returns whether the directory is new
   */
  claim(place: Place, wd: number): boolean {
    const known = this.#watched.get(wd);
    if (known === undefined) {
      this.watch(place, wd);
      return true;
    }
    const { parent, name, path } = place;
    if (known === place || parent === undefined) return false;
    if (known.parent === undefined ? known.path !== path : isAttached(known)) {
      this.#aliases.set(known, place);
    } else {
      this.attach(known, parent, name);
    }
    return false;
  }

  /** Removes all watches except for those of some places. @returns what was watched before */
  clear(except: (place: Place) => boolean): ReadonlyMap<number, Place> {
    const before = this.#watched;
    this.#watched = new Map([...before].filter(([, place]) => except(place)));
    this.#scheduled.clear();
    this.#aliases.clear();
    return before;
  }
}

/** Whether a root leads to a place. */
function isAttached(place: Place): boolean {
  for (let at = place; at.parent !== undefined; at = at.parent) {
    if (at.parent.children.get(at.name) !== at) return false;
  }
  return true;
}
