/**
 * Keeps what is known of the watched trees in step with the disk, and says every difference.
 *
 * The events of one inotify instance are in order, and each is applied to what is known, so that what
 * is known is what was so at that event. A scan is not in that order: it sees the disk of a later
 * moment. So it is believed only at a mark, when all that was queued at the time of the scan has been
 * applied, and then only for the names that no event has told of since.
 *
 * A path may mean another directory by the time of a scan than at the events that are being applied. If
 * the scan has added the watch, all that makes the difference is older than any event of that watch, so
 * it is noticed in time: the directory moves, or is removed, and what was scanned for it is dropped. If
 * the watch was there before, its events are held till the mark, and applied on top of the scan: for a
 * name with an event the last one decides, for the others the scan.
 *
 * @module
 */

import { InotifyError } from "./error.ts";
import { changeTime, leadsToDirectory, readLink } from "./files.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  type EntryKind,
  errorEvent,
  renameEvent,
  unmountEvent,
  type WatchEvent,
} from "./event.ts";
import { Hub, type Member } from "./hub.ts";
import { explainENOSPC } from "./limits.ts";
import type { Listing } from "./listing.ts";
import { nameOf, own, toText } from "./lossless.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_EXCL_UNLINK,
  IN_IGNORED,
  IN_ISDIR,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_UNMOUNT,
} from "./mask.ts";
import type { InotifyEvent } from "./parse.ts";
import type { Move } from "./renames.ts";
import { type Root, Roots } from "./roots.ts";
import { Route } from "./route.ts";
import type { ScanFailure } from "./scan.ts";
import { Directory, type Entry, Pending } from "./tree.ts";
import { Watches } from "./watches.ts";

/** What a tracker tells, and asks. */
export interface Client {
  /** Says a difference. */
  report(event: WatchEvent): void;
  /** Whether to know nothing of an entry; if there is such. @param root the path that was added, above it */
  readonly ignores: ((path: string, isDirectory: boolean, root: string) => boolean) | undefined;
  /** Nothing can be tracked any more. */
  fail(error: unknown): void;
  /** Directories were scanned. @param count how many, so far */
  progress(count: number): void;
}

/** What is tracked. */
export interface Scope {
  /** Whether directories below the roots are. */
  readonly recursive: boolean;
  /** Whether directories that symbolic links lead to are. */
  readonly followSymlinks: boolean;
  /** Whether what is there in the beginning is said. */
  readonly initial: boolean;
  /** The content events wanted: bits that say nothing of an entry's coming and going. */
  readonly content: number;
}

/** What is always asked for: without it, no path would be right. */
const STRUCTURE = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

// errno(3)
const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
const EMFILE = 24;
const ENOSPC = 28;
const ELOOP = 40;

const REASONS: Record<number, string | undefined> = {
  [EACCES]: "it, or a directory on the way to it, may not be read",
  [ENOTDIR]: "a part of the way to it is not a directory",
  [EMFILE]: "this process has as many open files as it may; raise the limit with: ulimit -n",
};

/** How far behind the clock a file's time of change may be, in milliseconds: a tick of 100 Hz. */
const CLOCK_TICK = 10;
/** How long directories are scanned before what has happened meanwhile is read, in milliseconds. */
const SLICE = 4;
/** How many directories are scanned between two looks at the clock. */
const FEW = 16;

/** Tracks any number of paths for one client. */
export class Tracker implements Member {
  readonly #client: Client;
  readonly #scope: Scope;
  readonly #hub: Hub;
  readonly #roots = new Roots();
  readonly #watches = new Watches<Directory>();
  #toScan: Directory[] = [];
  #scanned: [Directory, Pending][] = [];
  /** The directories with {@link Directory.pending}. */
  readonly #pending = new Set<Directory>();
  #marks = 0;
  #frozen = false;
  #frozenSince = 0;
  #closed = false;
  readonly #untilClosed = new Set<() => void>();
  #waitingForIdle: (() => void)[] = [];
  #count = 0;

  constructor(client: Client, scope: Scope) {
    this.#client = client;
    this.#scope = scope;
    this.#hub = Hub.enter(this);
  }

  /**
   * Begins to track what is at a path, now or later.
   *
   * @param path absolute, as lossless text
   */
  add(path: string): void {
    if (this.#roots.get(path) !== undefined) return;
    const root: Root = {
      path,
      route: undefined,
      said: false,
      target: undefined,
      directory: undefined,
    };
    this.#roots.set(root);
    if (!this.#idle && this.#roots.isBelowTree(path)) return; // it may turn out to be part of that
    this.#begin(root);
    this.work(); // at once, so that what happens from now on is no part of what was there
  }

  /** Ends what {@link add} began, and says nothing of it, but of what other paths need. */
  remove(path: string): void {
    const root = this.#roots.get(path);
    if (root === undefined) return;
    const { route, directory } = root;
    if (directory !== undefined) {
      for (const inner of this.#roots.within(path)) this.#takeOut(inner, directory);
    }
    this.#roots.delete(path);
    route?.close();
    if (directory !== undefined) this.#drop(directory);
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
      this.thaw();
      await this.#untilClosedOr((resolve) => this.#hub.mark(resolve));
      if (this.#frozen) continue;
      if (this.#idle) return;
      await this.#untilClosedOr((resolve) => this.#waitingForIdle.push(resolve));
    }
  }

  /** Applies nothing more, until {@link thaw}. */
  freeze(): void {
    this.#frozen = true;
    this.#frozenSince = this.#hub.drained;
  }

  /** Goes on, with what has changed in between. */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#resync(this.#frozenSince);
  }

  /** Whether the process is kept alive. */
  setRef(ref: boolean): void {
    this.#hub.setRef(this, ref);
  }

  /** Ends it all. */
  close(): Promise<void> {
    this.#closed = true;
    for (const resolve of this.#untilClosed) resolve();
    for (const { route } of this.#roots) route?.close();
    this.#roots.clear();
    return this.#hub.leave(this);
  }

  // What the hub tells

  event(event: InotifyEvent): void {
    const directories = this.#watches.of(event.wd);
    if (event.mask & IN_IGNORED) {
      this.#watches.end(event.wd);
      for (const directory of directories) {
        directory.wd = -1;
        // Nothing has said that it is gone: its file system is unmounted, say, and another one seen.
        this.#awaitAll(directory);
        this.#scan(directory);
      }
      return;
    }
    for (const directory of directories) this.#apply(directory, event);
  }

  move({ from, to }: Move): void {
    const source = from && this.#watches.only(from.wd);
    const target = to && this.#watches.only(to.wd);
    if (source && target && isExact(source) && isExact(target)) {
      if (!this.#frozen) this.#moved(source, from, target, to);
      return;
    }
    if (from) { for (const directory of this.#watches.of(from.wd)) this.#apply(directory, from); }
    if (to) { for (const directory of this.#watches.of(to.wd)) this.#apply(directory, to); }
  }

  overflow(): void {
    if (!this.#frozen && !this.#closed) this.#resync(this.#hub.drained);
  }

  fail(error: unknown): void {
    this.#client.fail(error);
  }

  /** Says that events are lost, and what differs. @param since when all was known, in milliseconds */
  #resync(since: number): void {
    this.#client.report({ kind: "overflow" });
    for (const root of this.#roots) {
      this.#look(root, false);
      if (root.directory === undefined) continue;
      for (const directory of root.directory.subtree()) {
        directory.lostSince = Math.min(directory.lostSince ?? Infinity, since - CLOCK_TICK);
        this.#await(directory);
      }
      this.#scan(root.directory);
    }
  }

  // Roots

  /** Has it said when the path of a root may lead elsewhere. */
  #follow(root: Root): void {
    const { path } = root;
    root.said = this.#roots.find(path) !== undefined;
    root.route = new Route(this.#hub, path, this.#scope.content, {
      moved: () => this.#look(root, false),
      touched: (mask) =>
        mask & IN_UNMOUNT ? this.#unmounted(path) : this.#touched(path, mask, false),
    });
  }

  /** Sees where the path of a root leads now. */
  #look(root: Root, first: boolean): void {
    if (this.#frozen || this.#closed || root.route === undefined) return;
    const { path, target: before } = root;
    const target = root.target = root.route.look();
    const { directory } = root;
    if (directory !== undefined) {
      if (target?.isDirectory && target.wd === before?.wd) return;
      root.directory = undefined;
      this.#drop(directory);
      this.#leadsElsewhere(root, true);
    } else if (before !== undefined && before.wd >= 0) {
      if (target !== undefined && target.wd >= 0 && !target.isDirectory) {
        if (target.wd !== before.wd) this.#client.report(entryEvent("modify", path, false));
        return;
      }
      this.#leadsElsewhere(root, false);
    }
    if (target === undefined) return;
    if (target.wd < 0) {
      if (target.wd !== before?.wd) {
        this.#uncovered(path, { errno: -target.wd, syscall: "inotify_add_watch" });
      }
      return;
    }
    if (!root.said) this.#sayThere(root, first ? this.#firstKind : "create", target.isDirectory);
    if (!target.isDirectory) return;
    root.directory = new Directory(path);
    root.directory.initial = first;
    this.#await(root.directory);
    this.#scan(root.directory);
  }

  /** Says that nothing is left of what a root was; if it is a link in a tree, that one is still there. */
  #leadsElsewhere(root: Root, isDirectory: boolean): void {
    this.#sayRemoved(root.path, isDirectory, root);
    root.said = false;
    if (this.#roots.find(root.path)?.entry === false) this.#sayThere(root, "create", false);
  }

  #sayThere(root: Root, kind: EntryKind | "", isDirectory: boolean): void {
    root.said = true;
    if (kind !== "") this.#client.report(entryEvent(kind, root.path, isDirectory));
  }

  /** What is said of what is there in the beginning. */
  get #firstKind(): "exists" | "" {
    return this.#scope.initial ? "exists" : "";
  }

  /** Begins with a root, unless it is part of another one's tree. */
  #begin(root: Root): void {
    if (root.route !== undefined || this.#isInTree(root.path)) return;
    this.#follow(root);
    this.#look(root, true);
  }

  /** Whether a tree tells of all that happens at a path, and below. */
  #isInTree(path: string): boolean {
    const entry = this.#roots.find(path)?.entry;
    return entry instanceof Directory || entry === false && !this.#isLink(path);
  }

  /** Whether a root at or below a path is in no tree. */
  #isFollowedWithin(path: string): boolean {
    return this.#roots.within(path).some(({ route }) => route !== undefined);
  }

  #isLink(path: string): boolean {
    return typeof readLink(this.#hub.libc, path) === "string";
  }

  /**
   * A tree has come to the path of a root, which becomes part of it.
   *
   * @returns whether what is there is known
   */
  #takeIn(root: Root, parent: Directory, name: string, isDirectory: boolean): boolean {
    const { path, route, said, target, directory } = root;
    if (isDirectory ? !this.#scope.recursive : this.#isLink(path)) return false;
    route?.close();
    root.route = root.target = root.directory = undefined;
    if (!said) return false;
    if (target !== undefined && isDirectory === (directory !== undefined)) {
      parent.entries.set(name, directory ?? false);
      directory?.moveTo(parent, name);
      return true;
    }
    if (directory !== undefined) this.#drop(directory);
    this.#client.report(entryEvent("remove", path, directory !== undefined));
    return false;
  }

  /** The tree that a root may be part of comes to its end: the root stays. */
  #takeOut(root: Root, tree: Directory): void {
    const place = this.#roots.find(root.path);
    if (root.route !== undefined || place !== undefined && place.parent.root !== tree) return;
    this.#follow(root);
    if (place === undefined) return this.#look(root, true);
    const { parent, name, entry } = place;
    const directory = entry instanceof Directory ? entry : undefined;
    const target = root.target = root.route!.look();
    if (target && (target.isDirectory ? target.wd === directory?.wd : directory === undefined)) {
      parent.entries.delete(name);
      directory?.moveTo(undefined, root.path);
      root.directory = directory;
      return;
    }
    root.target = undefined;
    root.said = false;
    this.#client.report(entryEvent("remove", root.path, directory !== undefined));
    this.#look(root, false);
  }

  /**
   * Says that what is at a path is gone, and with it everything below: what roots have said of that, too.
   * They see the disk as it is, and a tree as it was at its last event; so they say it again.
   *
   * @param by the root that says it, if it is none of their trees
   */
  #sayRemoved(path: string, isDirectory: boolean, by?: Root): void {
    const roots = this.#roots.within(path).filter((root) => root !== by);
    for (const root of roots) {
      if (root.directory !== undefined) this.#drop(root.directory);
      root.said = false;
      root.target = root.directory = undefined;
    }
    this.#client.report(entryEvent("remove", path, isDirectory));
    for (const root of roots) this.#resume(root);
  }

  /** Looks again at a root of which nothing is known, unless it is in a tree. */
  #resume(root: Root): void {
    if (root.route === undefined) {
      if (this.#isInTree(root.path)) return;
      this.#follow(root);
    }
    this.#look(root, false);
  }

  #touched(path: string, mask: number, isDirectory: boolean): void {
    if (this.#frozen) return;
    const kind = CONTENT_KINDS.get(mask & this.#scope.content); // an event has one bit (inotify(7))
    if (kind !== undefined) this.#client.report(entryEvent(kind, path, isDirectory));
  }

  #unmounted(path: string): void {
    if (!this.#frozen) this.#client.report(unmountEvent(path));
  }

  // Events, one by one

  #apply(directory: Directory, event: InotifyEvent): void {
    if (this.#frozen) return;
    const { mask } = event;
    const { pending } = directory;
    const name = mask & (IN_CREATE | IN_MOVED_TO) ? own(nameOf(event)) : nameOf(event);
    if (!(mask & (IN_CREATE | IN_DELETE | IN_MOVE))) {
      if (name === "") this.#self(directory, mask);
      else if (pending === undefined || isExact(directory) && directory.entries.has(name)) {
        this.#changed(directory, name, mask);
      } else pending.later.push(event);
      return;
    }
    if (pending?.holds) {
      pending.later.push(event);
      return;
    }
    if (!isExact(directory)) {
      // The scan to come has seen it, but does not tell a directory from an older one of that name.
      const entry = directory.entries.get(name);
      if (entry instanceof Directory) this.#awaitAll(entry);
      return;
    }
    const isDirectory = (mask & IN_ISDIR) !== 0;
    const { replacement } = directory;
    directory.replacement = undefined;
    pending?.touch(name);
    if (mask & IN_CREATE) this.#created(directory, name, isDirectory);
    else if (mask & IN_MOVED_TO) this.#movedIn(directory, name, isDirectory);
    else if (mask & IN_MOVED_FROM && replacement?.name === name) this.#exchanged(directory, name);
    else this.#removed(directory, name);
  }

  #created(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known !== undefined) {
      if (isOfType(known, isDirectory)) return; // its removal is lost
      this.#removed(directory, name);
    }
    this.#found(directory, name, isDirectory, "create");
  }

  #removed(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    const path = directory.pathOf(name);
    directory.entries.delete(name);
    if (entry instanceof Directory) this.#drop(entry);
    if (this.#roots.followed(path)?.said ?? true) this.#sayRemoved(path, entry !== false);
  }

  /**
   * What was renamed to this name, over another entry, is renamed away; or it has changed places with
   * that one (RENAME_EXCHANGE of rename(2)), which is two renames as well, and is still there.
   */
  #exchanged(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry instanceof Directory) this.#awaitAll(entry);
    this.#await(directory);
    this.#scan(directory);
  }

  /** Something came from where nothing is tracked. */
  #movedIn(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known === undefined) return this.#found(directory, name, isDirectory, "create");
    directory.replacement = { name, source: undefined, from: "" };
    const path = directory.pathOf(name);
    if (!isOfType(known, isDirectory) || this.#isFollowed(known, path)) {
      this.#removed(directory, name);
      this.#found(directory, name, isDirectory, "create");
    } else if (known instanceof Directory) {
      this.#awaitAll(known);
      this.#scan(known);
    } else {
      this.#client.report(entryEvent("modify", path, false));
    }
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
      isReverse(source, from, target, to) ||
      this.#client.ignores?.(path, isDirectory, target.root.path) ||
      this.#isFollowed(entry, path) ||
      this.#isFollowedWithin(path) || this.#isFollowedWithin(source.pathOf(from))
    ) {
      this.#apply(source, fromEvent);
      this.#apply(target, toEvent);
      return;
    }
    const fromPath = source.pathOf(from);
    const replaced = target.entries.get(to);
    if (replaced instanceof Directory) this.#drop(replaced);
    source.pending?.touch(from);
    target.pending?.touch(to);
    source.replacement = undefined;
    target.replacement = replaced === undefined ? undefined : { name: to, source, from };
    source.entries.delete(from);
    target.entries.set(to, entry);
    if (entry instanceof Directory) {
      entry.moveTo(target, to);
      this.#doubtBelow(entry);
    }
    this.#client.report(renameEvent(fromPath, path, isDirectory, replaced !== undefined));
    for (const root of [...this.#roots.within(fromPath), ...this.#roots.within(path)]) {
      this.#resume(root);
    }
  }

  /** Whether an entry is a symbolic link that leads elsewhere now that it is at this path. */
  #isFollowed(entry: Entry, path: string): boolean {
    if (!this.#scope.followSymlinks || entry === true) return false;
    if (entry instanceof Directory) return entry.link;
    return this.#isLink(path);
  }

  /** A directory has moved: the scans of what is below it may be of what is now at the old path. */
  #doubtBelow(directory: Directory): void {
    for (const one of [...this.#pending]) {
      if (!one.isWithin(directory)) continue;
      this.#unwatch(one);
      this.#awaitAll(one);
      this.#scan(one);
    }
  }

  #changed(directory: Directory, name: string, mask: number): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return; // ignored, or gone again
    const path = directory.pathOf(name);
    if (!this.#roots.followed(path)) this.#touched(path, mask, entry !== false);
  }

  /** Of what happens to a directory its parent tells, unless it is a root. */
  #self(directory: Directory, mask: number): void {
    if (mask & IN_MOVE_SELF) {
      this.#await(directory); // a link that leads nowhere now
      this.#scan(directory);
    } else if (mask & IN_UNMOUNT) {
      this.#unmounted(directory.path);
    } else if (directory.parent === undefined) this.#touched(directory.path, mask, true);
  }

  /** An entry is there that was not known. */
  #found(directory: Directory, name: string, isDirectory: boolean, kind: EntryKind | ""): void {
    const path = directory.pathOf(name);
    const { recursive, followSymlinks } = this.#scope;
    const link = recursive && followSymlinks && !isDirectory &&
      leadsToDirectory(this.#hub.libc, path);
    if (this.#client.ignores?.(path, isDirectory || link, directory.root.path)) return;
    const root = this.#roots.followed(path);
    if (root !== undefined) {
      if (this.#takeIn(root, directory, name, isDirectory)) return;
      if (root.route !== undefined) { // which goes on to tell of what is in it
        directory.entries.set(name, isDirectory);
        if (!root.said) this.#sayThere(root, kind, isDirectory);
        return;
      }
    }
    if (kind !== "") this.#client.report(entryEvent(kind, path, isDirectory || link));
    if (!(isDirectory || link) || !recursive) {
      directory.entries.set(name, isDirectory || link);
      return;
    }
    this.#grow(directory, name, link, directory.initial && kind !== "create");
  }

  /** An entry is a directory, to be looked into. */
  #grow(directory: Directory, name: string, link: boolean, initial: boolean): void {
    const child = new Directory(name, directory, link);
    child.initial = initial;
    directory.entries.set(name, child);
    this.#await(child);
    this.#scan(child);
  }

  /** Gives up everything from a directory down; the entry in its parent is the caller's. */
  #drop(directory: Directory): void {
    for (const one of directory.subtree()) {
      one.gone = true;
      this.#settle(one);
      this.#unwatch(one);
    }
  }

  // Scans

  /**
   * Believes nothing of a directory's entries until it is scanned. Its events are still heard: of a
   * directory that has no watch, {@link #awaitAll} is to be said.
   */
  #await(directory: Directory): void {
    const { later = [], holds = false } = directory.pending ?? {};
    directory.pending = new Pending(undefined, holds, later);
    this.#pending.add(directory);
  }

  /** Believes nothing from a directory down; each is scanned when the one above it has been. */
  #awaitAll(directory: Directory): void {
    for (const one of directory.subtree()) this.#await(one);
  }

  #settle(directory: Directory): void {
    directory.pending = undefined;
    this.#pending.delete(directory);
  }

  /**
   * Puts a directory on the list of those to scan. It is begun with when the events at hand have been
   * applied: of what is removed, they say so before its watch ends is looked into.
   */
  #scan(directory: Directory): void {
    if (this.#toScan.push(directory) === 1) this.#hub.schedule(this);
  }

  work(): void {
    if (this.#closed) return;
    const end = performance.now() + SLICE;
    let next = 0;
    while (next < this.#toScan.length && (next % FEW > 0 || performance.now() < end)) {
      this.#scanOne(this.#toScan[next++]);
    }
    this.#toScan = this.#toScan.slice(next);
    if (this.#toScan.length > 0) this.#hub.schedule(this);
    this.#client.progress(this.#count);
    const scanned = this.#scanned;
    this.#scanned = [];
    this.#marks++;
    this.#hub.mark(() => {
      this.#marks--;
      this.#believe(scanned);
      if (this.#idle) { for (const root of this.#roots.within("/")) this.#begin(root); }
      if (!this.#idle) return;
      for (const resolve of this.#waitingForIdle) resolve();
      this.#waitingForIdle = [];
    });
  }

  #scanOne(directory: Directory): void {
    const { parent } = directory;
    if (directory.gone || this.#closed) return;
    if (parent !== undefined && !isExact(parent)) return; // its turn comes after the parent's
    // Not directory.path, which is kept: of most directories of a big tree nothing is ever said.
    const path = parent?.pathOf(directory.name) ?? directory.path;
    const follow = parent === undefined || directory.link;
    const mask = STRUCTURE | this.#scope.content | (directory.link ? IN_MOVE_SELF : 0);
    const found = this.#hub.scan(path, mask, follow, this);
    if (!("wd" in found)) return this.#unscanned(directory, path, found);
    this.#count++;
    if (directory.link && isInside(directory, found.wd)) return this.#leaf(directory);
    let { later = [], holds = false } = directory.pending ?? {};
    if (directory.wd !== found.wd) {
      // It is another directory, and so are those in it.
      later = [];
      holds = !found.isNew;
      if (!directory.isEmpty) this.#awaitAll(directory);
      this.#unwatch(directory);
      directory.wd = found.wd;
      this.#watches.add(found.wd, directory);
    }
    directory.pending = new Pending(found.listing, holds, later);
    this.#pending.add(directory);
    this.#scanned.push([directory, directory.pending]);
  }

  #unscanned(directory: Directory, path: string, { errno, syscall }: ScanFailure): void {
    if (errno === ENOENT || errno === ENOTDIR || errno === ELOOP) {
      // The path means something else by now: what became of the directory is still queued.
      this.#unwatch(directory);
      this.#awaitAll(directory);
      directory.pending = new Pending(undefined, false, [], errno);
      this.#scanned.push([directory, directory.pending]);
      return;
    }
    for (const one of directory.subtree()) {
      this.#settle(one);
      this.#unwatch(one);
    }
    this.#uncovered(path, { errno, syscall });
  }

  /** Says that something cannot be watched. */
  #uncovered(path: string, failure: ScanFailure): void {
    const shown = toText(path);
    const reason = failure.errno === ENOSPC
      ? explainENOSPC(this.#hub.libc)
      : REASONS[failure.errno];
    const error = new InotifyError(`watch ${JSON.stringify(shown)}`, reason, {
      ...failure,
      path: shown,
    });
    this.#client.report(errorEvent(path, error));
  }

  #unwatch(directory: Directory): void {
    const { wd } = directory;
    if (wd === -1) return;
    directory.wd = -1;
    if (this.#watches.delete(wd, directory)) this.#hub.release(wd, this);
  }

  /** The mark that follows these scans has come. */
  #believe(scanned: readonly [Directory, Pending][]): void {
    if (this.#closed || this.#frozen) return;
    for (const [directory, pending] of scanned) {
      if (directory.gone || directory.pending !== pending) continue;
      if (pending.found === undefined) {
        this.#doubt(directory, pending.errno);
        continue;
      }
      this.#settle(directory);
      if (this.#isPlain(directory, pending)) this.#adopt(directory, pending.found);
      else this.#compare(directory, pending.found, pending);
      for (const event of pending.later) this.#apply(directory, event);
      directory.initial = false;
    }
  }

  /** Whether all that a scan has found is to be known, and nothing said of it. */
  #isPlain(directory: Directory, { isUntouched }: Pending): boolean {
    return directory.initial && directory.isEmpty && isUntouched &&
      !this.#scope.initial && !this.#scope.followSymlinks &&
      this.#client.ignores === undefined &&
      !(this.#roots.nested && this.#isFollowedWithin(directory.path));
  }

  /** A directory could not be scanned, although nothing says that it is gone. */
  #doubt(directory: Directory, errno: number | undefined): void {
    const { parent, name, link } = directory;
    if (parent === undefined) {
      // Nor does its route say so: it was away for a moment.
      this.#await(directory);
      this.#scan(directory);
    } else if (link) {
      this.#removed(parent, name);
      parent.entries.set(name, false);
      this.#client.report(entryEvent("create", parent.pathOf(name), false));
    } else if (errno !== ENOENT) {
      // Its file system does not tell directories from the rest in a listing (DT_UNKNOWN).
      parent.entries.set(name, false);
      this.#drop(directory);
    } else if (parent.pending === undefined) {
      this.#await(parent);
      this.#scan(parent);
    }
  }

  /** A link leads back to a directory that it is in: it is not followed. */
  #leaf(directory: Directory): void {
    this.#settle(directory);
    this.#unwatch(directory);
  }

  /** Says the difference between what is known of a directory and what a scan has found. */
  #compare(directory: Directory, listing: Listing, pending: Pending): void {
    const found = new Map<string, boolean>();
    listing.addTo(found);
    for (const [name, entry] of [...directory.entries]) {
      const isDirectory = found.get(name);
      const isGone = isDirectory === undefined || !isOfType(entry, isDirectory);
      if (isGone && !pending.isTouched(name)) {
        this.#removed(directory, name);
      } else if (entry instanceof Directory) {
        if (!isExact(entry)) this.#scan(entry);
      } else if (directory.lostSince !== undefined && !entry) {
        const path = directory.pathOf(name);
        const time = changeTime(this.#hub.libc, path);
        if (time !== undefined && time >= directory.lostSince) {
          this.#client.report(entryEvent("modify", path, false));
        }
      }
    }
    directory.lostSince = undefined;
    const kind = directory.initial ? this.#firstKind : "create";
    for (const [name, isDirectory] of found) {
      if (directory.entries.has(name) || pending.isTouched(name)) continue;
      this.#found(directory, name, isDirectory, kind);
    }
  }

  /** Knows what a scan has found, and says nothing: what most of a set-up is. */
  #adopt(directory: Directory, found: Listing): void {
    if (this.#scope.recursive) {
      for (const name of found.directories()) this.#grow(directory, name, false, true);
    }
    directory.adopt(found);
  }

  async #untilClosedOr(begin: (resolve: () => void) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#untilClosed.add(resolve);
    begin(resolve);
    await promise;
    this.#untilClosed.delete(resolve);
  }

  get #idle(): boolean {
    return this.#marks === 0 && this.#toScan.length === 0;
  }
}

/** Whether what is known of a directory is what was so at the last event of it. */
function isExact({ pending }: Directory): boolean {
  return pending === undefined || pending.found !== undefined && !pending.holds;
}

/** Whether a rename takes back the one that has put something in the place of another entry. */
function isReverse(source: Directory, from: string, target: Directory, to: string): boolean {
  const { replacement } = source;
  if (replacement?.name !== from) return false;
  return replacement.source === undefined ||
    replacement.source === target && replacement.from === to;
}

/** Whether an entry is what a listing or an event says, where a link is none to a directory. */
function isOfType(entry: Entry, isDirectory: boolean): boolean {
  return isDirectory === (entry instanceof Directory ? !entry.link : entry);
}

/** Whether one of the directories above has this watch. */
function isInside({ parent }: Directory, wd: number): boolean {
  return parent !== undefined && (parent.wd === wd || isInside(parent, wd));
}
