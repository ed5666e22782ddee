/**
 * Scans directories: watches and lists them, in slices.
 *
 * The events of an inotify instance are in order, and a scan is not: it sees a later moment than the event
 * that is being applied. So what a scan found is committed at a fence, when all that was queued at the time
 * of the scan has been applied, and only for names without a later event; see directory_state.ts.
 *
 * The path of a directory may lead to another one at the time of its scan. If the scan added the watch, what
 * makes the difference is older than any event of that watch, so it is noticed in time: the directory moves, or
 * is removed, and its scan is discarded. If the watch was there before, its events are held.
 *
 * What to scan and what a scan found are one file, longer than 300 lines, since each decides about the other.
 *
 * @module
 */

import { EACCES } from "../../ffi/errno.ts";
import { debug } from "../kernel/debug.ts";
import { IN_CREATE, IN_DELETE, IN_EXCL_UNLINK, IN_MOVE, IN_MOVE_SELF } from "../kernel/mask.ts";
import type { Directory } from "./directory.ts";
import { invalidate, isListed, KNOWN, needsScan, scanned, unreachable } from "./directory_state.ts";
import { Duplicates } from "./duplicates.ts";
import type { Instance } from "./instance.ts";
import type { Member } from "./member.ts";
import type { LinkedFiles } from "./linked_files.ts";
import { Listing } from "./listing.ts";
import { Refusals } from "./refusals.ts";
import { Repeats } from "./repeats.ts";
import { isGone, type Rest, type Scan, type ScanFailure } from "./scan.ts";
import { ScanQueue, type Task } from "./scan_queue.ts";
import { SLICE } from "./turns.ts";

/** How directories are scanned. */
export interface ScanScope {
  /** The content events wanted: bits that say nothing of an entry's coming and going. */
  readonly content: number;
  /** Whether directories that symbolic links lead to are scanned. */
  readonly followSymlinks: boolean;
  /** Whether a root that is a symbolic link is. */
  readonly followsRoots: boolean;
}

/** A directory that was scanned, and its state then: `live`, `held` or `unreachable`. */
export interface Outcome {
  readonly directory: Directory;
  readonly generation: number;
  /** See {@link Mounts.changes}: as of before the scan; `undefined` if no mount can have hidden the directory. */
  readonly changes: number | undefined;
}

/** A directory that cannot be watched. */
export interface Failed {
  readonly directory: Directory;
  readonly failure: ScanFailure;
  /** See {@link Outcome.changes}. */
  readonly changes: number | undefined;
}

/** Always asked for: without these, no path would be right. */
const STRUCTURE = IN_CREATE | IN_DELETE | IN_MOVE | IN_EXCL_UNLINK;

/** How often in a row a directory is looked for where its parent has it. */
const TRIES = 3;
/** How often in a row a large directory is listed that changes meanwhile. */
const LISTINGS = 3;

/** The directories to scan, and the watches of those that were. */
export class Scanner {
  readonly #instance: Instance;
  readonly #scope: ScanScope;
  readonly #member: Member;
  readonly #queue: ScanQueue;
  /** The directories that are not known. */
  readonly #unsettled = new Set<Directory>();
  /** Of directories that were not where they should be. */
  readonly #misses = new Repeats(TRIES);
  /** Of large directories that changed while they were listed. */
  readonly #listings = new Repeats(LISTINGS);
  /** Those that a mount may have hidden when they were scanned. */
  readonly #doubtful = new WeakSet<Directory>();
  /** Where no link is followed, there are none. */
  readonly #duplicates: Duplicates | undefined;
  readonly #refusals: Refusals;
  readonly #links: LinkedFiles;
  #outcomes: Outcome[] = [];
  #failed: Failed[] = [];
  #count = 0;
  #closed = false;

  /** @param member whose `work()` is to call {@link work} */
  constructor(instance: Instance, member: Member, scope: ScanScope, links: LinkedFiles) {
    this.#links = links;
    this.#instance = instance;
    this.#queue = new ScanQueue(instance.libc);
    if (scope.followSymlinks) this.#duplicates = new Duplicates(instance, member);
    this.#refusals = new Refusals(instance, (directory) => this.rescan(directory));
    this.#member = member;
    this.#scope = scope;
  }

  /** Whether there is nothing to scan. */
  get isIdle(): boolean {
    return this.#queue.isEmpty;
  }

  /** How many scans were made. */
  get count(): number {
    return this.#count;
  }

  // What is to be scanned

  /** Trusts nothing that is known of a directory's entries until it is scanned. */
  invalidate(directory: Directory): void {
    directory.enter(invalidate(directory.state));
    this.#unsettled.add(directory);
  }

  /** Invalidates a directory and all below it. Each is scanned after its parent. */
  invalidateTree(directory: Directory): void {
    for (const one of directory.subtree()) this.invalidate(one);
  }

  /** A directory has moved: a scan of what is below may be of what is at the old path now. */
  invalidateMoved(directory: Directory): void {
    for (const one of [...this.#unsettled]) {
      if (!one.isWithin(directory)) continue;
      this.#release(one);
      this.invalidateTree(one);
      this.schedule(one);
    }
  }

  /**
   * Schedules the scan of a directory that is not known. Scans begin when the events at hand have been
   * applied: deletions are applied before ended watches are handled.
   */
  schedule(directory: Directory): void {
    if (this.#queue.isEmpty) this.#instance.schedule(this.#member);
    this.#queue.schedule(directory, this.#isBehindLink(directory));
  }

  /** Invalidates a directory, and schedules its scan. */
  rescan(directory: Directory): void {
    this.invalidate(directory);
    this.schedule(directory);
  }

  /**
   * Scans a directory again that a mount may have hidden. If mounts have not changed by the time it is open, it is the
   * right one, whatever is mounted while it is read: so the scans come to an end.
   */
  rescanDoubtful(directory: Directory): void {
    this.#doubtful.add(directory);
    this.rescan(directory);
  }

  /** Adds work of several steps. */
  begin<Result>(task: Task<Result>): void {
    if (this.#queue.isEmpty) this.#instance.schedule(this.#member);
    this.#queue.begin(task);
  }

  // Scans

  /**
   * Scans, and goes on with tasks.
   *
   * @param slice for how long, in milliseconds
   * @returns what was scanned, to be committed at the next fence; and what cannot be
   */
  work(slice: number = SLICE): [outcomes: Outcome[], failed: Failed[]] {
    if (!this.#closed) this.#queue.work(slice, (directory) => this.#scan(directory));
    if (!this.#queue.isEmpty) this.#instance.schedule(this.#member);
    const result: [Outcome[], Failed[]] = [this.#outcomes, this.#failed];
    this.#outcomes = [];
    this.#failed = [];
    return result;
  }

  #scan(directory: Directory): void {
    const { parent } = directory;
    if (directory.gone || this.#closed || !needsScan(directory.state)) return;
    if (parent !== undefined && !isListed(parent.state)) return; // it is scheduled after its parent
    // Not directory.path, which is kept: for most directories of a big tree nobody asks.
    const path = parent?.pathOf(directory.name) ?? directory.path;
    const follow = parent === undefined ? this.#scope.followsRoots : directory.link;
    const mask = STRUCTURE | this.#scope.content | (directory.link ? IN_MOVE_SELF : 0);
    const { changes: before } = this.#instance.mounts;
    const found = this.#instance.scan(path, mask, follow);
    const changes = this.#isCertain(directory) ? undefined : before;
    debug?.("scan", JSON.stringify(path), describe(found));
    if (!("wd" in found)) return this.#unscanned(directory, found, changes);
    this.#count++;
    if (this.#isBehindLink(directory) && this.#duplicates?.isEntered(found.wd, directory)) {
      found.rest?.return(undefined);
      return this.#scannedDuplicate(directory, found.wd, changes);
    }
    const { state } = directory;
    const isSame = directory.wd === found.wd;
    if (!isSame) {
      if (!directory.isEmpty) {
        // It is another directory, and so are those below it.
        directory.isOther = true;
        this.invalidateTree(directory);
      }
      this.#release(directory);
      directory.wd = found.wd;
      this.#instance.owners.add(found.wd, directory);
      this.#duplicates?.delete(directory);
      if (this.#scope.followSymlinks && !directory.isBehindLink) this.#leaveByLinks(found.wd);
    }
    const watch = isSame ? "same" : found.isNew ? "new" : "other";
    directory.enter(scanned(state, found.listing, watch));
    this.#unsettled.add(directory);
    if (found.rest === undefined) this.#listed(directory, found.failure, changes);
    else this.#readOn(directory, found.rest, changes);
  }

  /** Whether what was found just now at the path of a directory is what the known mounts show there. */
  #isCertain(directory: Directory): boolean {
    return this.#doubtful.has(directory) && this.#instance.mounts.areKnown() &&
      this.#doubtful.delete(directory);
  }

  #readOn(directory: Directory, steps: Rest, changes: number | undefined): void {
    const end = (failure: ScanFailure | undefined) => this.#listed(directory, failure, changes);
    this.#queue.begin({ directory, steps, end });
  }

  /** A directory was read to its end. @param failure why not, if that failed */
  #listed(
    directory: Directory,
    failure: ScanFailure | undefined,
    changes: number | undefined,
  ): void {
    if (failure !== undefined) return this.#unscanned(directory, failure, changes);
    this.#misses.end(directory);
    this.#refusals.delete(directory);
    this.#outcomes.push({ directory, generation: directory.generation, changes });
  }

  /** A directory that is entered by another path: nothing is in it, so that each event is reported once. */
  #scannedDuplicate(directory: Directory, wd: number, changes: number | undefined): void {
    directory.initial = false;
    if (directory.isEmpty) this.release(directory);
    else {
      this.#release(directory);
      directory.enter(scanned(directory.state, new Listing(), "new"));
      this.#outcomes.push({ directory, generation: directory.generation, changes });
    }
    this.#duplicates?.add(directory, wd);
  }

  /** The own path of a directory is found that may be entered by a link. */
  #leaveByLinks(wd: number): void {
    for (const directory of this.#duplicates?.links(wd) ?? []) {
      this.#release(directory);
      this.rescan(directory);
    }
  }

  #isBehindLink(directory: Directory): boolean {
    return this.#scope.followSymlinks && directory.isBehindLink;
  }

  #unscanned(directory: Directory, failure: ScanFailure, changes: number | undefined): void {
    if (!isGone(failure)) return this.#fail(directory, failure, changes);
    // The path leads elsewhere by now: what became of the directory is still queued.
    this.#release(directory);
    this.invalidateTree(directory);
    directory.enter(unreachable(directory.state, failure));
    this.#outcomes.push({ directory, generation: directory.generation, changes });
  }

  /** A directory cannot be watched. If it may not be read, that is said once, and it is tried again. */
  #fail(directory: Directory, failure: ScanFailure, changes: number | undefined): void {
    const isRefused = failure.errno === EACCES;
    const before = isRefused ? this.#refusals.take(directory) : undefined;
    this.releaseTree(directory);
    for (const one of directory.subtree()) one.initial = false;
    if (isRefused) this.#refusals.add(directory, before);
    if (before === undefined) this.#failed.push({ directory, failure, changes });
  }

  /** Tries again to read the directories that may not be read. */
  retryRefused(): void {
    this.#refusals.retryAll();
  }

  // What becomes of scans

  /** The entries of a directory are known. */
  settle(directory: Directory): void {
    directory.enter(KNOWN);
    this.#unsettled.delete(directory);
  }

  /**
   * A directory was not where it should be, and nothing that was queued by then says why.
   *
   * @returns whether to look again; if not, its file system lists what it does not find
   */
  miss(directory: Directory): boolean {
    return this.#misses.again(directory);
  }

  /**
   * A large directory is listed by several calls, and tmpfs may leave out an entry that stays where it is, if others
   * are renamed between two of them.
   *
   * @param isChanged whether entries came or went meanwhile
   */
  listed(directory: Directory, isChanged: boolean): void {
    if (!isChanged || directory.gone) this.#listings.end(directory);
    else if (this.#listings.again(directory)) this.rescan(directory);
  }

  /** Whatever was not where it should be, from a directory down, may have been so because of the way there. */
  forgetMisses(directory: Directory): void {
    this.#misses.endWithin(directory);
  }

  /** The kernel ended a watch, though no event removed the directory: its file system is unmounted, say. */
  ended(directory: Directory): void {
    const { wd } = directory;
    directory.wd = -1;
    this.invalidateTree(directory);
    this.schedule(directory);
    this.#rescanDuplicates(wd);
  }

  /** A directory has moved: links may lead to it no more. */
  moved(directory: Directory): void {
    if (directory.link) this.rescan(directory);
    this.#rescanDuplicates(directory.wd);
  }

  /** Discards a directory that is no longer in a tree, with all below it. */
  discard(directory: Directory): void {
    for (const one of directory.subtree()) {
      one.gone = true;
      this.#links.deleteAll(one);
      this.release(one);
    }
  }

  /** Releases the watch of a directory that stays in its tree as an entry. */
  release(directory: Directory): void {
    this.#misses.end(directory);
    this.#listings.end(directory);
    this.#duplicates?.delete(directory);
    this.#refusals.delete(directory);
    this.settle(directory);
    this.#release(directory);
  }

  /** Releases the watches of a directory and all below it. */
  releaseTree(directory: Directory): void {
    for (const one of directory.subtree()) this.release(one);
  }

  /** Ends all but the watches. */
  close(): void {
    this.#closed = true;
    this.#queue.close();
    this.#refusals.close();
  }

  /** Releases the watches of a tree that stays as it is, once closed. */
  releaseAll(tree: Directory): void {
    for (const one of tree.subtree()) if (one.wd !== -1) this.#instance.release(one.wd, one);
  }

  #release(directory: Directory): void {
    const { wd } = directory;
    directory.wd = -1;
    if (wd === -1) return;
    this.#instance.release(wd, directory);
    if (this.#duplicates?.isEntered(wd) === false) this.#rescanDuplicates(wd);
  }

  #rescanDuplicates(wd: number): void {
    for (const directory of this.#duplicates?.take(wd) ?? []) this.rescan(directory);
  }
}

/** What a scan found, for a line. */
function describe(found: Scan & { readonly isNew: boolean } | ScanFailure): string {
  if (!("wd" in found)) return `${found.syscall} failed with errno ${found.errno}`;
  return `watch ${found.wd}${found.isNew ? ", new" : ""}`;
}
