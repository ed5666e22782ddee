/**
 * `Tree`: reports the kernel's events by path, of single paths and of trees that change meanwhile.
 *
 * It shares the engine's scan, pairing of renames and fence. The rest of the engine reports what has
 * changed; inotifywait prints each event that the kernel queues, in the kernel's order.
 *
 * A new directory is scanned once all queued events have been applied, so by the path that it has by then.
 * What the scan finds is reported as created, before the events that were queued meanwhile; see TreeScan.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { ENOTDIR } from "../../../ffi/errno.ts";
import { delay, turn } from "../../../ffi/time.ts";
import { Fence } from "../../engine/fence.ts";
import { type Move, Renames } from "../../engine/renames.ts";
import { isGone } from "../../engine/scan.ts";
import { nameOf, own, toBytes } from "../../kernel/byte_string.ts";
import { InotifyError } from "../../kernel/error.ts";
import { reasonFor } from "../../kernel/reason.ts";
import { leadsToDirectory, readLink } from "../../kernel/files.ts";
import type { Inotify } from "../../kernel/inotify.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_IGNORED,
  IN_ISDIR,
  IN_MOVE_SELF,
  IN_Q_OVERFLOW,
} from "../../kernel/mask.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import type { Observer } from "./observer.ts";
import { newPlace, type Place, Places, type Prune, subtree } from "./places.ts";
import { createEvent, ENTRIES, mayBeOfScan, type Scanning, TreeScan } from "./tree_scan.ts";

/** What is watched in a tree, asked for or not, to follow its changes. */
const STRUCTURE = ENTRIES | IN_MOVE_SELF;
/** How long the second half of a rename may take to be queued, in milliseconds. */
const PATIENCE = 2;

/** Watches paths and trees with one inotify instance. */
export class Tree {
  readonly #libc: Libc;
  readonly #inotify: Inotify;
  readonly #mask: number;
  readonly #observer: Observer;
  readonly #places: Places;
  readonly #scanning: Scanning;
  readonly #roots = new Set<Place>();
  /** The events to report. */
  #queue: InotifyEvent[] = [];
  /** Those of them that may change a tree. */
  readonly #renames = new Renames();
  /** Second halves of renames that were applied together with the first half. */
  readonly #applied = new Set<InotifyEvent>();
  /** What the last rename seems to have replaced; or it is an exchange (RENAME_EXCHANGE of rename(2)). */
  #replaced: Place | undefined;
  /** The last paths of directories that have left: their IN_MOVE_SELF is still queued. */
  readonly #left = new Map<number, string>();
  #fence: Fence | undefined;
  #isTree = false;
  #isStopped = false;
  /** Whether the kernel has lost events. */
  #lost = false;

  /** Watches nothing yet. @param mask of every watch: the events to report, and flags */
  constructor(libc: Libc, inotify: Inotify, mask: number, prune: Prune, observer: Observer) {
    this.#libc = libc;
    this.#inotify = inotify;
    this.#mask = mask;
    this.#observer = observer;
    this.#places = new Places(prune, (wd) => this.#rmWatch(wd));
    const { fd } = inotify;
    this.#scanning = { libc, fd, mask: mask | STRUCTURE, places: this.#places, observer };
  }

  /** Watch descriptors and paths. */
  *watches(): Generator<[wd: number, path: string]> {
    for (const [wd, { path }] of this.#places.watched) yield [wd, path];
  }

  /** Watches a file or a directory. @throws {InotifyError} */
  watch(path: string): void {
    const wd = this.#inotify.addWatch(toBytes(path), this.#mask);
    if (this.#places.watched.has(wd)) return; // of two paths to one inode the first is reported
    const isDirectory = typeof readLink(this.#libc, path) !== "string" &&
      leadsToDirectory(this.#libc, path);
    this.#places.watch(newPlace(isDirectory ? slashed(path) : path), wd);
  }

  /** Watches a directory and all directories below it; or a file. @throws {InotifyError} */
  async watchTree(path: string): Promise<void> {
    this.#isTree = true;
    const root = newPlace(slashed(path));
    for (const failure of new TreeScan(this.#scanning, true).run(root)) {
      if (failure === undefined) {
        this.#hold();
        this.#observer.progress(this.#places.watched.size);
        await turn();
      } else if (failure.errno === ENOTDIR && root.wd === undefined) {
        return this.watch(path);
      } else {
        throw new InotifyError("watch", reasonFor(this.#libc, failure.errno), failure);
      }
    }
    this.#hold();
    if (root.wd !== undefined) this.#roots.add(root);
  }

  /** Holds the events that are queued during the set-up, except for those of the scans. */
  #hold(): void {
    this.#enqueue(this.#readAll().filter((event) => !mayBeOfScan(event)));
  }

  #readAll(): InotifyEvent[] {
    let events: InotifyEvent[] = [];
    for (let more; (more = this.#inotify.readSync()).length > 0;) events = events.concat(more);
    return events;
  }

  #enqueue(events: readonly InotifyEvent[]): void {
    this.#queue = this.#queue.concat(events);
    if (this.#isTree) this.#renames.push(events.filter(mayChangeTree));
  }

  /** Reports events until {@link stop}. */
  async run(): Promise<void> {
    do {
      for (let i = 0; i < this.#queue.length; i++) {
        if (this.#isStopped) return;
        const event = this.#queue[i];
        this.#handle(event);
        if (!this.#isTree || !mayChangeTree(event) || this.#applied.delete(event)) continue;
        const change = this.#renames.shift(false) ?? await this.#secondHalf();
        if ("wd" in change) this.#change(change);
        else this.#move(change);
      }
      if (this.#isStopped) return;
      this.#queue = [];
      this.#enqueue(this.#scanAll());
      if (this.#queue.length > 0) continue;
      this.#observer.caughtUp();
      this.#enqueue(await this.#inotify.read());
    } while (this.#queue.length > 0);
  }

  /** Ends {@link run}, and reports nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#inotify.close();
    this.#fence?.close();
  }

  /** Ends {@link run} once all that is queued by now has been reported. */
  finish(): void {
    try {
      this.#fence ??= new Fence(this.#libc, this.#inotify.fd);
      this.#fence.request(() => this.stop());
      this.#fence.send();
    } catch {
      this.stop();
    }
  }

  #report(path: string, event: InotifyEvent): void {
    if (!this.#isStopped) this.#observer.event(path, event);
  }

  #handle(event: InotifyEvent): void {
    const { wd, mask } = event;
    if (this.#fence?.passed(wd)) return;
    // Of a directory that has left, only IN_MOVE_SELF is reported.
    const left = mask & IN_MOVE_SELF ? this.#left.get(wd) : undefined;
    const place = this.#places.watched.get(wd);
    const path = wd === -1 ? "" : left ?? place?.path;
    if (path !== undefined && (mask & STRUCTURE & ~this.#mask) === 0) this.#report(path, event);
    if (mask & IN_IGNORED) {
      this.#left.delete(wd);
      this.#places.end(wd);
    } else if (mask & IN_MOVE_SELF && place !== undefined && this.#roots.has(place)) {
      if (place.parent === undefined) this.#observer.moved(place.path);
    } else if (mask & IN_Q_OVERFLOW) {
      this.#lost = true;
      this.#fence?.lost();
      if (this.#fence !== undefined) this.finish();
    }
  }

  /** Reads on until the next rename is complete, or its second half is overdue. */
  async #secondHalf(): Promise<InotifyEvent | Move> {
    for (const patience of [0, PATIENCE]) {
      if (patience > 0) await delay(patience);
      this.#enqueue(this.#readAll());
      const change = this.#renames.shift(false);
      if (change !== undefined) return change;
    }
    return this.#renames.shift(true)!;
  }

  #change(event: InotifyEvent): void {
    const parent = this.#places.watched.get(event.wd);
    if (parent === undefined) return;
    if (event.mask & IN_CREATE) this.#places.appear(parent, own(nameOf(event)), true);
    else if (event.mask & IN_DELETE) this.#places.detach(parent, nameOf(event));
  }

  #move({ from, to }: Move): void {
    const source = from && this.#places.watched.get(from.wd);
    const target = to && this.#places.watched.get(to.wd);
    const replaced = this.#replaced;
    this.#replaced = undefined;
    const isExchange = from && replaced?.wd !== undefined && replaced.parent === source &&
      replaced.name === nameOf(from);
    const moved = isExchange ? replaced : source && this.#places.detach(source, nameOf(from!));
    if (to !== undefined && from !== undefined) this.#applied.add(to);
    const name = to === undefined ? "" : own(nameOf(to));
    const displaced = target && this.#places.detach(target, name);
    if (moved === undefined) {
      if (target !== undefined) this.#places.appear(target, name, false);
    } else if (target !== undefined && this.#places.attach(moved, target, name)) {
      this.#replaced = displaced;
    } else {
      if (moved.wd !== undefined) this.#left.set(moved.wd, moved.path);
      this.#places.discard(moved);
    }
  }

  #rmWatch(wd: number): void {
    try {
      this.#inotify.rmWatch(wd);
    } catch {
      // The kernel has ended it, and IN_IGNORED is still queued.
    }
  }

  /** Scans what is scheduled; after a loss, all trees. @returns the events that were queued meanwhile */
  #scanAll(): InotifyEvent[] {
    if (this.#lost) return this.#resync();
    const tops = this.#places.takeScheduled();
    return tops.length === 0 ? [] : this.#scanEach(tops, new TreeScan(this.#scanning, false));
  }

  /** Scans all trees from their roots, and ends the watches of what is no longer in them. */
  #resync(): InotifyEvent[] {
    this.#lost = false;
    const roots = [...this.#roots];
    const tops = roots.map(({ path }) => newPlace(path, undefined, "", true));
    const before = this.#places.clear((place) =>
      place.parent === undefined && !this.#roots.has(place)
    );
    const events = this.#scanEach(tops, new TreeScan(this.#scanning, false, before));
    for (const [i, top] of tops.entries()) {
      if (top.wd === undefined) { // it cannot be scanned: keep what is known
        for (const place of subtree(roots[i])) {
          if (place.wd !== undefined) this.#places.watch(place, place.wd);
        }
      } else {
        this.#roots.delete(roots[i]);
        this.#roots.add(top);
      }
    }
    for (const wd of before.keys()) if (!this.#places.watched.has(wd)) this.#rmWatch(wd);
    return events;
  }

  /** Scans trees, and reports what is new in them. @returns the events that were queued meanwhile */
  #scanEach(tops: readonly Place[], scan: TreeScan): InotifyEvent[] {
    let events: InotifyEvent[] = [];
    for (const top of tops) {
      for (const failure of scan.run(top)) {
        if (failure === undefined) events = events.concat(this.#readAll());
        else if (!isGone(failure)) this.#observer.uncovered(failure.path, failure.errno);
      }
    }
    events = scan.settle(events.concat(this.#readAll()));
    for (const [{ wd, path }, entries] of scan.created) {
      if (entries.size > 0 && !(this.#mask & IN_CREATE)) {
        this.#observer.unasked(path, entries.size);
        continue;
      }
      for (const [name, isDirectory] of entries) {
        this.#report(path, createEvent(wd!, name, isDirectory));
      }
    }
    return events;
  }
}

/** Whether an event may change a tree; so may those that an overflow has lost. */
function mayChangeTree({ mask }: InotifyEvent): boolean {
  return (mask & IN_ISDIR) !== 0 && (mask & ENTRIES) !== 0 || (mask & IN_Q_OVERFLOW) !== 0;
}

function slashed(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
