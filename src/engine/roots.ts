/**
 * The paths that are tracked, wherever they lead.
 *
 * A root is followed by itself, or it is part of a tree: that of another root, whose path is above. When
 * a tree comes to the path of a root, it takes it in; when it loses it, the root is followed again.
 *
 * A followed root sees the disk as it is, and a tree as it was at the tree's last event. What is told of
 * the two is kept apart by {@link Root.said}: what a root has said below a path that goes is said again.
 *
 * @module
 */

import type { Tops } from "./loss.ts";
import type { Entries, Wanted } from "./entries.ts";
import { entryEvent, type EntryKind } from "./event.ts";
import { changedSince } from "./change_time.ts";
import { readLink } from "../kernel/files.ts";
import type { Instance } from "./instance.ts";
import { IN_UNMOUNT } from "../kernel/mask.ts";
import { PathWatch, type Target } from "./path_watch.ts";
import type { ScanFailure } from "./scan.ts";
import { Directory, type Entry } from "./directory.ts";

/** What is tracked. */
export interface Scope extends Wanted {
  /** Whether directories below the roots are. */
  readonly recursive: boolean;
  /** Whether directories that symbolic links lead to are. */
  readonly followSymlinks: boolean;
  /** Whether what is there in the beginning is said. */
  readonly initial: boolean;
  /** Whether a path is known, with all that is below, as soon as it is added. */
  readonly blocking: boolean;
}

/** What is done with roots that are directories; and with what there is to report. */
export interface Trees {
  /** The file system of a root is unmounted. */
  unmounted(path: string): void;
  /** Says that a root cannot be watched. */
  uncovered(path: string, failure: ScanFailure): void;
  /** A directory is to be known, with all that is below. */
  plant(directory: Directory): void;
  /** A directory is to be given up, with all that is below. */
  drop(directory: Directory): void;
  /** The way to a directory has changed, and may have led elsewhere for a moment. */
  shaken(directory: Directory): void;
}

/** A path that is tracked. */
export interface Root {
  readonly path: string;
  /** Whether it is still to be begun with. */
  isNew: boolean;
  /** Follows the path; `undefined` while it is part of another root's tree. */
  route: PathWatch | undefined;
  /** Whether the path has been said to be there. Of a link, the tree that it is in says so, too. */
  said: boolean;
  /** What the path led to when it was last looked at. */
  target: Target | undefined;
  /** The tree, if that is a directory. */
  directory: Directory | undefined;
}

/** Any number of roots. */
export class Roots {
  readonly #instance: Instance;
  readonly #scope: Scope;
  readonly #entries: Entries;
  readonly #trees: Trees;
  readonly #roots = new Map<string, Root>();
  /** Whether a path is below another one. Mostly none is, and nothing has to be looked up. */
  #nested = false;

  /** Whether a path is below another one. */
  get isNested(): boolean {
    return this.#nested;
  }

  constructor(instance: Instance, scope: Scope, entries: Entries, trees: Trees) {
    this.#instance = instance;
    this.#scope = scope;
    this.#entries = entries;
    this.#trees = trees;
  }

  /** All roots; what is added or removed meanwhile may be among them. */
  [Symbol.iterator](): IterableIterator<Root> {
    return this.#roots.values();
  }

  /**
   * Adds a path, once.
   *
   * @param growing whether trees are being set up: if one is above, it may turn out to have the path in it
   */
  add(path: string, growing: boolean): void {
    if (this.#roots.has(path)) return;
    const root: Root = {
      path,
      isNew: true,
      route: undefined,
      said: false,
      target: undefined,
      directory: undefined,
    };
    this.#roots.set(path, root);
    this.#update();
    if (growing && ancestors(path).some((above) => this.#roots.get(above)?.directory)) return;
    this.#begin(root);
  }

  /** Begins with the roots that no tree has turned out to have in it. */
  beginRest(): void {
    for (const root of this.#within("/")) this.#begin(root);
  }

  /** Removes a path, with all that is known of it, but for what other roots need. */
  remove(path: string): void {
    const root = this.#roots.get(path);
    if (root === undefined) return;
    const { route, directory } = root;
    if (directory !== undefined) {
      for (const inner of this.#within(path)) this.#takeOut(inner, directory);
    }
    this.#roots.delete(path);
    this.#entries.forgetRoot(path);
    this.#update();
    route?.close();
    if (directory !== undefined) this.#trees.drop(directory);
  }

  /** The roots that are followed, as they are reported. */
  known(): Tops {
    const known: Tops = new Map();
    for (const { path, route, said, directory } of this) {
      if (route !== undefined) known.set(path, said ? directory ?? false : undefined);
    }
    return known;
  }

  /** Gives up all watches of roots themselves. */
  close(): void {
    for (const { route } of this.#roots.values()) route?.close();
    this.#roots.clear();
    this.#nested = false;
  }

  /** Sees where the path of a root leads now. */
  look(root: Root, first: boolean = false): void {
    if (root.route === undefined) return;
    const { path, target: before } = root;
    const target = root.target = root.route.look();
    const { directory } = root;
    if (directory !== undefined) {
      if (target?.isDirectory && target.wd === before?.wd) return;
      root.directory = undefined;
      this.#trees.drop(directory);
      this.#leadsElsewhere(root, true);
    } else if (before !== undefined && before.wd >= 0) {
      if (target !== undefined && target.wd >= 0 && !target.isDirectory) {
        if (target.wd !== before.wd) this.#entries.replaced(undefined, path);
        return;
      }
      this.#leadsElsewhere(root, false);
    }
    const kind = !first ? "create" : this.#scope.initial ? "exists" : "";
    if (target === undefined || target.wd < 0) {
      if (!root.said && this.#find(path)?.entry === false) this.#sayThere(root, kind, false);
      if (target !== undefined && target.wd !== before?.wd) {
        this.#trees.uncovered(path, { errno: -target.wd, syscall: "inotify_add_watch" });
      }
      return;
    }
    if (root.said && !first && (before === undefined || before.wd < 0)) {
      // It was a link that leads nowhere.
      if (!target.isDirectory) return this.#entries.replaced(undefined, path);
      this.#leadsElsewhere(root, false);
    }
    const planted = target.isDirectory ? new Directory(path) : undefined;
    root.directory = planted;
    if (planted) planted.initial = first;
    if (!root.said) this.#sayThere(root, kind, planted ?? false);
    else if (first) this.#entries.addRoot(path, planted ?? false, "");
    if (planted && planted === root.directory) this.#trees.plant(planted);
  }

  /** Sees where the path of a root leads after events were lost. @param since when that began */
  resync(root: Root, since: number): void {
    const { path, target: before } = root;
    this.look(root);
    const { target } = root;
    if (target === undefined || target.wd < 0 || target.wd !== before?.wd) return;
    if (changedSince(this.#instance.libc, since)(path, true)) {
      this.#entries.mayHaveChanged(undefined, path, target.isDirectory);
    }
  }

  // What the trees tell

  /** The paths above one that are roots, if some root is below another one. */
  above(path: string): string[] {
    return this.#nested ? ancestors(path).filter((above) => this.#roots.has(above)) : [];
  }

  /** Whether a root itself tells of what happens to a path that a tree has in it. */
  isFollowed(path: string): boolean {
    return this.#followed(path) !== undefined;
  }

  /** Whether roots at a path or below are followed, of those that are below others. */
  hasFollowed(directory: Directory, name?: string): boolean {
    if (!this.#nested) return false;
    const path = name === undefined ? directory.path : directory.pathOf(name);
    return this.#within(path).some(({ route }) => route !== undefined);
  }

  /**
   * A tree has found an entry.
   *
   * @param kind what is said of it, if anything
   * @returns whether that is a root's, and said, and known
   */
  found(
    parent: Directory,
    name: string,
    path: string,
    isDirectory: boolean,
    kind: EntryKind | "",
  ): boolean {
    const root = this.#nested ? this.#roots.get(path) : undefined;
    if (root === undefined) return false;
    if (isDirectory ? this.#scope.recursive : !this.#isLink(path)) {
      return root.route !== undefined && this.#takeIn(root, parent, name, isDirectory);
    }
    root.isNew = false;
    if (root.route === undefined) this.#follow(root);
    this.#entries.moveIn(parent, name, isDirectory);
    if (!root.said) this.look(root, kind !== "create");
    if (!root.said) this.#sayThere(root, kind, isDirectory);
    return true;
  }

  /** An entry is no longer in its tree. */
  removed(path: string, isDirectory: boolean): void {
    const root = this.#followed(path);
    if (root?.said ?? true) this.#sayRemoved(path, isDirectory || root?.directory !== undefined);
  }

  /** What a tree has at a path is another entry, or none, and nobody has said that it was removed. */
  changed(path: string): void {
    for (const root of this.#within(path)) this.#resume(root);
  }

  // Into trees, and out of them

  #begin(root: Root): void {
    const { isNew } = root;
    root.isNew = false;
    if (root.route !== undefined || this.#isInTree(root.path)) return;
    this.#follow(root);
    this.look(root, isNew);
  }

  #follow(root: Root): void {
    const { path } = root;
    root.said = this.#find(path) !== undefined;
    root.route = new PathWatch(this.#instance, path, this.#scope.content, {
      moved: () => {
        if (root.directory !== undefined) this.#trees.shaken(root.directory);
        this.look(root);
      },
      touched: (mask) => {
        if (mask & IN_UNMOUNT) this.#trees.unmounted(path);
        // Else it is of a file that the path has led to for a moment, unseen.
        else if (root.said) this.#entries.content(undefined, path, mask, false);
      },
    });
  }

  /** A tree has come to a root. @returns whether what is there is known */
  #takeIn(root: Root, parent: Directory, name: string, isDirectory: boolean): boolean {
    const { path, route, said, target, directory } = root;
    route?.close();
    root.route = root.target = root.directory = undefined;
    if (!said) return false;
    if (target !== undefined && isDirectory === (directory !== undefined)) {
      this.#entries.moveIn(parent, name, directory ?? false);
      directory?.moveTo(parent, name);
      return true;
    }
    if (directory !== undefined) this.#trees.drop(directory);
    this.#entries.report(entryEvent("remove", path, directory !== undefined));
    return false;
  }

  /** A tree that a root may be part of comes to its end: the root stays. */
  #takeOut(root: Root, tree: Directory): void {
    const place = this.#find(root.path);
    if (root.route !== undefined || place !== undefined && place.parent.root !== tree) return;
    this.#follow(root);
    if (place === undefined) return this.look(root, root.isNew);
    const { parent, name, entry } = place;
    this.#entries.moveOut(parent, name, root.path);
    parent.entries.delete(name);
    const directory = entry instanceof Directory ? entry : undefined;
    const target = root.target = root.route!.look();
    if (target && (target.isDirectory ? target.wd === directory?.wd : directory === undefined)) {
      directory?.moveTo(undefined, root.path);
      root.directory = directory;
      // Its scan was to come after that of the directory above.
      if (directory?.isExact === false) this.#trees.plant(directory);
      return;
    }
    if (directory !== undefined) this.#trees.drop(directory);
    root.target = undefined;
    root.said = false;
    this.#entries.report(entryEvent("remove", root.path, directory !== undefined));
    this.look(root);
  }

  /** Looks again at a root of which nothing is known, unless it is in a tree. */
  #resume(root: Root): void {
    if (root.route === undefined) {
      if (this.#isInTree(root.path)) return;
      this.#follow(root);
    }
    this.look(root);
  }

  // What is said

  #sayThere(root: Root, kind: EntryKind | "", entry: Entry): void {
    root.said = true;
    this.#entries.addRoot(root.path, entry, kind);
  }

  /** Says that a path is gone, and everything below: also what roots there have said, which they say again. */
  #sayRemoved(path: string, isDirectory: boolean, by?: Root): void {
    const roots = this.#within(path).filter((root) => root !== by);
    for (const root of roots) {
      if (root.directory !== undefined) this.#trees.drop(root.directory);
      root.said = false;
      root.target = root.directory = undefined;
    }
    this.#entries.report(entryEvent("remove", path, isDirectory));
    for (const root of roots) this.#resume(root);
  }

  /** Says that nothing is left of what a root was. */
  #leadsElsewhere(root: Root, isDirectory: boolean): void {
    root.said = false;
    this.#sayRemoved(root.path, isDirectory, root);
  }

  // What is where

  /** The root of a path that is below another one, if it is followed. */
  #followed(path: string): Root | undefined {
    const root = this.#nested ? this.#roots.get(path) : undefined;
    return root?.route && root;
  }

  /** The roots at a path or below, if any is below another one. */
  #within(path: string): Root[] {
    if (!this.#nested) return [];
    const start = path === "/" ? path : `${path}/`;
    return [...this].filter((root) => root.path === path || root.path.startsWith(start));
  }

  /** Whether a tree tells of all that happens at a path, and below. */
  #isInTree(path: string): boolean {
    const entry = this.#find(path)?.entry;
    return entry instanceof Directory || entry === false && !this.#isLink(path);
  }

  #isLink(path: string): boolean {
    return typeof readLink(this.#instance.libc, path) === "string";
  }

  /** Where in a tree a path is, if it is in one. */
  #find(path: string): Place | undefined {
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

/** Where an entry is in a tree. */
interface Place {
  readonly parent: Directory;
  readonly name: string;
  readonly entry: Entry;
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
