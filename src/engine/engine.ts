/**
 * Keeps what is known of the watched trees in step with the disk, and reports every difference.
 *
 * The events of one inotify instance are in order, and each is applied to what is known (events.ts): so what
 * is known is what was so at that event. What a scan found is compared with it at a fence (listings.ts). The
 * two write through entries.ts, which reports.
 *
 * It is longer than 300 lines, since it puts all the parts together.
 *
 * @module
 */

import { nameOf } from "../kernel/byte_string.ts";
import { earliest, monotonic, type Timestamp } from "../kernel/clock.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import { IN_CLOSE_WRITE, IN_IGNORED, IN_ISDIR, IN_MOVED_TO, IN_UNMOUNT } from "../kernel/mask.ts";
import type { Client } from "./client.ts";
import { Completion } from "./completion.ts";
import { Directory } from "./directory.ts";
import { discardHeld, isExact } from "./directory_state.ts";
import { Entries } from "./entries.ts";
import type { WatchEvent } from "./event.ts";
import { Events } from "./events.ts";
import { unwatchable } from "./failures.ts";
import { Instance } from "./instance.ts";
import type { Member, Owner } from "./member.ts";
import { Levels } from "./levels.ts";
import { LinkedFiles } from "./linked_files.ts";
import { Listings } from "./listings.ts";
import type { Loss } from "./loss.ts";
import { MountPoints } from "./mount_points.ts";
import type { MountTable } from "./mounts.ts";
import { Overlap } from "./overlap.ts";
import { Pictures } from "./pictures.ts";
import { Poll } from "./poll.ts";
import type { Move } from "./renames.ts";
import { RootMap } from "./root_map.ts";
import { RootQueue } from "./root_queue.ts";
import { Roots } from "./roots.ts";
import type { Scope } from "./scope.ts";
import { type Failed, type Outcome, Scanner } from "./scanner.ts";
import { Tree } from "./tree.ts";
import { SLICE } from "./turns.ts";
import { Way } from "./way.ts";

/** How far behind the clock a file's change time may be, in milliseconds: a tick of 100 Hz. */
const CLOCK_TICK = 10;

/** Watches any number of paths for one client. */
export class Engine implements Member {
  /** What is there, as pictures. */
  readonly pictures: Pictures;
  /** Looks at the disk again, if that is wanted. */
  readonly poll: Poll | undefined;
  readonly #client: Client;
  readonly #scope: Scope;
  readonly #instance: Instance;
  readonly #completion: Completion | undefined;
  readonly #entries: Entries;
  readonly #links: LinkedFiles;
  readonly #scanner: Scanner;
  readonly #map: RootMap;
  readonly #added: RootQueue;
  readonly #roots: Roots;
  readonly #overlap: Overlap;
  readonly #tree: Tree;
  readonly #events: Events;
  readonly #listings: Listings;
  readonly #mountPoints: MountPoints;
  /** For how many milliseconds {@link add} may still work in this turn of the event loop. */
  #turn = SLICE;
  /** How many fences that follow scans have not come back. */
  #fences = 0;
  /** Whether {@link close} was called. */
  isClosed = false;
  #untilClosed: Set<() => void> | undefined;
  #untilIdle: (() => void)[] = [];

  constructor(client: Client, scope: Scope) {
    const instance = Instance.join(this);
    const { libc } = instance;
    const map = new RootMap(libc, scope.followsRoots);
    const completion = scope.content & IN_CLOSE_WRITE
      ? new Completion(
        instance,
        this,
        map,
        (...link) => links.watchOf(...link),
        (...file) => entries.complete(...file),
      )
      : undefined;
    const report = (events: readonly WatchEvent[]) => this.isClosed || client.report(events);
    const entries = new Entries(report, scope, completion);
    const links: LinkedFiles = new LinkedFiles(
      instance,
      this,
      scope,
      map,
      entries,
      (directory, name) => tree.entered(directory, name),
    );
    const scanner = new Scanner(instance, this, scope, links);
    const levels = new Levels(scope, map, links, entries, scanner);
    const roots = new Roots(instance, this, scope, map, entries, scanner, levels);
    const overlap = new Overlap(scope, map, roots, entries, scanner, levels);
    const tree = new Tree(libc, scope, client.ignores, map, links, overlap, entries, scanner);
    const events = new Events(instance, this, tree, overlap, entries, scanner);
    this.#client = client;
    this.#scope = scope;
    this.#instance = instance;
    this.#completion = completion;
    this.#entries = entries;
    this.#links = links;
    this.#scanner = scanner;
    this.#map = map;
    this.#added = new RootQueue(libc);
    this.#roots = roots;
    this.#overlap = overlap;
    this.#tree = tree;
    this.#events = events;
    this.#listings = new Listings(libc, scope, tree, links, overlap, entries, scanner, events);
    this.#mountPoints = new MountPoints(instance, scope, map, roots, tree, entries, scanner);
    const poll = scope.polls
      ? new Poll(
        libc,
        this,
        roots,
        links,
        overlap,
        entries,
        events,
        scanner,
        scope.followsRoots,
      )
      : undefined;
    this.pictures = new Pictures(
      libc,
      this,
      scope,
      map,
      roots,
      links,
      overlap,
      tree,
      entries,
      completion,
      poll,
    );
    this.poll = poll;
  }

  /**
   * Begins to watch what is at a path, now or later.
   *
   * @param path absolute, as lossless text
   */
  add(path: string): void {
    this.#added.add(path);
    if (this.#scope.blocking) {
      do this.#work(Infinity); while (!this.isClosed && this.#hasWork);
    } else if (this.#turn > 0 || this.#tree.ignoresByNearest) {
      // At once, so that what happens from now on is no part of what was there.
      const begin = monotonic(this.#instance.libc);
      this.#work(this.#turn);
      this.#turn -= monotonic(this.#instance.libc) - begin;
    } else this.#instance.schedule(this);
  }

  /** Ends what {@link add} began, and reports nothing of it, but of what other roots need. */
  remove(path: string): void {
    this.#added.delete(path);
    const root = this.#map.get(path);
    if (root === undefined) return;
    const { isNested } = this.#map;
    this.#overlap.remove(root);
    if (isNested && this.#tree.ignoresByRoot) this.reconsider();
  }

  /**
   * Asks about every entry again, since what is ignored has changed. What is no longer ignored counts as there
   * in the beginning; of what is now, nothing more is reported.
   */
  reconsider(): void {
    this.#tree.reconsider();
  }

  /** The paths of all that is watched, as lossless text. */
  watched(): Iterable<string> {
    return this.#map.watched();
  }

  /** Whether a watched path is, or was, below another one. */
  get wasNested(): boolean {
    return this.#map.wasNested;
  }

  /**
   * Resolves when all that the kernel has queued by now is applied, all scans are committed, and all files that are
   * complete are reported.
   */
  async settled(): Promise<void> {
    await this.#untilClosedOr((resolve) => this.#instance.mounts.look(resolve));
    for (await this.applied(); !this.isClosed && !this.#isIdle; await this.applied()) {
      await this.#untilClosedOr((resolve) => this.#untilIdle.push(resolve));
    }
    const completion = this.#completion;
    if (completion) await this.#untilClosedOr((resolve) => completion.judged(resolve));
  }

  /** Resolves when all is applied that the kernel has queued by now. */
  applied(): Promise<void> {
    return this.#untilClosedOr((resolve) => this.#instance.fence(resolve));
  }

  /** Begins a loss: what is reported from now on does not get to a loop. */
  lose(): Loss {
    return this.#entries.lose(this.#roots.known());
  }

  /** What differs since a loss began. */
  missed(loss: Loss): WatchEvent[] {
    return this.#entries.missed(loss, this.#roots.known());
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
    this.isClosed = true;
    this.poll?.close();
    this.pictures.end(this.#instance.drained.realtime - CLOCK_TICK);
    for (const resolve of this.#untilClosed ?? []) resolve();
    this.#added.clear();
    this.#scanner.close();
    this.#links.close();
    this.#roots.close();
    this.#completion?.close();
    return this.#instance.leave(this);
  }

  event(event: InotifyEvent, owner: Owner): void {
    if (this.isClosed || !(owner instanceof Directory)) return;
    const { mask } = event;
    if (mask & IN_IGNORED) return this.#scanner.ended(owner);
    if (mask & IN_UNMOUNT) return this.#mountPoints.unmounted(owner);
    if (mask & IN_MOVED_TO && mask & IN_ISDIR) this.#mountPoints.arrived();
    this.#events.apply(owner, event);
  }

  move({ from, to }: Move): void {
    const sources = from === undefined ? [] : this.#directories(from);
    const targets = to === undefined ? [] : this.#directories(to);
    const [[source], [target]] = [sources, targets];
    if (from && to && sources.length === 1 && targets.length === 1) {
      if (isExact(source.state) && isExact(target.state)) {
        if (this.isClosed) return;
        if (to.mask & IN_ISDIR) this.#mountPoints.locate();
        return this.#events.move(source, from, target, to);
      }
    }
    for (const directory of sources) this.event(from!, directory);
    for (const directory of targets) this.event(to!, directory);
  }

  overflow(): void {
    if (!this.isClosed) this.#resync(this.#instance.drained);
  }

  remounted(before: MountTable, now: MountTable): void {
    if (this.isClosed) return;
    Way.doubt(this.#instance);
    if (before !== now) return this.#mountPoints.changed(before, now);
    // Roots may have been found in what was mounted for a moment; but what is mounted again alike is reported first.
    this.#instance.mounts.look(() => this.isClosed || this.#roots.lookAgain(), true);
  }

  fail(error: unknown): void {
    this.#client.fail(error);
  }

  work(): boolean {
    if (this.isClosed) return false;
    this.#turn = SLICE;
    const asks = this.#completion?.ask(this.#isIdle) ?? false;
    const works = this.#hasWork;
    if (works) this.#work(SLICE);
    return works || asks;
  }

  /** The directories that an event is of, each by a path of its own. */
  #directories(event: InotifyEvent): Directory[] {
    const directories: Directory[] = [];
    for (const owner of this.#instance.owners.of(event.wd, nameOf(event))) {
      if (owner.receiver === this && owner instanceof Directory) directories.push(owner);
    }
    return directories;
  }

  /** Begins with roots, or scans, for a while; what is found is committed when its fence comes back. */
  #work(slice: number): void {
    if (this.isClosed) return;
    this.#links.work();
    this.#begin(slice);
    const left = this.#events.take();
    const [outcomes, failed] = this.#scanner.work(this.#added.isEmpty ? slice : 0);
    for (const { directory, failure } of failed) {
      this.#entries.report(unwatchable(this.#instance.libc, directory.path, failure));
    }
    if (this.#scope.blocking) {
      for (const outcome of outcomes) this.#listings.commitEarly(outcome);
    }
    this.#client.progress(this.#scanner.count);
    this.#fences++;
    this.#instance.fence(() => {
      this.#fences--;
      this.#turn = SLICE;
      if (this.isClosed) return;
      const doubtful = this.#doubtful([...outcomes, ...failed]);
      for (const directory of doubtful) this.#scanner.forgetMisses(directory);
      this.#listings.commit(outcomes);
      this.#events.check(left);
      this.#completion?.resume();
      if (doubtful.length > 0) this.#scanAgain(doubtful);
      if (this.#isIdle) this.#scanned();
    });
  }

  /** The directories that a mount may have hidden while they were scanned, which may be gone. */
  #doubtful(scans: readonly (Outcome | Failed)[]): Directory[] {
    if (scans.length === 0) return [];
    const { mounts } = this.#instance;
    const isKnown = mounts.areKnown();
    const doubtful = scans.filter(({ changes }) =>
      changes !== undefined && (!isKnown || changes !== mounts.changes)
    );
    return doubtful.map(({ directory }) => directory);
  }

  /** Scans directories again, once it is known which mounts are there. */
  #scanAgain(directories: readonly Directory[]): void {
    this.#fences++;
    this.#instance.mounts.look(() => {
      this.#fences--;
      if (this.isClosed) return;
      for (const directory of directories) {
        if (!directory.gone) this.#scanner.rescanDoubtful(directory);
      }
      if (this.#isIdle) this.#scanned();
    });
  }

  /** Begins with roots for a while. */
  #begin(slice: number): void {
    if (this.#added.isEmpty) return;
    this.#added.work(slice, (path) => {
      const isGrowing = this.#fences > 0 || !this.#scanner.isIdle;
      this.#roots.add(path, isGrowing && !this.#scope.blocking);
    });
    if (this.#map.isNested && this.#tree.ignoresByRoot) this.reconsider();
    if (!this.#added.isEmpty) this.#instance.schedule(this);
  }

  /** Whether there are roots to begin with, links to be resolved, names to be checked, or scans to be made. */
  get #hasWork(): boolean {
    return !this.#added.isEmpty || !this.#links.isIdle || !this.#events.isIdle ||
      !this.#scanner.isIdle;
  }

  /** Whether no work is left, and each scan is committed. */
  get #isIdle(): boolean {
    return this.#fences === 0 && !this.#hasWork;
  }

  #scanned(): void {
    this.#roots.beginRest();
    if (!this.#isIdle) return;
    this.#mountPoints.scanned();
    for (const resolve of this.#untilIdle) resolve();
    this.#untilIdle = [];
  }

  /** Reports that events are lost, and scans again. @param since when all was known */
  #resync(since: Timestamp): void {
    const lostSince = earliest(this.#instance.libc, since) - CLOCK_TICK;
    this.#entries.report({ kind: "overflow" });
    Way.doubt(this.#instance);
    for (const root of this.#map) {
      this.#roots.resync(root, lostSince);
      if (root.directory === undefined) continue;
      for (const directory of root.directory.subtree()) {
        directory.lostSince = Math.min(directory.lostSince ?? Infinity, lostSince);
        discardHeld(directory.state); // worth nothing without what is lost
        this.#scanner.invalidate(directory);
      }
      this.#scanner.schedule(root.directory);
    }
    this.#completion?.lost();
  }

  async #untilClosedOr(begin: (resolve: () => void) => void): Promise<void> {
    if (this.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    (this.#untilClosed ??= new Set()).add(resolve);
    begin(resolve);
    await promise;
    this.#untilClosed?.delete(resolve);
    if (this.#untilClosed?.size === 0) this.#untilClosed = undefined;
  }
}
