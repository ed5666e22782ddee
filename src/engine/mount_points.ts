/**
 * `MountPoints`: where mounts are in the trees of a watcher, and what becomes of the trees when mounts come and go.
 *
 * A directory on which something is mounted is another one from then on: its scan finds another watch. So it is
 * scanned again, and roots are resolved again on whose way it is. No event of the kernel tells of it, since the
 * directory below is as it was.
 *
 * The events `mount` and `unmount` are reported from here only. The kernel's IN_UNMOUNT is of every watched directory
 * of a file system, and only if it is mounted nowhere else.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { realPath, typeOf } from "../kernel/files.ts";
import { isWithin, type Mount } from "../kernel/mountinfo.ts";
import { Directory } from "./directory.ts";
import type { Entries } from "./entries.ts";
import { mountEvent } from "./event.ts";
import type { Instance } from "./instance.ts";
import type { Mounts, MountTable } from "./mounts.ts";
import { placeAt, type Root, type RootMap } from "./root_map.ts";
import type { Roots } from "./roots.ts";
import type { Scope } from "./scope.ts";
import type { Scanner } from "./scanner.ts";
import type { Tree } from "./tree.ts";

/** Where a mount is in a tree. Nothing can rename what something is mounted on, but what it is in. */
interface Spot {
  readonly parent: Directory;
  readonly name: string;
}

/** A root, or a directory that a symbolic link leads to. */
interface Top {
  readonly directory: Directory;
  /** Its path without symbolic links. */
  readonly path: string;
}

/** A mount that has come to other spots, or paths. */
interface Move {
  /** Where it was, if it showed; and whether it is unmounted there, and not only hidden. */
  readonly from: Mount | undefined;
  readonly isUnmounted: boolean;
  /** Where it shows now; and whether it is newly mounted there, and was not only hidden. */
  readonly to: Mount | undefined;
  readonly isMounted: boolean;
}

/** Follows the mounts in some trees. */
export class MountPoints {
  readonly #libc: Libc;
  readonly #mounts: Mounts;
  readonly #scope: Scope;
  readonly #map: RootMap;
  readonly #roots: Roots;
  readonly #tree: Tree;
  readonly #entries: Entries;
  readonly #scanner: Scanner;
  /** Where mounts are, by ID, as far as they were looked for. */
  readonly #spots = new Map<number, readonly Spot[]>();
  /** Directories of which the kernel says that their file system is unmounted. */
  readonly #ended = new Set<Directory>();
  #isStale = false;

  constructor(
    { libc, mounts }: Pick<Instance, "libc" | "mounts">,
    scope: Scope,
    map: RootMap,
    roots: Roots,
    tree: Tree,
    entries: Entries,
    scanner: Scanner,
  ) {
    this.#libc = libc;
    this.#mounts = mounts;
    this.#scope = scope;
    this.#map = map;
    this.#roots = roots;
    this.#tree = tree;
    this.#entries = entries;
    this.#scanner = scanner;
  }

  /** A directory is about to move: finds what is mounted in the trees, while the paths of both are the same. */
  locate(): void {
    const tops = [...this.#tops(false)];
    for (const mount of this.#mounts.table.visible.values()) this.#locate(mount, tops);
  }

  /** A directory came from elsewhere: what is mounted in it has other paths. */
  arrived(): void {
    this.#isStale = true;
  }

  /** All that was scanned is known: reads again where mounts are, if something has arrived. */
  scanned(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#mounts.look(undefined, true);
  }

  /** The kernel says that a file system is unmounted. */
  unmounted(directory: Directory): void {
    this.#ended.add(directory);
    if (this.#ended.size === 1) this.#mounts.look(() => this.#replaced(), true);
  }

  /** Mounts have come or gone. */
  changed(before: MountTable, now: MountTable): void {
    const moves = [...movesBetween(before, now)];
    const roots = new Map<Root, { hasLeft: boolean; isUnmounted: boolean; isMounted: boolean }>();
    for (const root of this.#map) {
      for (const move of moves) {
        const [left, entered] = [move.from, move.to].map((mount) =>
          mount !== undefined && (root.watch?.passesBelow(mount.path) ?? false)
        );
        if (!left && !entered) continue;
        const { hasLeft, isUnmounted, isMounted } = roots.get(root) ?? {};
        roots.set(root, {
          hasLeft: hasLeft || left,
          isUnmounted: isUnmounted || left && move.isUnmounted,
          isMounted: isMounted || entered && move.isMounted,
        });
      }
    }
    const tops = [...this.#tops(this.#scope.followSymlinks)];
    const spots = moves.map((move) => this.#move(move, tops));
    for (const { left, entered } of spots) {
      for (const spot of left) this.#look(spot, true);
      for (const spot of entered) this.#look(spot, false);
    }
    for (const [root, { hasLeft, isUnmounted, isMounted }] of roots) {
      if (!this.#map.has(root)) continue; // it was removed in a report
      if (root.directory !== undefined) this.#ended.delete(root.directory);
      if (root.isReported || typeOf(this.#libc, root.path, this.#scope.followsRoots) > 0) {
        if (isUnmounted) this.#report("unmount", root.path);
        if (isMounted) this.#report("mount", root.path);
      }
      this.#roots.lookAtMount(root, hasLeft);
    }
    const ids = new Set([...now.visible.values()].map(({ id }) => id));
    for (const id of this.#spots.keys()) if (!ids.has(id)) this.#spots.delete(id);
  }

  /** Reports where a mount has left, and where it has come. @returns these spots */
  #move(
    { from, to, isUnmounted, isMounted }: Move,
    tops: readonly Top[],
  ): { left: Spot[]; entered: Spot[] } {
    const before = from === undefined ? [] : this.#locate(from, tops);
    if (from !== undefined) this.#spots.delete(from.id);
    const now = to === undefined ? [] : this.#locate(to, tops);
    const left = before.filter((spot) => isThere(spot) && !now.some((one) => isSame(one, spot)));
    const entered = now.filter((spot) => !before.some((one) => isSame(one, spot)));
    for (const { parent, name } of isUnmounted ? left : []) {
      this.#report("unmount", parent.pathOf(name));
    }
    for (const { parent, name } of isMounted ? entered : []) {
      this.#report("mount", parent.pathOf(name));
    }
    return { left, entered };
  }

  /** What was mounted at the same place, as the same mount by all that the kernel shows of it. */
  #replaced(): void {
    const ended = new Set(this.#ended);
    this.#ended.clear();
    const tops = [...this.#tops(this.#scope.followSymlinks)];
    for (const mount of this.#mounts.table.visible.values()) {
      for (const { parent, name } of this.#locate(mount, tops)) {
        const entry = parent.entries.get(name);
        if (entry instanceof Directory && ended.has(entry)) this.#remounted(entry);
      }
    }
    for (const directory of ended) if (directory.parent === undefined) this.#remounted(directory);
  }

  #remounted(directory: Directory): void {
    if (directory.gone) return;
    this.#report("unmount", directory.path);
    this.#report("mount", directory.path);
  }

  /**
   * What is at a spot is another one, or the same again.
   *
   * @param wasHidden whether it was hidden, if it is the same: whoever read its files then found others
   */
  #look({ parent, name }: Spot, wasHidden: boolean): void {
    const entry = parent.gone ? undefined : parent.entries.get(name);
    if (entry instanceof Directory) {
      this.#ended.delete(entry);
      if (wasHidden) this.#tree.invalidateAsOther(entry);
      this.#scanner.rescan(entry);
    } else if (entry === false) this.#tree.replaced(parent, name);
  }

  #report(kind: "mount" | "unmount", path: string): void {
    this.#entries.report(mountEvent(kind, path));
  }

  #locate({ id, path }: Mount, tops: readonly Top[]): readonly Spot[] {
    let spots = this.#spots.get(id);
    if (spots === undefined || spots.some(({ parent }) => parent.gone)) {
      spots = tops.flatMap((top) => spotIn(top, path) ?? []);
      if (spots.length > 0) this.#spots.set(id, spots);
    }
    return spots;
  }

  /** @param links whether to look for symbolic links, which takes a walk through the trees */
  *#tops(links: boolean): Generator<Top> {
    for (const { watch, directory } of this.#map) {
      if (watch === undefined || directory === undefined) continue;
      yield { directory, path: watch.end };
      if (!links) continue;
      for (const one of directory.subtree()) {
        const path = one.link ? realPath(this.#libc, one.path) : undefined;
        if (path !== undefined) yield { directory: one, path };
      }
    }
  }
}

/** Where a tree has an entry, if it has. @param path without a symbolic link */
function spotIn({ directory, path: top }: Top, path: string): Spot | undefined {
  if (!isWithin(path, top)) return undefined;
  if (path !== top) return placeAt(directory, top, path);
  const { parent, name } = directory;
  return parent && { parent, name };
}

/** What differs, by the mounts that show; those above others first. */
function* movesBetween(before: MountTable, now: MountTable): Generator<Move> {
  const left = differences(before, now);
  const entered = differences(now, before);
  for (const from of left) {
    const to = entered.find((one) => one.id === from.id && one.source === from.source);
    if (to !== undefined) entered.splice(entered.indexOf(to), 1);
    const isMounted = to !== undefined;
    yield { from, to, isUnmounted: !now.has(from), isMounted };
  }
  for (const to of entered) {
    yield { from: undefined, to, isUnmounted: false, isMounted: !before.has(to) };
  }
}

/** The mounts that show in one table, and not in the other at their path. */
function differences({ visible }: MountTable, other: MountTable): Mount[] {
  return [...visible.values()].filter((mount) => {
    const there = other.visible.get(mount.path);
    return there?.id !== mount.id || there.source !== mount.source;
  }).sort((a, b) => a.path.length - b.path.length);
}

function isThere({ parent, name }: Spot): boolean {
  return !parent.gone && parent.entries.has(name);
}

function isSame(a: Spot, b: Spot): boolean {
  return a.parent === b.parent && a.name === b.name;
}
