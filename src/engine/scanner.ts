/**
 * Scanner of directories, and the moment from which each is believed.
 *
 * The events of one inotify instance are in order. A scan is not in that order: it sees the disk of a
 * later moment. So it is believed only at a mark, when all that was queued at the time of the scan has
 * been applied, and then only for the names that no event has told of since.
 *
 * A path may mean another directory by the time of a scan than at the events that are being applied. If
 * the scan has added the watch, all that makes the difference is older than any event of that watch, so
 * it is noticed in time: the directory moves, or is removed, and what was scanned for it is dropped. If
 * the watch was there before, its events are held till the mark, and applied on top of the scan: for a
 * name with an event the last one decides, for the others the scan.
 *
 * @module
 */

import { ScanQueue, SLICE } from "./scan_queue.ts";
import type { Instance, Member } from "./instance.ts";
import { IN_CREATE, IN_DELETE, IN_EXCL_UNLINK, IN_MOVE, IN_MOVE_SELF } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import { isGone, type ScanFailure } from "./scan.ts";
import { type Directory, Pending } from "./directory.ts";
import { Owners } from "./owners.ts";

/** What becomes of scans. */
export interface Client {
  /** Knows what a scan has found, and says the differences; in steps, each short beside a slice. */
  learn(directory: Directory, pending: Pending): Generator<void, undefined>;
  /** Applies an event that has waited for a scan. */
  apply(directory: Directory, event: InotifyEvent): void;
  /** A directory is not where it should be, although nothing says that it is gone. */
  vanished(directory: Directory): void;
  /** A directory cannot be watched. */
  uncovered(path: string, failure: ScanFailure): void;
  /** Directories were scanned. @param count how many, so far */
  progress(count: number): void;
  /** No scan is left that is to be believed. */
  idle(): void;
}

/** How directories are scanned. */
export interface ScanScope {
  /** Whether what is there in the beginning is known at once. */
  readonly blocking: boolean;
  /** The content events wanted: bits that say nothing of an entry's coming and going. */
  readonly content: number;
}

/** What is always asked for: without it, no path would be right. */
const STRUCTURE = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

/** How often in a row a directory is looked for where its parent says that it is. */
const TRIES = 3;

/** The directories that are watched, and the scans of them. */
export class Scanner {
  /** Who has which watch. */
  readonly watches: Owners<Directory> = new Owners();
  readonly #instance: Instance;
  readonly #scope: ScanScope;
  readonly #member: Member;
  readonly #client: Client;
  readonly #queue: ScanQueue;
  /** The directories with {@link Directory.pending}. */
  readonly #pending = new Set<Directory>();
  /** The directories that were not where they should be, and how often in a row. */
  readonly #missed = new Map<Directory, number>();
  /** What was scanned since the last mark was sent. */
  #scanned: [Directory, Pending][] = [];
  /** How many marks are to come back. */
  #marks = 0;
  #count = 0;
  #closed = false;

  /** @param member who is told of the events of what is watched, and has to call {@link work} */
  constructor(instance: Instance, member: Member, scope: ScanScope, client: Client) {
    this.#instance = instance;
    this.#queue = new ScanQueue(instance.libc);
    this.#member = member;
    this.#scope = scope;
    this.#client = client;
  }

  /** Whether no scan is left that is to be believed. */
  get idle(): boolean {
    return this.#marks === 0 && this.#queue.isEmpty;
  }

  /**
   * Believes nothing of a directory's entries until it is scanned. Its events are still heard: of a
   * directory that has no watch, {@link doubtAll} is to be said.
   */
  doubt(directory: Directory): void {
    const { pending } = directory;
    const { holds = false, later = [] } = pending ?? {};
    directory.pending = new Pending(undefined, holds, later, pending);
    this.#pending.add(directory);
  }

  /** Believes nothing from a directory down; each is scanned when the one above it has been. */
  doubtAll(directory: Directory): void {
    for (const one of directory.subtree()) this.doubt(one);
  }

  /** A directory has moved: the scans of what is below it may be of what is now at the old path. */
  doubtBelow(directory: Directory): void {
    for (const one of [...this.#pending]) {
      if (!one.isWithin(directory)) continue;
      this.#unwatch(one);
      this.doubtAll(one);
      this.scan(one);
    }
  }

  /**
   * Puts a directory that is in doubt on the list of those to scan. It is begun with when the events at
   * hand have been applied: of what is removed, they say so before its watch ends is looked into.
   */
  scan(directory: Directory): void {
    if (this.#queue.isEmpty) this.#instance.schedule(this.#member);
    this.#queue.scan(directory);
  }

  /** Doubts a directory, and scans it. */
  again(directory: Directory): void {
    this.doubt(directory);
    this.scan(directory);
  }

  /** What was not where it should be, from a directory down, may have been so because of the way there. */
  forgive(directory: Directory): void {
    for (const one of this.#missed.keys()) if (one.isWithin(directory)) this.#missed.delete(one);
  }

  /** Gives up a directory, with what is pending. */
  giveUp(directory: Directory): void {
    this.#missed.delete(directory);
    this.#settle(directory);
    this.#unwatch(directory);
  }

  /** The kernel has ended a watch. */
  ended(wd: number): void {
    const directories = this.watches.of(wd);
    this.watches.end(wd);
    for (const directory of directories) {
      directory.wd = -1;
      // Nothing has said that it is gone: its file system is unmounted, say, and another one seen.
      this.doubtAll(directory);
      this.scan(directory);
    }
  }

  /** Scanner, and goes on with what is begun. @param slice for how long, in milliseconds */
  work(slice: number = SLICE): void {
    if (this.#closed) return;
    this.#queue.work(slice, (directory) => this.#scanOne(directory));
    if (!this.#queue.isEmpty) this.#instance.schedule(this.#member);
    this.#client.progress(this.#count);
    const scanned = this.#scanned;
    this.#scanned = [];
    this.#marks++;
    this.#instance.fence(() => {
      this.#marks--;
      this.#believe(scanned);
      if (this.idle) this.#client.idle();
    });
  }

  /** Ends it all, but for the watches. */
  close(): void {
    this.#closed = true;
    this.#queue.giveUp();
  }

  #scanOne(directory: Directory): void {
    const { parent } = directory;
    if (directory.gone || this.#closed) return;
    if (parent !== undefined && !parent.isListed) return; // its turn comes after the parent's
    // Not directory.path, which is kept: of most directories of a big tree nothing is ever said.
    const path = parent?.pathOf(directory.name) ?? directory.path;
    const follow = parent === undefined || directory.link;
    const mask = STRUCTURE | this.#scope.content | (directory.link ? IN_MOVE_SELF : 0);
    const found = this.#instance.scan(path, mask, follow, this.#member);
    if (!("wd" in found)) return this.#unscanned(directory, found);
    this.#count++;
    if (directory.link && isInside(directory, found.wd)) {
      // It leads back to a directory that it is in, and is not followed.
      found.rest?.return(undefined);
      return this.giveUp(directory);
    }
    let { later = [], holds = false } = directory.pending ?? {};
    if (directory.wd !== found.wd) {
      // It is another directory, and so are those in it.
      later = [];
      holds = !found.isNew;
      if (!directory.isEmpty) {
        directory.isOther = true;
        this.doubtAll(directory);
      }
      this.#unwatch(directory);
      directory.wd = found.wd;
      this.watches.add(found.wd, directory);
    }
    const pending = new Pending(found.listing, holds, later, directory.pending);
    directory.pending = pending;
    this.#pending.add(directory);
    const end = (failure?: ScanFailure) => {
      if (failure === undefined) this.#listed(directory, pending);
      else this.#unscanned(directory, failure);
    };
    if (found.rest === undefined) end(found.failure);
    else this.#queue.goOn({ directory, pending, steps: found.rest, end });
  }

  /** All that is in a directory has been read. */
  #listed(directory: Directory, pending: Pending): void {
    this.#missed.delete(directory);
    this.#scanned.push([directory, pending]);
    if (directory.initial && this.#scope.blocking) finish(this.#client.learn(directory, pending));
  }

  #unscanned(directory: Directory, failure: ScanFailure): void {
    if (!isGone(failure)) return this.#uncover(directory, failure);
    // The path means something else by now: what became of the directory is still queued.
    this.#unwatch(directory);
    this.doubtAll(directory);
    directory.pending = new Pending(undefined, false, [], directory.pending, failure);
    this.#scanned.push([directory, directory.pending]);
  }

  #uncover(directory: Directory, failure: ScanFailure): void {
    for (const one of directory.subtree()) this.giveUp(one);
    this.#client.uncovered(directory.path, failure);
  }

  /** A directory was not where it should be, and what was queued by then does not say why. */
  #miss(directory: Directory, failure: ScanFailure): void {
    const times = (this.#missed.get(directory) ?? 0) + 1;
    // Its file system lists what it does not find.
    if (times === TRIES) return this.#uncover(directory, failure);
    this.#missed.set(directory, times);
    this.#client.vanished(directory);
  }

  /** The mark that follows these scans has come. */
  #believe(scanned: readonly [Directory, Pending][]): void {
    if (this.#closed) return;
    for (const [directory, pending] of scanned) {
      if (directory.gone || directory.pending !== pending) continue;
      if (pending.found === undefined) {
        // What is above it may have been scanned again since; then that scan tells what it is.
        if (directory.parent?.pending === undefined) this.#miss(directory, pending.failure!);
        continue;
      }
      const end = () => {
        this.#settle(directory);
        for (const event of pending.later) this.#client.apply(directory, event);
      };
      if (pending.isLearnt) {
        end();
      } else if (pending.found.isLarge) {
        this.#queue.goOn({
          directory,
          pending,
          steps: this.#client.learn(directory, pending),
          end,
        });
        this.#instance.schedule(this.#member);
      } else {
        finish(this.#client.learn(directory, pending));
        end();
      }
    }
  }

  #settle(directory: Directory): void {
    directory.pending = undefined;
    this.#pending.delete(directory);
  }

  #unwatch(directory: Directory): void {
    const { wd } = directory;
    if (wd === -1) return;
    directory.wd = -1;
    if (this.watches.delete(wd, directory)) this.#instance.release(wd, this.#member);
  }
}

/** Does all steps at a stretch. */
function finish(steps: Iterable<void>): void {
  for (const _ of steps);
}

/** Whether one of the directories above has this watch. */
function isInside({ parent }: Directory, wd: number): boolean {
  return parent !== undefined && (parent.wd === wd || isInside(parent, wd));
}
