/**
 * `Poll`: looks at every entry at an interval, for file systems on which the kernel does not report all changes.
 *
 * What differs from the look before is applied as if the kernel had reported it: so it is reported once, whoever sees
 * it first. The status of what the kernel reports is read before that is reported; if a look finds another one, that is
 * a later change.
 *
 * What is compared and what is applied are one file, longer than 300 lines, since both leave out what was touched.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { after } from "../../ffi/time.ts";
import { toBytes, toText } from "../kernel/byte_string.ts";
import { monotonic } from "../kernel/clock.ts";
import { IN_CREATE, IN_DELETE, IN_ISDIR, IN_MOVED_FROM, IN_MOVED_TO } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import { type Changes, difference } from "./difference.ts";
import { Directory } from "./directory.ts";
import { isExact } from "./directory_state.ts";
import type { Entries, Toucher } from "./entries.ts";
import type { Events } from "./events.ts";
import type { LinkedFiles } from "./linked_files.ts";
import type { Overlap } from "./overlap.ts";
import { Content, Picture } from "./picture.ts";
import type { Status, Statuses } from "./statuses.ts";
import type { Progress } from "./progress.ts";
import { type Place, placeIn } from "./root_map.ts";
import type { Roots } from "./roots.ts";
import type { Scanner } from "./scanner.ts";
import { Sight } from "./sight.ts";
import { Turns } from "./turns.ts";

/** How often in a row everything is looked at, since something was left out. */
const MOST_LOOKS = 4;

/** Looks again and again. */
export class Poll implements Toucher {
  readonly #libc: Libc;
  readonly #progress: Progress;
  readonly #roots: Roots;
  readonly #links: LinkedFiles;
  readonly #overlap: Overlap;
  readonly #entries: Entries;
  readonly #events: Events;
  readonly #scanner: Scanner;
  readonly #followsRoots: boolean;
  /** What the last look has seen, or what was read since. */
  #seen: Sight;
  /** The names that something has happened to since a look began. */
  #touched = new Map<Directory | undefined, Set<string>>();
  #isApplying = false;
  /** Whether a look has left something out that may have changed. */
  #isPartial = false;
  /** The look that goes on, and the one that follows it. */
  #looking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #cancel: (() => void) | undefined;

  constructor(
    libc: Libc,
    progress: Progress,
    roots: Roots,
    links: LinkedFiles,
    overlap: Overlap,
    entries: Entries,
    events: Events,
    scanner: Scanner,
    followsRoots: boolean,
  ) {
    this.#libc = libc;
    this.#progress = progress;
    this.#roots = roots;
    this.#links = links;
    this.#overlap = overlap;
    this.#entries = entries;
    this.#events = events;
    this.#scanner = scanner;
    this.#followsRoots = followsRoots;
    this.#seen = this.#sight();
    entries.begin(this);
  }

  /**
   * Looks at what is there in the beginning, and from then on at an interval.
   *
   * @param interval in milliseconds
   * @param isRef whether that keeps the process alive
   */
  async begin(interval: number, isRef: () => boolean): Promise<void> {
    await this.look();
    this.#wait(interval, interval, isRef);
  }

  /** Looks at everything after the call, and reports what has changed. */
  look(): Promise<void> {
    return this.#next ??= this.#lookNext();
  }

  /** Whether the status of an entry is another one than that of which was reported. */
  differs(directory: Directory, name: string, statuses: Statuses, status: Status): boolean {
    const seen = this.#seen.contents.get(directory)?.entries.get(name);
    return seen !== undefined && this.#seen.statuses.mayDiffer(seen, statuses, status, false);
  }

  /** Ends it. */
  close(): void {
    this.#cancel?.();
    this.#entries.end(this);
  }

  touch(directory: Directory | undefined, name: string): void {
    if (this.#isApplying) {
      // What the look has seen is the link, and not the file.
      if (directory !== undefined && this.#links.has(directory, name)) {
        this.#seen.add(directory, name);
      }
      return;
    }
    const names = this.#touched.get(directory);
    if (names === undefined) this.#touched.set(directory, new Set([name]));
    else names.add(name);
    this.#seen.add(directory, name);
  }

  #sight(): Sight {
    const isLinked = (directory: Directory, name: string) => this.#links.has(directory, name);
    return new Sight(this.#libc, this.#followsRoots, isLinked);
  }

  async #lookNext(): Promise<void> {
    await this.#looking;
    this.#next = undefined;
    await (this.#looking = this.#look());
  }

  /** Waits for the next look. One that takes longer than the interval is followed by as long a time without. */
  #wait(interval: number, milliseconds: number, isRef: () => boolean): void {
    if (this.#progress.isClosed) return;
    this.#cancel = after(milliseconds, async () => {
      const start = monotonic(this.#libc);
      await this.look();
      const elapsed = monotonic(this.#libc) - start;
      this.#wait(interval, Math.max(interval - elapsed, elapsed), isRef);
    }, isRef());
  }

  /** Looks once; or again, if something was left out: directories have another path now, or a name was touched. */
  async #look(): Promise<void> {
    await this.#progress.settled();
    for (let looks = 0; looks < MOST_LOOKS && !this.#progress.isClosed; looks++) {
      this.#isPartial = false;
      await this.#lookOnce();
      if (!this.#isPartial) return;
    }
  }

  async #lookOnce(): Promise<void> {
    this.#roots.lookAgain();
    this.#scanner.retryRefused();
    this.#touched = new Map();
    const sight = this.#sight();
    const turns = new Turns(this.#libc);
    for (const _ of sight.see(this.#roots.known(), this.#seen)) if (turns.isDue) await turns.take();
    await this.#progress.applied();
    if (this.#progress.isClosed) return;
    this.#apply(sight);
    await this.#progress.settled();
  }

  /** Applies the difference of what is known and what was seen. */
  #apply(sight: Sight): void {
    const before = new Picture(this.#seen.statuses);
    const now = new Picture(sight.statuses);
    const others: Directory[] = [];
    for (const [path, entry] of this.#roots.known()) {
      if (!(entry instanceof Directory)) continue;
      for (const { roots, statuses } of [before, now]) roots.entries.set(path, statuses.add(true));
      this.#compare(entry, sight, before, now, others);
    }
    const files = [...sight.changedRoots(this.#seen)].filter((path) =>
      !this.#isTouched(undefined, path)
    );
    this.#take(sight);
    this.#isApplying = true;
    try {
      for (const path of files) this.#entries.mayHaveChanged(undefined, path, false);
      const likeness = (statuses: Statuses, status: Status) => statuses.likeness(status);
      difference(before, now, likeness, this.#changes);
      // Another directory is there: the scan reports what is in it.
      for (const one of others) if (!one.gone) this.#scanner.rescan(one);
      this.#isPartial ||= others.length > 0;
    } finally {
      this.#isApplying = false;
    }
  }

  /** Puts what is known of a tree, and what was seen of it, into pictures; but what was touched meanwhile. */
  #compare(top: Directory, sight: Sight, before: Picture, now: Picture, others: Directory[]): void {
    const rest: [Directory, Content, Content | undefined][] = [[top, before.roots, now.roots]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [directory, above, seenAbove] = next;
      if (directory.state.tag !== "known") continue;
      const known = this.#seen.contents.get(directory);
      const seen = seenAbove && sight.contents.get(directory);
      const isCompared = (name: string) =>
        !this.#isTouched(directory, name) && !this.#overlap.isFollowed(directory, name);
      const content = new Content();
      const isChanged = sight.changed.has(directory) || this.#touched.has(directory);
      // Of one in which nothing has changed, only the directories lead to others.
      const names = isChanged ? directory.names() : new Map(directory.directories());
      for (const [name, entry] of names) {
        if (!isCompared(name)) continue;
        const status = known?.entries.get(name);
        if (status !== undefined) content.entries.set(name, status);
        // It was found by a scan, and is gone already.
        else if (!seen?.entries.has(name)) {
          content.entries.set(name, before.statuses.add(entry !== false));
        }
      }
      above.directories.set(directory.name, content);
      const seenContent = seen && new Content();
      for (const name of isChanged ? seen?.entries.keys() ?? [] : names.keys()) {
        const status = seen?.entries.get(name);
        const isKnown = content.entries.has(name) || !names.has(name);
        if (status !== undefined && isKnown && isCompared(name)) {
          seenContent!.entries.set(name, status);
        }
      }
      if (seenContent !== undefined) {
        seenAbove!.directories.set(directory.name, seenContent);
        sight.compared.add(directory);
      }
      for (const [name, child] of directory.directories()) {
        if (
          !content.entries.has(name) && seen !== undefined && sight.hasDirectory(directory, name)
        ) {
          // It was touched: what is in it is compared all the same.
          content.entries.set(name, before.statuses.add(true));
          seenContent!.entries.set(name, now.statuses.add(true));
        }
        const [one, other] = [content.entries.get(name), seenContent?.entries.get(name)];
        const isThere = one !== undefined && other !== undefined;
        const isSame = isThere && before.statuses.isSame(one, now.statuses, other);
        if (isThere && !isSame) others.push(child);
        if (one !== undefined) rest.push([child, content, isSame ? seenContent : undefined]);
      }
    }
  }

  /** What was seen is what is known from now on. */
  #take(sight: Sight): void {
    for (const [directory, names] of this.#touched) {
      for (const name of names) {
        this.#isPartial ||= sight.differs(directory, name, this.#seen);
        sight.takeOver(directory, name, this.#seen);
      }
    }
    for (const directory of new Set([...this.#seen.contents.keys(), ...sight.contents.keys()])) {
      if (!directory.gone && !sight.compared.has(directory)) {
        sight.takeOverAll(directory, this.#seen);
      }
    }
    this.#seen = sight;
  }

  #isTouched(directory: Directory | undefined, name: string): boolean {
    return this.#touched.get(directory)?.has(name) ?? false;
  }

  /** Applies a change as if the kernel had reported it. */
  readonly #changes: Changes = {
    created: (path, isDirectory) => this.#event(path, IN_CREATE, isDirectory),
    removed: (path, isDirectory) => this.#event(path, IN_DELETE, isDirectory),
    renamed: (from, path, isDirectory) => {
      this.#isPartial ||= isDirectory;
      const [source, target] = [this.#place(from), this.#place(path)];
      const isWhole = source && target && isExact(source.parent.state) &&
        isExact(target.parent.state);
      if (!isWhole) {
        this.#event(from, IN_MOVED_FROM, isDirectory);
        this.#event(path, IN_MOVED_TO, isDirectory);
        return;
      }
      const [out, into] = [
        eventOf(source.name, IN_MOVED_FROM, isDirectory),
        eventOf(target.name, IN_MOVED_TO, isDirectory),
      ];
      this.#events.move(source.parent, out, target.parent, into);
    },
    modified: (path) => {
      const place = this.#place(path);
      if (place !== undefined) this.#entries.mayHaveChanged(place.parent, place.name, false);
    },
    replaced: (path) => {
      const place = this.#place(path);
      if (place === undefined) return;
      this.#entries.replaced(place.parent, place.name);
      this.#links.found(place.parent, place.name);
    },
  };

  #event(path: string, mask: number, isDirectory: boolean): void {
    const place = this.#place(path);
    if (place !== undefined) {
      this.#events.apply(place.parent, eventOf(place.name, mask, isDirectory));
    }
  }

  #place(path: string): Omit<Place, "entry"> | undefined {
    return placeIn(this.#roots.known(), path);
  }
}

function eventOf(name: string, mask: number, isDirectory: boolean): InotifyEvent {
  const event = {
    wd: -1,
    mask: mask | (isDirectory ? IN_ISDIR : 0),
    cookie: 0,
    name: toText(name),
  };
  return name.isWellFormed() ? event : { ...event, rawName: toBytes(name) };
}
