/**
 * `TreeScan`: watches and lists trees, and corrects what it finds by the events that are queued meanwhile.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { EACCES } from "../../../ffi/errno.ts";
import type { Listing } from "../../engine/listing.ts";
import { isGone, scan, type ScanFailure, whole } from "../../engine/scan.ts";
import { nameOf, own, toBytes, toText } from "../../kernel/byte_string.ts";
import {
  IN_ACCESS,
  IN_CLOSE_NOWRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DONT_FOLLOW,
  IN_ISDIR,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_OPEN,
} from "../../kernel/mask.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import type { Observer } from "./observer.ts";
import { type Place, type Places, subtree } from "./places.ts";

/** What happens to the entries of a directory. */
export const ENTRIES: number = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

/** How many directories are scanned between two reads: the queue holds 16,384 events or more. */
const STRIDE = 256;

/** What opening, listing and closing a directory causes. */
const SCANNING = IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE;

/** Whether the scan of a directory may have caused an event. */
export function mayBeOfScan({ mask }: InotifyEvent): boolean {
  return (mask & IN_ISDIR) !== 0 && (mask & SCANNING) !== 0;
}

/** The event of an entry that was found. @param text its name, as lossless text */
export function createEvent(wd: number, text: string, isDirectory: boolean): InotifyEvent {
  const name = toText(text);
  const rawName = name === text ? {} : { rawName: toBytes(text) };
  return { wd, mask: IN_CREATE | (isDirectory ? IN_ISDIR : 0), cookie: 0, name, ...rawName };
}

/** What a scan needs. */
export interface Scanning {
  readonly libc: Libc;
  /** The descriptor of the inotify instance. */
  readonly fd: number;
  /** The mask of the watches. */
  readonly mask: number;
  readonly places: Places;
  readonly observer: Pick<Observer, "uncovered">;
}

/** A failure to scan a directory that exists. */
export interface TreeScanFailure extends ScanFailure {
  readonly path: string;
}

/** A scan of one or more trees. */
export class TreeScan {
  /** The entries to report as created, by lossless name: whether each is a directory. */
  readonly created: Map<Place, Map<string, boolean>> = new Map();
  readonly #scanning: Scanning;
  readonly #places: Places;
  readonly #isSetUp: boolean;
  readonly #before: ReadonlyMap<number, Place>;
  readonly #scanned = new Set<Place>();

  /** @param before what was watched when events were lost, by watch descriptor */
  constructor(
    scanning: Scanning,
    isSetUp: boolean,
    before: ReadonlyMap<number, Place> = new Map(),
  ) {
    this.#scanning = scanning;
    this.#places = scanning.places;
    this.#isSetUp = isSetUp;
    this.#before = before;
  }

  /**
   * Watches and lists a directory and those below it.
   *
   * @returns `undefined` when the queue should be read; a failure, which ends the scan except after a loss
   */
  *run(top: Place): Generator<TreeScanFailure | undefined, void> {
    const { libc, fd, mask, observer } = this.#scanning;
    const rest = [top];
    for (let place = rest.pop(), count = 1; place !== undefined; place = rest.pop(), count++) {
      const { path, parent, name } = place;
      // With its slash, a symbolic link would be followed.
      const bare = path.slice(0, -1) || "/";
      const flags = mask & ~IN_DONT_FOLLOW;
      const result = whole(scan(libc, fd, bare, flags, parent === undefined));
      if ("wd" in result) {
        if (!this.#places.claim(place, result.wd)) continue;
        for (const child of this.#add(place, result.listing)) rest.push(child);
        if (count % STRIDE === 0) yield undefined;
        continue;
      }
      const { errno, syscall } = result;
      const gone = isGone(result);
      // A directory that is gone keeps its place until the event of its move or deletion.
      if (parent !== undefined && !gone) this.#places.detach(parent, name);
      if (place === top || !(gone || errno === EACCES)) {
        yield { ...result, path };
        if (this.#before.size === 0) return;
        continue; // after a loss the others are watched already
      }
      // During the set-up, one that could be opened is not taken for deleted.
      if (errno === EACCES || this.#isSetUp && syscall !== "open") observer.uncovered(path, errno);
    }
  }

  /** @returns the directories in it that are not left out */
  #add(place: Place, listing: Listing): Place[] {
    this.#scanned.add(place);
    const before = this.#before.get(place.wd!);
    const entries = new Map<string, boolean>();
    const children: Place[] = [];
    for (const part of listing.parts) {
      if (place.created && before === undefined) part.addTo(entries);
      for (const name of part.directories()) {
        const child = place.children.get(name) ?? this.#places.add(place, name, place.created);
        if (child !== undefined) children.push(child);
        if (child !== undefined && before?.children.has(name) === false) entries.set(name, true);
      }
    }
    if (place.created) this.created.set(place, entries);
    return children;
  }

  /**
   * Corrects what was found.
   *
   * @param events all that were queued until now
   * @returns those to report after what was found
   */
  settle(events: readonly InotifyEvent[]): InotifyEvent[] {
    const others = this.#withoutScans(events);
    this.#discardDoubtful(others);
    return this.#overrule(others);
  }

  /** Discards what the scans have caused: for each directory, the events up to the first that closes it. */
  #withoutScans(events: readonly InotifyEvent[]): InotifyEvent[] {
    const open = new Set<string>();
    for (const { wd, parent, name } of this.#scanned) {
      open.add(`${wd}/`);
      if (parent !== undefined && this.#scanned.has(parent)) open.add(`${parent.wd}/${name}`);
    }
    const others: InotifyEvent[] = [];
    for (const event of events) {
      if (mayBeOfScan(event)) {
        const key = keyOf(event);
        if (event.mask & IN_CLOSE_NOWRITE ? open.delete(key) : open.has(key)) continue;
        // The kernel would have merged these, had the discarded ones not been between them.
        if (isSame(event, others.at(-1))) continue;
      }
      others.push(event);
    }
    return others;
  }

  /**
   * Discards what was found at a name that was given to another directory meanwhile: either of them may have
   * been scanned. It is scanned again.
   */
  #discardDoubtful(events: readonly InotifyEvent[]): void {
    const isNew = (place: Place) => this.#scanned.has(place) && !this.#before.has(place.wd!);
    const freed = new Set<string>();
    for (const event of events) {
      const { wd, mask } = event;
      const isDirectory = (mask & IN_ISDIR) !== 0;
      if (isDirectory && mask & (IN_MOVED_FROM | IN_DELETE)) freed.add(keyOf(event));
      // What takes a name that was free and is no directory may be a symbolic link to one.
      const isTaken = mask & (IN_CREATE | IN_MOVED_TO) && freed.has(keyOf(event)) ||
        isDirectory && mask & IN_MOVED_TO;
      const first = isTaken ? this.#places.watched.get(wd)?.children.get(nameOf(event)) : undefined;
      if (first === undefined) continue;
      const tops = [...subtree(first)].filter((place) =>
        isNew(place) && (place === first || !isNew(place.parent!))
      );
      for (const top of tops) {
        for (const place of subtree(top)) {
          this.#places.release(place);
          this.#scanned.delete(place);
          this.created.delete(place);
        }
        top.children.clear();
        this.#places.schedule(top);
      }
    }
  }

  /** Applies events to what was found. The first event of a name says whether the entry was there before. */
  #overrule(events: InotifyEvent[]): InotifyEvent[] {
    const decided = new Set<string>();
    return events.filter((event) => {
      const { wd, mask } = event;
      const parent = mask & ENTRIES ? this.#places.watched.get(wd) : undefined;
      const entries = parent && this.created.get(parent);
      if (entries === undefined || decided.has(keyOf(event))) return true;
      decided.add(keyOf(event));
      const name = own(nameOf(event));
      if (mask & IN_CREATE) return !entries.has(name);
      if (mask & IN_MOVED_TO) entries.delete(name);
      else entries.set(name, (mask & IN_ISDIR) !== 0);
      // A directory that was not listed any more gets a place to move away from.
      const leaves = mask & IN_ISDIR && mask & IN_MOVED_FROM && !parent!.children.has(name);
      if (leaves) this.#places.add(parent!, name, true);
      return true;
    });
  }
}

function keyOf(event: InotifyEvent): string {
  return `${event.wd}/${nameOf(event)}`;
}

function isSame(one: InotifyEvent, other: InotifyEvent | undefined): boolean {
  return one.wd === other?.wd && one.mask === other.mask && nameOf(one) === nameOf(other);
}
