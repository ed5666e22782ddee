/**
 * Commits what scans found: compares each listing with the known entries, and reports the difference.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { debug } from "../kernel/debug.ts";
import { leadsNowhere, typeOf } from "../kernel/files.ts";
import { IN_ATTRIB } from "../kernel/mask.ts";
import { awaySince, changedSince } from "./change_time.ts";
import { Directory, type Entry } from "./directory.ts";
import { hasChanged, isExact, isStale, type Scanned } from "./directory_state.ts";
import type { Entries } from "./entries.ts";
import type { Events } from "./events.ts";
import { unwatchable } from "./failures.ts";
import type { LinkedFiles } from "./linked_files.ts";
import type { Overlap } from "./overlap.ts";
import { type Scope, watchesBelow } from "./scope.ts";
import type { ScanFailure } from "./scan.ts";
import type { Outcome, Scanner } from "./scanner.ts";
import { isOfType, type Tree } from "./tree.ts";

/** How many names are compared at a step. */
const FEW = 16;

/** Commits listings. */
export class Listings {
  readonly #libc: Libc;
  readonly #scope: Scope;
  readonly #tree: Tree;
  readonly #links: LinkedFiles;
  readonly #overlap: Overlap;
  readonly #entries: Entries;
  readonly #scanner: Scanner;
  readonly #events: Events;

  constructor(
    libc: Libc,
    scope: Scope,
    tree: Tree,
    links: LinkedFiles,
    overlap: Overlap,
    entries: Entries,
    scanner: Scanner,
    events: Events,
  ) {
    this.#libc = libc;
    this.#scope = scope;
    this.#tree = tree;
    this.#links = links;
    this.#overlap = overlap;
    this.#entries = entries;
    this.#scanner = scanner;
    this.#events = events;
  }

  /** The fence after these scans has come back. */
  commit(outcomes: readonly Outcome[]): void {
    for (const { directory, generation } of outcomes) {
      const { state } = directory;
      if (directory.gone || directory.generation !== generation) continue;
      if (state.tag === "unreachable") {
        this.#missed(directory, state.failure);
      } else if (state.tag === "live" || state.tag === "held") this.#commit(directory, state);
    }
  }

  /** Commits a listing before its fence: what is there in the beginning counts from now on. */
  commitEarly({ directory, generation }: Outcome): void {
    const { state } = directory;
    if (!directory.initial || directory.generation !== generation) return;
    if (state.tag === "live" || state.tag === "held") this.#compareAll(directory, state);
  }

  #commit(directory: Directory, state: Scanned): void {
    if (state.listing.isLarge && !state.isCommitted) return this.#commitLarge(directory, state);
    if (!state.isCommitted) this.#compareAll(directory, state);
    this.#committed(directory, state);
  }

  #commitLarge(directory: Directory, state: Scanned): void {
    const steps = this.#compare(directory, state);
    this.#scanner.begin({ directory, steps, end: () => this.#committed(directory, state) });
  }

  #committed(directory: Directory, state: Scanned): void {
    const { isLarge } = state.listing;
    const isChanged = isLarge && hasChanged(state);
    this.#scanner.settle(directory);
    for (const event of state.held) this.#events.apply(directory, event);
    if (isLarge) this.#scanner.listed(directory, isChanged);
  }

  #missed(directory: Directory, failure: ScanFailure): void {
    const { parent } = directory;
    if (parent !== undefined && parent.state.tag !== "known") return; // its own scan will tell
    if (this.#scanner.miss(directory)) return this.#vanished(directory);
    this.#scanner.releaseTree(directory);
    this.#entries.report(unwatchable(this.#libc, directory.path, failure));
  }

  /** A directory is not where it should be, although nothing says that it is gone. */
  #vanished(directory: Directory): void {
    const { parent, name, link } = directory;
    if (parent === undefined || link && this.#tree.leadsToDirectory(parent, name)) {
      // Nor does its path, or its link: it was away for a moment.
      this.#scanner.rescan(directory);
    } else if (link) {
      this.#tree.removed(parent, name);
      const isIgnored = this.#tree.ignores(parent.pathOf(name), false, parent);
      if (isIgnored) return this.#tree.leftOut(parent, name, true);
      this.#entries.add(parent, name, false, "create");
      this.#links.found(parent, name, true);
    } else {
      this.#scanner.rescan(parent);
    }
  }

  /** Compares at a stretch. */
  #compareAll(directory: Directory, state: Scanned): void {
    if (this.#isPlain(directory, state)) return this.#adopt(directory, state);
    for (const _ of this.#compare(directory, state));
  }

  *#compare(directory: Directory, state: Scanned): Generator<void, void> {
    begin(directory, state);
    yield* this.#compareEntries(directory, state);
    directory.initial = false;
  }

  /** Whether all that a scan found becomes known, and nothing is reported. */
  #isPlain(directory: Directory, { listing, overruled }: Scanned): boolean {
    return directory.initial && directory.isEmpty && overruled === undefined &&
      !listing.isLarge && !this.#scope.initial && !this.#scope.followSymlinks &&
      !this.#tree.hasIgnores && !this.#overlap.hasFollowed(directory);
  }

  /** Most of a set-up: nothing is compared, and files stay unread in the listing. */
  #adopt(directory: Directory, state: Scanned): void {
    begin(directory, state);
    const { listing } = state;
    const names = watchesBelow(this.#scope, directory) ? listing.directories() : [];
    const directories = names.map((name) => {
      const child = new Directory(name, directory);
      child.initial = true;
      return child;
    });
    this.#entries.adopt(directory, listing, directories);
    for (const child of directories) this.#scanner.rescan(child);
    directory.initial = false;
  }

  *#compareEntries(directory: Directory, state: Scanned): Generator<void, void> {
    const found = new Map<string, boolean>();
    const { followSymlinks } = this.#scope;
    const isReported = directory.initial && this.#scope.initial;
    const allLinks = followSymlinks || isReported ? new Set<string>() : undefined;
    for (const part of state.listing.parts) {
      part.addTo(found);
      if (allLinks) { for (const name of part.links()) allLinks.add(name); }
      yield;
    }
    const links = followSymlinks ? allLinks : undefined;
    const { lostSince } = directory;
    const mayHaveChanged = lostSince === undefined
      ? undefined
      : changedSince(this.#libc, lostSince);
    const wasAway = lostSince === undefined
      ? undefined
      : awaySince(this.#libc, lostSince, directory.path);
    const isOverruled = (name: string) => state.overruled?.has(name) ?? false;
    let count = 0;
    for (const [name, entry] of directory.entries) {
      if (++count % FEW === 0) yield;
      if (directory.gone) return; // it was removed in a report
      const isGone = () =>
        this.#isGone(directory, name, entry, found, links, state.listing.isLarge) ||
        this.#isOtherLink(directory, name, entry, state, mayHaveChanged);
      if (!isOverruled(name) && isGone()) {
        this.#tree.removed(directory, name);
      } else if (this.#isIgnoredNow(directory, name, entry)) {
        this.#ignore(directory, name, entry);
      } else {
        if (entry instanceof Directory) {
          if (wasAway?.(entry.path)) entry.markOther();
          if (!isExact(entry.state)) this.#scanner.schedule(entry);
        }
        if (isOverruled(name)) continue;
        const isLink = links?.has(name) ?? false;
        this.#compareContent(directory, name, entry, isLink, state, mayHaveChanged);
      }
    }
    directory.lostSince = undefined;
    directory.isOther = false;
    const early = this.#scope.initial ? "exists" : "";
    for (const [name, isDirectory] of found) {
      if (++count % FEW === 0) yield;
      if (directory.entries.has(name) || isOverruled(name)) continue;
      const kind = directory.initial && !isStale(state, name) ? early : "create";
      this.#tree.found(directory, name, isDirectory, kind, allLinks?.has(name));
    }
    pack(directory, state, found);
  }

  /**
   * Whether an entry is no longer there, or is of another type.
   *
   * @param links found, if they are followed
   * @param isLarge whether an entry may be left out: see {@link Scanner.listed}
   */
  #isGone(
    directory: Directory,
    name: string,
    entry: Entry,
    found: ReadonlyMap<string, boolean>,
    links: ReadonlySet<string> | undefined,
    isLarge: boolean,
  ): boolean {
    const isDirectory = found.get(name);
    if (isDirectory === undefined) {
      return !isLarge || leadsNowhere(-typeOf(this.#libc, directory.pathOf(name), false));
    }
    return !isOfType(entry, isDirectory) ||
      !entry && links !== undefined && links.has(name) && this.#tree.followsLinks(directory) &&
        !this.#overlap.isFollowed(directory, name) && this.#tree.leadsToDirectory(directory, name);
  }

  /** Whether a followed link may be another one by now, which leads elsewhere. */
  #isOtherLink(
    directory: Directory,
    name: string,
    entry: Entry,
    state: Scanned,
    mayHaveChanged: ((path: string) => boolean) | undefined,
  ): boolean {
    if (!(entry instanceof Directory && entry.link)) return false;
    return directory.isOther || isStale(state, name) ||
      (mayHaveChanged?.(directory.pathOf(name)) ?? false);
  }

  /** Reports what may have become of an entry that is known, and still there. */
  #compareContent(
    directory: Directory,
    name: string,
    entry: Entry,
    isLink: boolean,
    state: Scanned,
    mayHaveChanged: ((path: string, follow?: boolean) => boolean) | undefined,
  ): void {
    const isDirectory = entry !== false;
    if (isDirectory && !(this.#scope.content & IN_ATTRIB)) return; // its own events tell of its content
    if (this.#overlap.isFollowed(directory, name)) return;
    const path = directory.pathOf(name);
    if (!isDirectory && (directory.isOther || isStale(state, name))) {
      this.#tree.replaced(directory, name);
    } else if (
      mayHaveChanged?.(path) ||
      this.#links.has(directory, name) && mayHaveChanged?.(path, true)
    ) {
      this.#entries.mayHaveChanged(directory, name, isDirectory);
      this.#overlap.changed(path); // it may be a link by now
      if (!isDirectory) this.#links.found(directory, name);
    } else if (!isDirectory) {
      this.#links.compare(directory, name, isLink, mayHaveChanged !== undefined);
    }
  }

  /** Whether a known entry is ignored at the path that it has now. */
  #isIgnoredNow(directory: Directory, name: string, entry: Entry): boolean {
    return this.#tree.ignoresByPath &&
      this.#tree.ignores(directory.pathOf(name), entry !== false, directory);
  }

  #ignore(directory: Directory, name: string, entry: Entry): void {
    if (!directory.initial) return this.#tree.removed(directory, name);
    this.#entries.leaveOut(directory, name);
    this.#links.delete(directory, name);
    if (entry instanceof Directory) this.#scanner.discard(entry);
  }
}

/** A listing is being committed. */
function begin(directory: Directory, state: Scanned): void {
  debug?.("commit", JSON.stringify(directory.path), state.tag, state.held.length, "held");
  state.isCommitted = true;
}

/** Leaves the entries of a directory in its listing, if they are the same: most directories are never asked. */
function pack(
  directory: Directory,
  { listing, overruled }: Scanned,
  found: ReadonlyMap<string, boolean>,
): void {
  const { entries } = directory;
  if (listing.isLarge || overruled !== undefined || found.size !== entries.size) return;
  for (const name of found.keys()) if (!entries.has(name)) return;
  directory.adopt(listing, [...directory.directories()].map(([, child]) => child));
}
