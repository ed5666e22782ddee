/**
 * The paths that are watched, wherever they lead.
 *
 * A root is followed by itself, or it is part of another root's tree; see overlap.ts. A followed root sees
 * the disk as it is, and a tree as it was at the tree's last event. What the two report is kept apart by
 * {@link Root.isReported}: what was reported below a path that is removed is reported again.
 *
 * Following a root and reporting it are one file, longer than 300 lines, since what is reported next depends on both.
 *
 * @module
 */

import { IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF, IN_MOVED_FROM } from "../kernel/mask.ts";
import { awaySince, changedSince } from "./change_time.ts";
import { Directory, type Entry } from "./directory.ts";
import { isExact } from "./directory_state.ts";
import type { Entries } from "./entries.ts";
import { entryEvent, type EntryKind } from "./event.ts";
import { unwatchable } from "./failures.ts";
import type { Instance } from "./instance.ts";
import type { Levels } from "./levels.ts";
import type { Member } from "./member.ts";
import { removals, type Tops } from "./loss.ts";
import { PathWatch } from "./path_watch.ts";
import { known, type Place, type Root, type RootMap } from "./root_map.ts";
import type { Scanner } from "./scanner.ts";
import type { Scope } from "./scope.ts";
import { Way } from "./way.ts";

/** After these events of a name, or of a directory, on its way a path leads nowhere. */
const AWAY = IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF;

/** Follows roots, and reports what they lead to. */
export class Roots {
  readonly #instance: Instance;
  readonly #member: Member;
  readonly #scope: Scope;
  readonly #map: RootMap;
  readonly #entries: Entries;
  readonly #scanner: Scanner;
  readonly #levels: Levels;

  constructor(
    instance: Instance,
    member: Member,
    scope: Scope,
    map: RootMap,
    entries: Entries,
    scanner: Scanner,
    levels: Levels,
  ) {
    this.#instance = instance;
    this.#member = member;
    this.#scope = scope;
    this.#map = map;
    this.#entries = entries;
    this.#scanner = scanner;
    this.#levels = levels;
  }

  /**
   * Adds a path, once.
   *
   * @param growing whether trees are being set up: if one is above, it may turn out to have the path in it
   */
  add(path: string, growing: boolean): void {
    if (this.#map.get(path) !== undefined) return;
    const root = this.#map.add(path);
    const isBelowTree = [...this.#map.above(path)].some(({ directory }) => directory !== undefined);
    if (!growing || !isBelowTree) this.#begin(root);
  }

  /** Begins with the roots that no tree turned out to have in it. */
  beginRest(): void {
    for (const root of this.#map.within("/")) this.#begin(root);
  }

  /** Removes a path, with all that is known of it. */
  remove(root: Root): void {
    this.#map.delete(root.path);
    this.#entries.forgetRoot(root.path);
    root.watch?.close();
    if (root.directory !== undefined) this.#scanner.discard(root.directory);
  }

  /** The followed roots, as they are reported. */
  known(): Tops {
    return known(this.#map);
  }

  /** Releases all watches. */
  close(): void {
    for (const { watch, directory } of this.#map) {
      watch?.close();
      if (directory !== undefined) this.#scanner.releaseAll(directory);
    }
    this.#map.clear();
  }

  /** Resolves where the path of a root leads now. */
  look(root: Root, first: boolean = false): void {
    if (root.watch === undefined || !this.#map.has(root)) return;
    const { path, target: before, directory } = root;
    const target = root.target = root.watch.look();
    if (directory !== undefined) {
      if (target?.isDirectory && target.wd === before?.wd) return;
      root.directory = undefined;
      this.#scanner.discard(directory);
      this.#leadsElsewhere(root, true);
    } else if (before !== undefined && before.wd >= 0) {
      if (target !== undefined && target.wd >= 0 && !target.isDirectory) {
        if (target.wd !== before.wd) this.replaced(root);
        return;
      }
      this.#leadsElsewhere(root, false);
    }
    const kind = !first ? "create" : this.#scope.initial ? "exists" : "";
    if (target === undefined || target.wd < 0) {
      const place = this.#map.place(path);
      if (!root.isReported) {
        if (place?.entry === false && this.#map.isFollowedLink(path)) {
          this.appeared(root, kind, false);
        }
      } else if (place === undefined && target === undefined && !this.#map.isFollowedLink(path)) {
        // A tree that has ended reported it as a link that leads nowhere.
        this.#leadsElsewhere(root, false);
      }
      if (target !== undefined && target.wd !== before?.wd) {
        const failure = { errno: -target.wd, syscall: "inotify_add_watch" };
        this.#entries.report(unwatchable(this.#instance.libc, path, failure));
      }
      return;
    }
    if (root.isReported && !first && (before === undefined || before.wd < 0)) {
      // It was a link that leads nowhere.
      if (!target.isDirectory) return this.replaced(root);
      this.#leadsElsewhere(root, false);
    }
    if (first && root.isReported && target.isDirectory && kind !== "") {
      // The tree that it is in reported it as a link.
      this.#leadsElsewhere(root, false);
    }
    if (!this.#map.has(root)) return; // it was removed in a report
    const tree = target.isDirectory ? new Directory(path, this.#member) : undefined;
    root.directory = tree;
    if (tree) tree.initial = first;
    if (!root.isReported) this.appeared(root, kind, tree ?? false);
    else if (first) this.#entries.addRoot(path, tree ?? false, "");
    if (tree && tree === root.directory) this.#scanner.rescan(tree);
  }

  /**
   * Resolves where the path of a root leads, on which mounts have come or gone.
   *
   * @param hasLeft whether one has gone, which hid what the path leads to
   */
  lookAtMount(root: Root, hasLeft: boolean): void {
    const { target, directory } = root;
    this.look(root);
    const isSame = root.target?.wd === target?.wd && root.directory === directory;
    if (hasLeft && isSame && target !== undefined && target.wd >= 0) this.#wasAway(root);
  }

  /** Resolves where the paths of all roots lead now. */
  lookAgain(): void {
    Way.doubt(this.#instance);
    for (const root of this.#map) this.look(root);
  }

  /** Resolves where the path of a root leads after events were lost. @param since when that began */
  resync(root: Root, since: number): void {
    const { path, target: before } = root;
    this.look(root);
    const { target } = root;
    if (target === undefined || target.wd < 0 || target.wd !== before?.wd) return;
    const { libc } = this.#instance;
    if (root.directory && awaySince(libc, since, undefined)(path)) root.directory.markOther();
    if (changedSince(libc, since)(path, this.#scope.followsRoots)) {
      this.#entries.mayHaveChanged(undefined, path, target.isDirectory);
    }
  }

  /** Follows a root. */
  follow(root: Root): void {
    const { path } = root;
    const place = this.#map.place(path);
    root.isReported = place !== undefined;
    root.lead = undefined;
    if (place !== undefined) this.#entries.moveOut(place.parent, place.name, path);
    const moved = (mask: number) => {
      const { target, directory } = root;
      if (directory !== undefined) this.#scanner.forgetMisses(directory);
      this.look(root);
      if (root.target?.wd !== target?.wd || root.directory !== directory) return;
      const wasThere = target !== undefined && target.wd >= 0;
      const isAway = root.lead === undefined && wasThere && mask & AWAY;
      if (root.lead?.is === "behind" || isAway) this.#wasAway(root);
    };
    const touched = (mask: number) => {
      // If not, it is of a file that the path led to for a moment, unseen.
      if (root.isReported) this.#entries.content(undefined, path, mask, false);
    };
    const { content, followsRoots } = this.#scope;
    root.watch = new PathWatch(this.#instance, path, content, moved, touched, followsRoots);
  }

  /** A path led elsewhere, and leads to the same again: whoever read it meanwhile found nothing, or another file. */
  #wasAway({ path, directory, isReported }: Root): void {
    if (!isReported) return;
    if (directory === undefined) return this.#entries.replaced(undefined, path);
    directory.markOther();
    this.#scanner.invalidateTree(directory);
    this.#scanner.schedule(directory);
  }

  /** Resolves a root again that is not reported, unless it is in a tree. */
  resume(root: Root): void {
    if (root.watch === undefined) {
      if (this.#isInTree(root.path)) return;
      const place = this.#map.place(root.path);
      this.follow(root);
      if (place?.entry instanceof Directory) return this.#takeOut(root, place, root.isNew);
    }
    this.look(root);
  }

  /**
   * A followed root becomes what a tree has reported at its path.
   *
   * @param first whether what the tree has not looked for in it was there in the beginning
   */
  takeOver(root: Root, { parent, entry }: Place, first: boolean = false): void {
    const directory = entry instanceof Directory ? entry : undefined;
    const target = root.target = root.watch!.look();
    const isInParent = root.watch!.passes(parent.wd);
    // It has no watch before its scan, and if it is entered by another path.
    const isSame = target?.isDirectory
      ? target.wd === directory?.wd || directory?.wd === -1 && target.wd >= 0
      : target !== undefined && directory === undefined && (target.wd >= 0 || isInParent);
    if (!isSame) {
      if (directory !== undefined) this.#scanner.discard(directory);
      root.target = undefined;
      this.#leadsElsewhere(root, directory !== undefined);
      return this.look(root);
    }
    // Of a file in another directory, no event tells that it is another one.
    if (!target?.isDirectory && !isInParent) return this.replaced(root);
    this.leads(root, "behind");
    root.directory = directory;
    if (directory === undefined) return;
    directory.moveTo(undefined, root.path);
    this.#levels.changed(directory, first);
    const isKnown = isExact(directory.state);
    if (isKnown && directory.wd !== -1) return;
    if (isKnown) directory.initial = first;
    this.#scanner.rescan(directory);
  }

  /** Reports that a root is there. @param kind how, if it is reported */
  appeared(root: Root, kind: EntryKind | "", entry: Entry): void {
    root.isReported = true;
    this.leads(root, "ahead");
    this.#entries.addRoot(root.path, entry, kind);
  }

  /** Reports that a root leads to another file. */
  replaced(root: Root): void {
    this.leads(root, "ahead");
    this.#entries.replaced(undefined, root.path);
  }

  /** Sets {@link Root.lead} until the next fence. */
  leads(root: Root, lead: "ahead" | "behind"): void {
    const mine = root.lead = { is: lead };
    this.#instance.fence(() => {
      if (root.lead === mine) root.lead = undefined;
    });
  }

  /**
   * Reports that a path is removed, and with it everything below: also what roots there have reported, which
   * they report again. If the path is no directory, a link leads to them, and their own removal is reported first.
   *
   * @param by the root that reports it, which goes on by itself
   */
  removed(path: string, isDirectory: boolean, by?: Root): void {
    const roots = this.#map.within(path).filter((root) => root !== by);
    if (roots.length === 0) return this.#entries.report(entryEvent("remove", path, isDirectory));
    const events = isDirectory ? [] : removals(known(roots.filter((root) => root.path !== path)));
    for (const root of roots) {
      if (root.directory !== undefined) this.#scanner.discard(root.directory);
      root.isReported = false;
      root.target = root.directory = undefined;
    }
    this.#entries.report(...events, entryEvent("remove", path, isDirectory));
    for (const root of roots) this.resume(root);
  }

  #begin(root: Root): void {
    const { path, isNew } = root;
    root.isNew = false;
    if (root.watch !== undefined || this.#isInTree(path)) return;
    const place = this.#map.place(path);
    this.follow(root);
    if (place?.entry instanceof Directory) return this.#takeOut(root, place, isNew);
    this.look(root, isNew);
    // A tree has reported it, perhaps as what it was before events that are still to come.
    if (place !== undefined && root.lead === undefined) this.leads(root, "behind");
  }

  /** Whether a tree has a path in it. A directory is a tree of its own if levels are counted, each from its root. */
  #isInTree(path: string): boolean {
    return this.#map.isInTree(path) &&
      (this.#scope.depth === Infinity || this.#map.place(path)?.entry === false);
  }

  /** A followed root becomes what a tree has entered, by a link or before it was a root. */
  #takeOut(root: Root, place: Place, first: boolean): void {
    const { parent, name, entry } = place;
    this.#entries.moveIn(parent, name, entry instanceof Directory && !entry.link);
    this.takeOver(root, place, first);
  }

  /** Nothing is left of what a root was. */
  #leadsElsewhere(root: Root, isDirectory: boolean): void {
    root.isReported = false;
    this.removed(root.path, isDirectory, root);
  }
}
