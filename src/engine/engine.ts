/**
 * Keeps what is known of the watched trees in step with the disk, and says every difference.
 *
 * The events of one inotify instance are in order, and each is applied to what is known, so that what
 * is known is what was so at that event. What a scan has found is compared with it when that is believed.
 *
 * @module
 */

import { earliest, type Timestamp } from "../kernel/clock.ts";
import { InotifyError } from "../kernel/error.ts";
import { changedSince } from "./change_time.ts";
import { leadsToDirectory, readLink } from "../kernel/files.ts";
import type { Loss } from "./loss.ts";
import { Entries } from "./entries.ts";
import { type EntryKind, errorEvent, unmountEvent, type WatchEvent } from "./event.ts";
import { Instance, type Member } from "./instance.ts";
import type { Listing } from "./listing.ts";
import { nameOf, own, toText } from "../kernel/byte_string.ts";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_IGNORED,
  IN_ISDIR,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_UNMOUNT,
} from "../kernel/mask.ts";
import { reasonFor } from "../kernel/reason.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Move } from "./renames.ts";
import { Roots, type Scope } from "./roots.ts";
import type { ScanFailure } from "./scan.ts";
import { Scanner } from "./scanner.ts";
import { Directory, type Entry, type Pending } from "./directory.ts";

/** Whether an entry is ignored. */
export interface Ignores {
  /**
   * @param path absolute, as lossless text
   * @param root the watched path above it, as lossless text
   */
  (path: string, isDirectory: boolean, root: string): boolean;
  /** Whether no more than the name of an entry counts, so that it is the same at another path. */
  readonly byName: boolean;
}

/** What a engine tells, and asks. */
export interface Client {
  /** Reports a change, by events that belong together. */
  report(events: readonly WatchEvent[]): void;
  /** Whether to know nothing of an entry; if there is such. */
  readonly ignores: Ignores | undefined;
  /** Nothing can be tracked any more. */
  fail(error: unknown): void;
  /** Directories were scanned. @param count how many, so far */
  progress(count: number): void;
}

/** How far behind the clock a file's time of change may be, in milliseconds: a tick of 100 Hz. */
const CLOCK_TICK = 10;
/** How many names are compared at a step. */
const FEW = 16;

/** Tracks any number of paths for one client. */
export class Engine implements Member {
  readonly #client: Client;
  readonly #scope: Scope;
  readonly #instance: Instance;
  readonly #roots: Roots;
  readonly #scanner: Scanner;
  readonly #entries: Entries;
  #closed = false;
  readonly #untilClosed = new Set<() => void>();
  #waitingForIdle: (() => void)[] = [];

  constructor(client: Client, scope: Scope) {
    this.#client = client;
    this.#scope = scope;
    this.#instance = Instance.enter(this);
    this.#entries = new Entries((events) => this.#closed || client.report(events), scope);
    this.#scanner = new Scanner(this.#instance, this, scope, {
      learn: (directory, pending) => this.#learn(directory, pending),
      apply: (directory, event) => this.#apply(directory, event),
      vanished: (directory) => this.#vanished(directory),
      uncovered: (path, failure) => this.#uncovered(path, failure),
      progress: (count) => client.progress(count),
      idle: () => this.#scanned(),
    });
    this.#roots = new Roots(this.#instance, scope, this.#entries, {
      unmounted: (path) => this.#unmounted(path),
      uncovered: (path, failure) => this.#uncovered(path, failure),
      plant: (directory) => this.#scanner.again(directory),
      drop: (directory) => this.#drop(directory),
      shaken: (directory) => this.#scanner.forgive(directory),
    });
  }

  /**
   * Begins to track what is at a path, now or later.
   *
   * @param path absolute, as lossless text
   */
  add(path: string): void {
    const { blocking } = this.#scope;
    this.#roots.add(path, !blocking && !this.#scanner.idle);
    if (this.#roots.isNested) this.#reconsiderPaths();
    // At once, so that what happens from now on is no part of what was there.
    this.#scanner.work(blocking ? Infinity : undefined);
  }

  /** Ends what {@link add} began, and says nothing of it, but of what other paths need. */
  remove(path: string): void {
    const { isNested } = this.#roots;
    this.#roots.remove(path);
    if (isNested) this.#reconsiderPaths();
  }

  /** A root has come or gone, which rules for paths are relative to. */
  #reconsiderPaths(): void {
    if (this.#client.ignores?.byName === false) this.reconsider();
  }

  /**
   * Has every entry asked about again, since what is ignored has changed. What no longer is counts as there in
   * the beginning; of what is now, nothing more is reported.
   */
  reconsider(): void {
    for (const { directory } of this.#roots) {
      if (directory === undefined) continue;
      for (const one of directory.subtree()) {
        one.initial = true;
        this.#scanner.doubt(one);
      }
      this.#scanner.scan(directory);
    }
  }

  /** The paths of all that is watched, as lossless text. */
  *watched(): Generator<string> {
    for (const { path, target, directory } of this.#roots) {
      if (directory === undefined) {
        if (target !== undefined && target.wd >= 0) yield path;
        continue;
      }
      for (const one of directory.subtree()) if (one.wd !== -1) yield one.path;
    }
  }

  /** Resolves when all that the kernel has queued by now has been applied, and all scans are done. */
  async settled(): Promise<void> {
    while (!this.#closed) {
      await this.#untilClosedOr((resolve) => this.#instance.fence(resolve));
      if (this.#scanner.idle) return;
      await this.#untilClosedOr((resolve) => this.#waitingForIdle.push(resolve));
    }
  }

  /** Begins a loss: what is reported from now on, somebody is not told of. */
  lose(): Loss {
    return this.#entries.lose(this.#roots.known());
  }

  /** Ends a loss. @returns what differs since it began */
  recover(loss: Loss): WatchEvent[] {
    return this.#entries.recover(loss, this.#roots.known());
  }

  /** Forgets a loss. */
  forget(loss: Loss): void {
    this.#entries.forget(loss);
  }

  /** Whether the process is kept alive. */
  setRef(ref: boolean): void {
    this.#instance.setRef(this, ref);
  }

  /** Ends it all. */
  close(): Promise<void> {
    this.#closed = true;
    for (const resolve of this.#untilClosed) resolve();
    this.#scanner.close();
    this.#roots.close();
    return this.#instance.leave(this);
  }

  // What the instance tells

  event(event: InotifyEvent): void {
    if (event.mask & IN_IGNORED) return this.#scanner.ended(event.wd);
    for (const directory of this.#scanner.watches.of(event.wd)) this.#apply(directory, event);
  }

  move({ from, to }: Move): void {
    const { watches } = this.#scanner;
    const source = from && watches.only(from.wd);
    const target = to && watches.only(to.wd);
    if (source && target && source.isExact && target.isExact) {
      return this.#moved(source, from, target, to);
    }
    if (from) { for (const directory of watches.of(from.wd)) this.#apply(directory, from); }
    if (to) { for (const directory of watches.of(to.wd)) this.#apply(directory, to); }
  }

  overflow(): void {
    if (!this.#closed) this.#resync(this.#instance.drained);
  }

  fail(error: unknown): void {
    this.#client.fail(error);
  }

  work(): void {
    this.#scanner.work();
  }

  /** Says that events are lost, and what differs. @param since when all was known */
  #resync(since: Timestamp): void {
    const lostSince = earliest(this.#instance.libc, since) - CLOCK_TICK;
    this.#entries.report({ kind: "overflow" });
    for (const root of this.#roots) {
      this.#roots.resync(root, lostSince);
      if (root.directory === undefined) continue;
      for (const directory of root.directory.subtree()) {
        directory.lostSince = Math.min(directory.lostSince ?? Infinity, lostSince);
        directory.pending?.discardLater(); // worth nothing without what is lost
        this.#scanner.doubt(directory);
      }
      this.#scanner.scan(root.directory);
    }
  }

  #unmounted(path: string): void {
    this.#entries.report(unmountEvent(path));
  }

  // Events, one by one

  #apply(directory: Directory, event: InotifyEvent): void {
    if (this.#closed || directory.gone) return;
    const { mask } = event;
    const { pending } = directory;
    const name = mask & (IN_CREATE | IN_MOVED_TO) ? own(nameOf(event)) : nameOf(event);
    if (!(mask & (IN_CREATE | IN_DELETE | IN_MOVE))) {
      if (name === "") this.#self(directory, mask);
      else if (pending === undefined || directory.isExact && isKnown(directory, name, pending)) {
        this.#changed(directory, name, mask);
      } else pending.later.push(event);
      return;
    }
    if (pending?.holds) {
      pending.later.push(event);
      return;
    }
    if (!directory.isExact) {
      // The scan to come has seen it, but does not tell an entry from an older one of that name.
      pending?.invalidate(name);
      const arrival = { name, wasFree: false, source: undefined, from: "" };
      directory.arrival = mask & IN_MOVED_TO ? arrival : undefined;
      const entry = directory.entries.get(name);
      if (entry instanceof Directory) this.#doubtAsOther(entry);
      return;
    }
    const isDirectory = (mask & IN_ISDIR) !== 0;
    const { arrival } = directory;
    directory.arrival = undefined;
    pending?.touch(name);
    if (mask & IN_CREATE) this.#created(directory, name, isDirectory);
    else if (mask & IN_MOVED_TO) this.#movedIn(directory, name, isDirectory);
    else if (mask & IN_MOVED_FROM && arrival?.name === name) this.#exchanged(directory, name);
    else this.#removed(directory, name);
  }

  #created(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known !== undefined) {
      const path = directory.pathOf(name);
      // Then its removal was passed over, or lost.
      const isStale = directory.pending?.isStale(name) || directory.lostSince !== undefined;
      if (isOfType(known, isDirectory) && !(isStale && this.#isFollowed(known, path))) {
        if (isStale && !isDirectory) this.#entries.replaced(directory, name);
        return;
      }
      this.#removed(directory, name);
    }
    this.#found(directory, name, isDirectory, "create");
  }

  #removed(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    const path = directory.pathOf(name);
    this.#entries.delete(directory, name);
    if (entry instanceof Directory) this.#drop(entry);
    this.#roots.removed(path, entry !== false);
  }

  /**
   * What was renamed to this name is renamed away; or it has changed places with what was there
   * (RENAME_EXCHANGE of rename(2)), which is two renames as well, and is still there. That something was there may be
   * unknown: the kernel merges an IN_MOVED_TO with one of the same name just before it.
   */
  #exchanged(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry instanceof Directory) this.#doubtAsOther(entry);
    this.#scanner.again(directory);
    directory.pending!.invalidate(name);
  }

  /** Another directory may be in the place of one; or the same, in which nothing was found while it was away. */
  #doubtAsOther(directory: Directory): void {
    for (const one of directory.subtree()) one.isOther = true;
    this.#scanner.doubtAll(directory);
  }

  /** Something came from where nothing is tracked. */
  #movedIn(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    this.#arrived(directory, name, known, undefined, "");
    if (known === undefined) return this.#found(directory, name, isDirectory, "create");
    const path = directory.pathOf(name);
    if (known === true || !isOfType(known, isDirectory) || this.#isFollowed(known, path)) {
      this.#removed(directory, name);
      this.#found(directory, name, isDirectory, "create");
    } else if (known instanceof Directory) {
      this.#doubtAsOther(known);
      this.#scanner.scan(known);
    } else {
      if (!this.#roots.isFollowed(path)) this.#entries.replaced(directory, name);
      this.#roots.changed(path);
    }
  }

  /** An entry has come to a name. @param known what is known to have been there; another entry is ignored, or not known yet */
  #arrived(
    directory: Directory,
    name: string,
    known: Entry | undefined,
    source: Directory | undefined,
    from: string,
  ): void {
    const wasFree = known === undefined && directory.pending === undefined &&
      this.#client.ignores === undefined;
    directory.arrival = { name, wasFree, source, from };
  }

  #moved(
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
      this.#ignores(path, isDirectory, target) ||
      this.#isFollowed(entry, path) ||
      this.#roots.hasFollowed(source, from) || this.#roots.hasFollowed(target, to)
    ) {
      if (source.arrival?.wasFree) source.arrival = undefined; // both halves are here: it is no exchange
      this.#apply(source, fromEvent);
      this.#apply(target, toEvent);
      return;
    }
    const fromPath = source.pathOf(from);
    const replaced = target.entries.get(to);
    if (replaced instanceof Directory) this.#drop(replaced);
    source.pending?.touch(from);
    target.pending?.touch(to);
    source.arrival = undefined;
    this.#arrived(target, to, replaced, source, from);
    const isStale = source.pending?.isStale(from) && !isDirectory;
    this.#entries.rename(source, from, target, to, entry, replaced);
    if (isStale) this.#entries.replaced(target, to);
    if (entry instanceof Directory) {
      this.#scanner.doubtBelow(entry);
      if (this.#dependsOnPath) {
        this.#scanner.doubtAll(entry);
        this.#scanner.scan(entry);
      }
    }
    this.#roots.changed(fromPath);
    this.#roots.changed(path);
  }

  /** Whether an entry is a symbolic link that leads elsewhere now that it is at this path. */
  #isFollowed(entry: Entry, path: string): boolean {
    if (!this.#scope.followSymlinks || entry === true) return false;
    if (entry instanceof Directory) return entry.link;
    return typeof readLink(this.#instance.libc, path) === "string";
  }

  #changed(directory: Directory, name: string, mask: number): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return; // ignored, or gone again
    if (this.#roots.isFollowed(directory.pathOf(name))) return;
    this.#entries.content(directory, name, mask, entry !== false);
  }

  /** Of what happens to a directory its parent tells, unless it is a root. */
  #self(directory: Directory, mask: number): void {
    if (mask & IN_MOVE_SELF) {
      this.#scanner.again(directory); // a link that leads nowhere now
    } else if (mask & IN_UNMOUNT) {
      this.#unmounted(directory.path);
    } else if (directory.parent === undefined) {
      this.#entries.content(undefined, directory.path, mask, true);
    }
  }

  /** An entry is there that was not known. @param isLink whether it is a symbolic link, if that is known */
  #found(
    directory: Directory,
    name: string,
    isDirectory: boolean,
    kind: EntryKind | "",
    isLink?: boolean,
  ): void {
    const path = directory.pathOf(name);
    const { recursive } = this.#scope;
    const link = this.#followsLinks && !isDirectory && isLink !== false &&
      leadsToDirectory(this.#instance.libc, path, isLink);
    if (this.#ignores(path, isDirectory || link, directory)) return;
    if (this.#roots.found(directory, name, path, isDirectory, kind)) return;
    if (!(isDirectory || link) || !recursive) {
      return this.#entries.add(directory, name, isDirectory || link, kind);
    }
    const child = new Directory(name, directory, link);
    child.initial = directory.initial && kind !== "create";
    this.#entries.add(directory, name, child, kind);
    this.#scanner.again(child);
  }

  /** Nothing is to be known of an entry any more. */
  #leaveOut(directory: Directory, name: string, entry: Entry): void {
    this.#entries.leaveOut(directory, name);
    if (entry instanceof Directory) this.#drop(entry);
  }

  /** Gives up everything from a directory down; the entry in its parent is the caller's. */
  #drop(directory: Directory): void {
    for (const one of directory.subtree()) {
      one.gone = true;
      this.#scanner.giveUp(one);
    }
  }

  // Scanner

  /** All that was scanned is known. */
  #scanned(): void {
    this.#roots.beginRest();
    if (!this.#scanner.idle) return;
    for (const resolve of this.#waitingForIdle) resolve();
    this.#waitingForIdle = [];
  }

  /** Says that something cannot be watched. */
  #uncovered(path: string, failure: ScanFailure): void {
    const shown = toText(path);
    const reason = reasonFor(this.#instance.libc, failure.errno, "cover path");
    const error = new InotifyError(`watch ${JSON.stringify(shown)}`, reason, {
      ...failure,
      path: shown,
    });
    this.#entries.report(errorEvent(path, error));
  }

  /** Knows what a scan has found, and says the differences. */
  *#learn(directory: Directory, pending: Pending): Generator<void, undefined> {
    const found = pending.found!;
    pending.isLearnt = true;
    if (this.#isPlain(directory, pending)) this.#adopt(directory, found);
    else yield* this.#compare(directory, found, pending);
    directory.initial = false;
  }

  /** Whether all that a scan has found is to be known, and nothing said of it. */
  #isPlain(directory: Directory, { found, isUntouched }: Pending): boolean {
    return directory.initial && directory.isEmpty && isUntouched && !found!.isLarge &&
      !this.#scope.initial && !this.#scope.followSymlinks &&
      this.#client.ignores === undefined && !this.#roots.hasFollowed(directory);
  }

  /** A directory is not where it should be, although nothing says that it is gone. */
  #vanished(directory: Directory): void {
    const { parent, name, link } = directory;
    if (
      parent === undefined || link && leadsToDirectory(this.#instance.libc, directory.path, true)
    ) {
      // Nor does its route say so, or the link: it was away for a moment.
      this.#scanner.again(directory);
    } else if (link) {
      this.#removed(parent, name);
      this.#entries.add(parent, name, false, "create");
    } else {
      this.#scanner.again(parent);
    }
  }

  /** Says the difference between what is known of a directory and what a scan has found. */
  *#compare(directory: Directory, listing: Listing, pending: Pending): Generator<void, void> {
    const found = new Map<string, boolean>();
    const links = this.#followsLinks ? new Set<string>() : undefined;
    for (const part of listing.parts) {
      part.addTo(found);
      if (links) { for (const name of part.links()) links.add(name); }
      yield;
    }
    const { lostSince } = directory;
    const mayHaveChanged = lostSince === undefined
      ? undefined
      : changedSince(this.#instance.libc, lostSince);
    let count = 0;
    for (const [name, entry] of directory.entries) {
      if (++count % FEW === 0) yield;
      if (!pending.isTouched(name) && this.#isGone(directory, name, entry, found, links)) {
        this.#removed(directory, name);
      } else if (this.#isIgnoredNow(directory, name, entry)) {
        if (directory.initial) this.#leaveOut(directory, name, entry);
        else this.#removed(directory, name);
      } else {
        if (entry instanceof Directory && !entry.isExact) this.#scanner.scan(entry);
        if (pending.isTouched(name)) continue;
        this.#compareContent(directory, name, entry, pending, mayHaveChanged);
      }
    }
    directory.lostSince = undefined;
    directory.isOther = false;
    const early = this.#scope.initial ? "exists" : "";
    for (const [name, isDirectory] of found) {
      if (++count % FEW === 0) yield;
      if (directory.entries.has(name) || pending.isTouched(name)) continue;
      const kind = directory.initial && !pending.isStale(name) ? early : "create";
      this.#found(directory, name, isDirectory, kind, links?.has(name));
    }
  }

  /** Whether an entry is no longer there, or no longer what is known of it. @param links found, if followed */
  #isGone(
    directory: Directory,
    name: string,
    entry: Entry,
    found: ReadonlyMap<string, boolean>,
    links: ReadonlySet<string> | undefined,
  ): boolean {
    const isDirectory = found.get(name);
    return isDirectory === undefined || !isOfType(entry, isDirectory) ||
      !entry && links !== undefined && links.has(name) &&
        this.#linkLeadsToDirectory(directory, name);
  }

  /** Reports what may have become of an entry that is known, and is still there. */
  #compareContent(
    directory: Directory,
    name: string,
    entry: Entry,
    pending: Pending,
    mayHaveChanged: ((path: string) => boolean) | undefined,
  ): void {
    const isDirectory = entry !== false;
    if (isDirectory && !(this.#scope.content & IN_ATTRIB)) return; // its own events tell of its content
    if (this.#roots.isFollowed(directory.pathOf(name))) return;
    if (!isDirectory && (directory.isOther || pending.isStale(name))) {
      this.#entries.replaced(directory, name);
    } else if (mayHaveChanged?.(directory.pathOf(name))) {
      this.#entries.mayHaveChanged(directory, name, isDirectory);
    }
  }

  /** Whether a known entry is ignored at the path that it has now. */
  #isIgnoredNow(directory: Directory, name: string, entry: Entry): boolean {
    return this.#client.ignores?.byName === false &&
      this.#ignores(directory.pathOf(name), entry !== false, directory);
  }

  /** Whether nothing is to be known of an entry: each root above it ignores it, or a directory on the way to it. */
  #ignores(path: string, isDirectory: boolean, directory: Directory): boolean {
    const { ignores } = this.#client;
    if (ignores === undefined) return false;
    const roots = this.#roots.above(path);
    if (roots.length < 2) return ignores(path, isDirectory, directory.root.path);
    return roots.every((root) => {
      for (
        let end = path.indexOf("/", root.length + 1);
        end !== -1;
        end = path.indexOf("/", end + 1)
      ) {
        if (ignores(path.slice(0, end), true, root)) return true;
      }
      return ignores(path, isDirectory, root);
    });
  }

  #linkLeadsToDirectory(directory: Directory, name: string): boolean {
    return leadsToDirectory(this.#instance.libc, directory.pathOf(name), true);
  }

  /** Knows what a scan has found, and says nothing: what most of a set-up is. */
  #adopt(directory: Directory, found: Listing): void {
    if (this.#scope.recursive) {
      for (const name of found.directories()) {
        const child = new Directory(name, directory);
        child.initial = true;
        this.#entries.know(directory, name, child);
        this.#scanner.again(child);
      }
    }
    directory.adopt(found);
  }

  async #untilClosedOr(begin: (resolve: () => void) => void): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#untilClosed.add(resolve);
    begin(resolve);
    await promise;
    this.#untilClosed.delete(resolve);
  }

  /** Whether what is watched of a directory depends on the path of it. */
  get #dependsOnPath(): boolean {
    return this.#followsLinks || this.#client.ignores?.byName === false;
  }

  /** Whether directories are entered by symbolic links. */
  get #followsLinks(): boolean {
    return this.#scope.recursive && this.#scope.followSymlinks;
  }
}

/** Whether what is known at a name is the entry that events are of. */
function isKnown(directory: Directory, name: string, pending: Pending): boolean {
  return directory.entries.has(name) && !pending.isStale(name);
}

/** Whether a rename takes away, by links that are followed, the directory that it is from, or the one that it is to. */
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

/** Whether an entry is what a listing or an event says, where a link is none to a directory. */
function isOfType(entry: Entry, isDirectory: boolean): boolean {
  return isDirectory === (entry instanceof Directory ? !entry.link : entry);
}
