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

import { Agenda, SLICE } from "./agenda.ts";
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
import { earliest, type Moment, now } from "./moment.ts";
import type { InotifyEvent } from "./parse.ts";
import type { Move } from "./renames.ts";
import { Roots, type Scope } from "./roots.ts";
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
/** How many names are compared at a step. */
const FEW = 16;

/** Tracks any number of paths for one client. */
export class Tracker implements Member {
  readonly #client: Client;
  readonly #scope: Scope;
  readonly #hub: Hub;
  readonly #roots: Roots;
  readonly #watches = new Watches<Directory>();
  readonly #agenda = new Agenda();
  #scanned: [Directory, Pending][] = [];
  /** The directories with {@link Directory.pending}. */
  readonly #pending = new Set<Directory>();
  #marks = 0;
  #frozen = false;
  #frozenSince: Moment = now();
  #closed = false;
  readonly #untilClosed = new Set<() => void>();
  #waitingForIdle: (() => void)[] = [];
  #count = 0;

  constructor(client: Client, scope: Scope) {
    this.#client = client;
    this.#scope = scope;
    this.#hub = Hub.enter(this);
    const isFrozen = () => this.#frozen || this.#closed;
    this.#roots = new Roots(this.#hub, scope, {
      get frozen() {
        return isFrozen();
      },
      report: (event) => client.report(event),
      touched: (path, mask) =>
        mask & IN_UNMOUNT ? this.#unmounted(path) : this.#touched(path, mask, false),
      uncovered: (path, failure) => this.#uncovered(path, failure),
      plant: (directory) => {
        this.#await(directory);
        this.#scan(directory);
      },
      drop: (directory) => this.#drop(directory),
    });
  }

  /**
   * Begins to track what is at a path, now or later.
   *
   * @param path absolute, as lossless text
   */
  add(path: string): void {
    const { blocking } = this.#scope;
    this.#roots.add(path, !blocking && !this.#idle);
    // At once, so that what happens from now on is no part of what was there.
    this.work(blocking ? Infinity : SLICE);
  }

  /** Ends what {@link add} began, and says nothing of it, but of what other paths need. */
  remove(path: string): void {
    this.#roots.remove(path);
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
    this.#agenda.giveUp();
    this.#roots.close();
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

  /** Says that events are lost, and what differs. @param since when all was known */
  #resync(since: Moment): void {
    const lostSince = earliest(since) - CLOCK_TICK;
    this.#client.report({ kind: "overflow" });
    for (const root of this.#roots) {
      this.#roots.look(root);
      if (root.directory === undefined) continue;
      for (const directory of root.directory.subtree()) {
        directory.lostSince = Math.min(directory.lostSince ?? Infinity, lostSince);
        this.#await(directory, []); // what has waited is worth nothing without what is lost
      }
      this.#scan(root.directory);
    }
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
    this.#roots.removed(path, entry !== false);
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
      this.#roots.changed(path);
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
      this.#roots.hasFollowed(source, from) || this.#roots.hasFollowed(target, to)
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
    this.#roots.changed(fromPath);
    this.#roots.changed(path);
  }

  /** Whether an entry is a symbolic link that leads elsewhere now that it is at this path. */
  #isFollowed(entry: Entry, path: string): boolean {
    if (!this.#scope.followSymlinks || entry === true) return false;
    if (entry instanceof Directory) return entry.link;
    return typeof readLink(this.#hub.libc, path) === "string";
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
    if (!this.#roots.isFollowed(path)) this.#touched(path, mask, entry !== false);
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

  /** An entry is there that was not known. @param mayBeLink whether it may be a symbolic link */
  #found(
    directory: Directory,
    name: string,
    isDirectory: boolean,
    kind: EntryKind | "",
    mayBeLink: boolean = true,
  ): void {
    const path = directory.pathOf(name);
    const { recursive } = this.#scope;
    const link = this.#followsLinks && !isDirectory && mayBeLink &&
      leadsToDirectory(this.#hub.libc, path);
    if (this.#client.ignores?.(path, isDirectory || link, directory.root.path)) return;
    if (this.#roots.found(directory, name, path, isDirectory, kind)) return;
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
  #await(directory: Directory, later: InotifyEvent[] = directory.pending?.later ?? []): void {
    directory.pending = new Pending(undefined, directory.pending?.holds ?? false, later);
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
    if (this.#agenda.isEmpty) this.#hub.schedule(this);
    this.#agenda.scan(directory);
  }

  work(slice: number = SLICE): void {
    if (this.#closed) return;
    if (this.#frozen) this.#agenda.giveUp();
    this.#agenda.work(slice, (directory) => this.#scanOne(directory));
    if (!this.#agenda.isEmpty) this.#hub.schedule(this);
    this.#client.progress(this.#count);
    const scanned = this.#scanned;
    this.#scanned = [];
    this.#marks++;
    this.#hub.mark(() => {
      this.#marks--;
      this.#believe(scanned);
      if (this.#idle) this.#roots.beginRest();
      if (!this.#idle) return;
      for (const resolve of this.#waitingForIdle) resolve();
      this.#waitingForIdle = [];
    });
  }

  #scanOne(directory: Directory): void {
    const { parent } = directory;
    if (directory.gone || this.#closed) return;
    if (parent !== undefined && !isListed(parent)) return; // its turn comes after the parent's
    // Not directory.path, which is kept: of most directories of a big tree nothing is ever said.
    const path = parent?.pathOf(directory.name) ?? directory.path;
    const follow = parent === undefined || directory.link;
    const mask = STRUCTURE | this.#scope.content | (directory.link ? IN_MOVE_SELF : 0);
    const found = this.#hub.scan(path, mask, follow, this);
    if (!("wd" in found)) return this.#unscanned(directory, path, found);
    this.#count++;
    if (directory.link && isInside(directory, found.wd)) {
      found.rest?.return(undefined);
      return this.#leaf(directory);
    }
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
    const pending = directory.pending = new Pending(found.listing, holds, later);
    this.#pending.add(directory);
    if (found.rest === undefined) return this.#listed(directory, pending);
    const end = (failure?: ScanFailure) => {
      if (failure === undefined) this.#listed(directory, pending);
      else this.#unscanned(directory, directory.path, failure);
    };
    this.#agenda.goOn({ directory, pending, steps: found.rest, end });
  }

  /** All that is in a directory has been read. */
  #listed(directory: Directory, pending: Pending): void {
    this.#scanned.push([directory, pending]);
    if (directory.initial && this.#scope.blocking) finish(this.#learn(directory, pending));
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
        // What is above it may have been scanned again since; then that scan tells what it is.
        if (directory.parent?.pending === undefined) this.#doubt(directory, pending.errno);
        continue;
      }
      const end = () => {
        this.#settle(directory);
        for (const event of pending.later) this.#apply(directory, event);
      };
      if (pending.isLearnt) {
        end();
      } else if (pending.found.isLarge) {
        this.#agenda.goOn({ directory, pending, steps: this.#learn(directory, pending), end });
        this.#hub.schedule(this);
      } else {
        finish(this.#learn(directory, pending));
        end();
      }
    }
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
  *#compare(directory: Directory, listing: Listing, pending: Pending): Generator<void, void> {
    const found = new Map<string, boolean>();
    const links = this.#followsLinks ? new Set<string>() : undefined;
    for (const part of listing.parts) {
      part.addTo(found);
      if (links) { for (const name of part.links()) links.add(name); }
      yield;
    }
    let count = 0;
    for (const [name, entry] of directory.entries) {
      if (++count % FEW === 0) yield;
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
    const kind = !directory.initial ? "create" : this.#scope.initial ? "exists" : "";
    for (const [name, isDirectory] of found) {
      if (++count % FEW === 0) yield;
      if (directory.entries.has(name) || pending.isTouched(name)) continue;
      this.#found(directory, name, isDirectory, kind, links?.has(name));
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
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#untilClosed.add(resolve);
    begin(resolve);
    await promise;
    this.#untilClosed.delete(resolve);
  }

  /** Whether directories are entered by symbolic links. */
  get #followsLinks(): boolean {
    return this.#scope.recursive && this.#scope.followSymlinks;
  }

  get #idle(): boolean {
    return this.#marks === 0 && this.#agenda.isEmpty;
  }
}

/** Does all steps at a stretch. */
function finish(steps: Iterable<void>): void {
  for (const _ of steps);
}

/** Whether what is known of a directory is what was so at the last event of it. */
function isExact({ pending }: Directory): boolean {
  return pending === undefined || pending.found !== undefined && !pending.holds;
}

/** Whether what is in a directory may be scanned. */
function isListed(directory: Directory): boolean {
  return isExact(directory) || directory.pending!.isLearnt;
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
