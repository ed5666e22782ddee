/**
 * Applies the events of directories to the trees, one by one, in order.
 *
 * @module
 */

import { nameOf, own } from "../kernel/byte_string.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_ISDIR,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
} from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import { Directory, type Entry } from "./directory.ts";
import {
  isExact,
  isStale,
  markStale,
  onContentEvent,
  onEntryEvent,
  overrule,
} from "./directory_state.ts";
import type { Entries } from "./entries.ts";
import type { Instance } from "./instance.ts";
import type { Member } from "./member.ts";
import type { Overlap } from "./overlap.ts";
import type { Scanner } from "./scanner.ts";
import { isOfType, type Tree } from "./tree.ts";

/** What changes an entry of a directory. */
const ENTRY = IN_CREATE | IN_DELETE | IN_MOVE;

/** A name from which something was renamed to where nothing is watched. */
interface Left {
  readonly directory: Directory;
  readonly name: string;
}

/** Applies events. */
export class Events {
  readonly #instance: Pick<Instance, "schedule">;
  readonly #member: Member;
  readonly #tree: Tree;
  readonly #overlap: Overlap;
  readonly #entries: Entries;
  readonly #scanner: Scanner;

  readonly #left: Left[] = [];

  /** @param member whose `work()` is to {@link take} what is to be checked */
  constructor(
    instance: Pick<Instance, "schedule">,
    member: Member,
    tree: Tree,
    overlap: Overlap,
    entries: Entries,
    scanner: Scanner,
  ) {
    this.#instance = instance;
    this.#member = member;
    this.#tree = tree;
    this.#overlap = overlap;
    this.#entries = entries;
    this.#scanner = scanner;
  }

  /** Whether there is nothing to be checked. */
  get isIdle(): boolean {
    return this.#left.length === 0;
  }

  /** Takes what is to be checked at the next fence. */
  take(): readonly Left[] {
    return this.#left.splice(0);
  }

  /**
   * Scans directories again where something is at such a name, and no event has told of it. It came by an exchange
   * (RENAME_EXCHANGE of rename(2)), whose first event was sent before the directory was watched.
   */
  check(left: readonly Left[]): void {
    for (const { directory, name } of left) {
      if (directory.gone || directory.entries.has(name)) continue;
      if (this.#tree.isThere(directory, name)) this.#scanner.rescan(directory);
    }
  }

  /** Applies an event of a directory, unless it is held or discarded. */
  apply(directory: Directory, event: InotifyEvent): void {
    if (directory.gone) return;
    const { mask } = event;
    const { state } = directory;
    const name = mask & (IN_CREATE | IN_MOVED_TO) ? own(nameOf(event)) : nameOf(event);
    if (!(mask & ENTRY)) {
      if (name === "") this.#self(directory, mask);
      else if (
        state.tag === "known" ||
        onContentEvent(state, event, name, isEntry(directory, name)) === "apply"
      ) {
        this.#changed(directory, name, mask);
      }
      return;
    }
    switch (onEntryEvent(state, event, name)) {
      case "apply":
        return this.#applyToEntry(directory, name, mask);
      case "discard": {
        // The scan to come sees it, but does not tell an entry from an older one of that name.
        const arrival = { name, wasFree: false, source: undefined, from: "" };
        directory.arrival = mask & IN_MOVED_TO ? arrival : undefined;
        const entry = directory.entries.get(name);
        if (entry instanceof Directory) this.#tree.invalidateAsOther(entry);
      }
    }
  }

  /** Applies both halves of a rename within the trees, of directories whose entries are exact. */
  move(
    source: Directory,
    fromEvent: InotifyEvent,
    target: Directory,
    toEvent: InotifyEvent,
  ): void {
    const from = nameOf(fromEvent);
    const to = own(nameOf(toEvent));
    const isDirectory = (toEvent.mask & IN_ISDIR) !== 0;
    const entry = source.entries.get(from);
    const path = target.pathOf(to);
    if (
      entry === undefined || !isOfType(entry, isDirectory) ||
      isReverse(source, from, target, to) || leadsAway(source, target, to, entry) ||
      this.#tree.ignores(path, isDirectory, target) ||
      this.#tree.isFollowedLink(entry, path) ||
      isDirectory && !this.#tree.seesAlike(source, target) ||
      this.#overlap.hasFollowed(source, from) || this.#overlap.hasFollowed(target, to)
    ) {
      if (source.arrival?.wasFree) source.arrival = undefined; // both halves are here: it is no exchange
      this.apply(source, fromEvent);
      this.apply(target, toEvent);
      return;
    }
    const fromPath = source.pathOf(from);
    const replaced = target.entries.get(to);
    if (replaced instanceof Directory) this.#scanner.discard(replaced);
    overrule(source.state, from);
    overrule(target.state, to);
    source.arrival = undefined;
    this.#arrived(target, to, replaced, source, from);
    const wasStale = isStale(source.state, from) && !isDirectory;
    this.#entries.rename(source, from, target, to, entry, replaced);
    if (!isDirectory) this.#tree.renamed(source, from, target, to);
    if (wasStale && !target.gone) this.#entries.replaced(target, to);
    if (entry instanceof Directory) {
      this.#scanner.invalidateMoved(entry);
      if (this.#tree.dependsOnPath) {
        this.#scanner.invalidateTree(entry);
        this.#scanner.schedule(entry);
      }
    }
    this.#overlap.changed(fromPath);
    this.#overlap.changed(path);
  }

  #applyToEntry(directory: Directory, name: string, mask: number): void {
    const isDirectory = (mask & IN_ISDIR) !== 0;
    const { arrival } = directory;
    directory.arrival = undefined;
    if (mask & IN_CREATE) this.#created(directory, name, isDirectory);
    else if (mask & IN_MOVED_TO) this.#movedIn(directory, name, isDirectory);
    else if (mask & IN_MOVED_FROM && arrival?.name === name) this.#exchanged(directory, name);
    else if (mask & IN_MOVED_FROM) this.#movedOut(directory, name);
    else this.#tree.removed(directory, name);
  }

  /** Something went to where nothing is watched; see {@link check}. */
  #movedOut(directory: Directory, name: string): void {
    const wasThere = directory.entries.has(name) || directory.state.tag === "live";
    this.#tree.removed(directory, name);
    if (!wasThere) return;
    if (this.isIdle) this.#instance.schedule(this.#member);
    this.#left.push({ directory, name });
  }

  #created(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known !== undefined) {
      const path = directory.pathOf(name);
      // Then the event of its removal was discarded, or lost.
      const isOther = isStale(directory.state, name) || directory.lostSince !== undefined;
      if (isOfType(known, isDirectory) && !(isOther && this.#tree.isFollowedLink(known, path))) {
        if (isOther && !isDirectory) this.#tree.replaced(directory, name);
        return;
      }
      this.#tree.removed(directory, name);
    }
    this.#tree.found(directory, name, isDirectory, "create");
  }

  /**
   * What was renamed to this name is renamed away; or it has changed places with what was there
   * (RENAME_EXCHANGE of rename(2)), which is two renames as well, and is still there. That something was
   * there may be unknown: the kernel merges an IN_MOVED_TO with one of the same name just before it.
   */
  #exchanged(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry instanceof Directory) this.#tree.invalidateAsOther(entry);
    this.#scanner.rescan(directory);
    markStale(directory.state, name);
  }

  /** Something came from where nothing is watched. */
  #movedIn(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    this.#arrived(directory, name, known, undefined, "");
    if (known === undefined) return this.#tree.found(directory, name, isDirectory, "create");
    const path = directory.pathOf(name);
    if (
      known === true || !isOfType(known, isDirectory) || this.#tree.isFollowedLink(known, path)
    ) {
      this.#tree.removed(directory, name);
      this.#tree.found(directory, name, isDirectory, "create");
    } else if (known instanceof Directory) {
      this.#tree.invalidateAsOther(known);
      this.#scanner.schedule(known);
    } else this.#tree.replaced(directory, name);
  }

  /**
   * An entry came to a name.
   *
   * @param known what is known to have been there; what is ignored, or not known yet, is not
   */
  #arrived(
    directory: Directory,
    name: string,
    known: Entry | undefined,
    source: Directory | undefined,
    from: string,
  ): void {
    const wasFree = known === undefined && directory.state.tag === "known" &&
      !this.#tree.hasIgnores;
    directory.arrival = { name, wasFree, source, from };
  }

  #changed(directory: Directory, name: string, mask: number): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return; // ignored, or gone again
    if (this.#overlap.isFollowed(directory, name)) return;
    this.#entries.content(directory, name, mask, entry !== false);
  }

  /** What happens to a directory its parent reports, unless it is a root. */
  #self(directory: Directory, mask: number): void {
    if (mask & IN_MOVE_SELF) {
      this.#scanner.moved(directory);
    } else if (directory.parent === undefined) {
      this.#entries.content(undefined, directory.path, mask, true);
    }
  }
}

/** Whether a rename takes away, by followed links, the directory that it is from, or the one that it is to. */
function leadsAway(source: Directory, target: Directory, to: string, entry: Entry): boolean {
  const replaced = target.entries.get(to);
  return entry instanceof Directory && target.isWithin(entry) ||
    replaced instanceof Directory && source.isWithin(replaced);
}

/** Whether a rename takes back the one that has put something in the place of another entry. */
function isReverse(source: Directory, from: string, target: Directory, to: string): boolean {
  const { arrival } = source;
  if (arrival?.name !== from || arrival.wasFree) return false;
  return arrival.source === undefined || arrival.source === target && arrival.from === to;
}

/** Whether there is an entry, as far as that is known. */
function isEntry(directory: Directory, name: string): boolean {
  return isExact(directory.state) && directory.entries.has(name);
}
