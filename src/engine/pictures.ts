/**
 * `Pictures`: compares what is there with an earlier picture, and gives the picture of now as a snapshot.
 *
 * @module
 */

import type { Libc } from "../../ffi/contract.ts";
import { delay } from "../../ffi/time.ts";
import { now, tick } from "../kernel/clock.ts";
import { difference } from "./difference.ts";
import type { Directory } from "./directory.ts";
import type { ChangeKinds } from "./change_kinds.ts";
import type { Completion } from "./completion.ts";
import type { CandidateReason } from "./candidates.ts";
import type { Entries } from "./entries.ts";
import { entryEvent, type EntryKind, losslessPath, renameEvent, type WatchEvent } from "./event.ts";
import type { LinkedFiles } from "./linked_files.ts";
import { Look } from "./look.ts";
import type { Tops } from "./loss.ts";
import type { Overlap } from "./overlap.ts";
import type { Poll } from "./poll.ts";
import type { Picture } from "./picture.ts";
import type { MayMove } from "./pairing.ts";
import type { Scope } from "./scope.ts";
import type { Status, Statuses } from "./statuses.ts";
import { placeIn, type RootMap } from "./root_map.ts";
import type { Progress } from "./progress.ts";
import type { Roots } from "./roots.ts";
import { encode } from "./snapshot.ts";
import type { Tree } from "./tree.ts";
import { undo } from "./undo.ts";

/**
 * The events of the changes between two pictures.
 *
 * @param changed called for each path where a file, or a link, is another one, or has changed
 * @param mayMove whether a directory may be renamed; without, each may
 */
export function eventsBetween(
  before: Picture,
  now: Picture,
  kinds: ChangeKinds,
  changed: (path: string, why?: CandidateReason) => void = () => {},
  mayMove: MayMove | undefined = undefined,
): WatchEvent[] {
  const events: WatchEvent[] = [];
  const push = (kinds: readonly EntryKind[], path: string, isDirectory: boolean) => {
    for (const kind of kinds) events.push(entryEvent(kind, path, isDirectory));
  };
  const why = kinds.changes.length > 0 ? undefined : "any type";
  const identity = (statuses: Statuses, status: Status) => statuses.identity(status);
  difference(before, now, kinds.renames ? identity : undefined, {
    created: (path, isDirectory) => {
      push(["create"], path, isDirectory);
      if (!isDirectory) changed(path);
    },
    removed: (path, isDirectory) => push(["remove"], path, isDirectory),
    renamed: (from, path, isDirectory, isReplaced) => {
      events.push(renameEvent(from, path, isDirectory, isReplaced));
      if (!isDirectory) changed(path);
    },
    modified: (path) => {
      push(kinds.changes, path, false);
      changed(path, why);
    },
    replaced: (path) => {
      push(kinds.replacement, path, false);
      changed(path, why);
    },
  }, mayMove);
  return events;
}

/** The pictures of a watcher's trees. */
export class Pictures {
  readonly #libc: Libc;
  readonly #progress: Progress;
  readonly #scope: Scope;
  readonly #map: RootMap;
  readonly #roots: Roots;
  readonly #links: LinkedFiles;
  readonly #overlap: Overlap;
  readonly #tree: Tree;
  readonly #entries: Entries;
  readonly #completion: Completion | undefined;
  readonly #poll: Poll | undefined;
  /** The moment before which everything was reported in the end: milliseconds since 1970. */
  #end: number | undefined;
  /** The followed roots in the end. */
  #last: Tops | undefined;

  constructor(
    libc: Libc,
    progress: Progress,
    scope: Scope,
    map: RootMap,
    roots: Roots,
    links: LinkedFiles,
    overlap: Overlap,
    tree: Tree,
    entries: Entries,
    completion: Completion | undefined,
    poll: Poll | undefined,
  ) {
    this.#libc = libc;
    this.#progress = progress;
    this.#scope = scope;
    this.#map = map;
    this.#roots = roots;
    this.#links = links;
    this.#overlap = overlap;
    this.#tree = tree;
    this.#entries = entries;
    this.#completion = completion;
    this.#poll = poll;
  }

  /**
   * Compares what is there with an earlier picture, once everything is scanned.
   *
   * @param report called with the differences of the paths that are in both, and the picture of now, before anything
   * else is reported; not called if the watcher is closed before. What is complete of these is reported then.
   */
  async compare(
    before: Picture,
    report: (events: readonly WatchEvent[], now: Picture) => void,
  ): Promise<void> {
    await this.#progress.settled();
    if (this.#progress.isClosed) return;
    const look = this.#begin(Infinity);
    await look.look(this.#tops);
    await this.#progress.settled();
    this.#entries.end(look);
    if (this.#progress.isClosed) return;
    const picture = look.finish(this.#tops, true);
    const changed: [path: string, why?: CandidateReason][] = [];
    const { kinds } = this.#entries;
    // Otherwise something else is in sight of a directory, or has levels of its own.
    const mayMove = (from: string, path: string) =>
      this.#map.levelOf(from) === this.#map.levelOf(path) &&
      ![...this.#map.within(from), ...this.#map.within(path)]
        .some((root) => root.path !== from && root.path !== path);
    const events = eventsBetween(
      before,
      picture,
      kinds,
      (...one) => changed.push(one),
      this.#scope.depth === Infinity ? undefined : mayMove,
    );
    report(events.filter((event) => !this.#isIgnoredNow(event, before)), picture);
    if (this.#completion === undefined) return;
    const tops = this.#tops;
    for (const [path, why] of changed) {
      if (tops.has(path)) this.#completion.add(undefined, path, why);
      const { parent, name } = placeIn(tops, path) ?? {};
      // It may have been on the way to another name.
      if (parent?.entries.get(name!) === false) this.#completion.add(parent, name!, why);
    }
    await this.#progress.settled();
  }

  /**
   * The snapshot of all that is reported.
   *
   * @param untaken gives what is reported, and is left out
   */
  async snapshot(untaken: () => readonly WatchEvent[]): Promise<Uint8Array> {
    const since = this.#end ?? await this.#untilTick();
    if (!this.#progress.isClosed) await this.#poll?.look();
    const look = this.#begin(since);
    await this.#progress.applied();
    await look.look(this.#tops);
    this.#entries.end(look);
    this.#completion?.touch(look);
    const picture = look.finish(this.#tops, false);
    undo(picture, untaken());
    return encode(picture);
  }

  /** Has everything reported that has happened by now, so that a snapshot is exact after the end. */
  async finish(): Promise<void> {
    const end = await this.#untilTick();
    await this.#progress.applied();
    if (!this.#progress.isClosed) this.#end = end;
  }

  /**
   * Keeps what is known now: nothing more will be applied.
   *
   * @param since before which everything was reported for certain, without {@link finish}: milliseconds since 1970
   */
  end(since: number): void {
    this.#end ??= since;
    this.#last = this.#roots.known();
  }

  get #tops(): Tops {
    return this.#last ?? this.#roots.known();
  }

  /** Begins a look. @param since what has changed since is uncertain: milliseconds since 1970 */
  #begin(since: number): Look {
    const isFollowed = (directory: Directory, name: string) =>
      this.#map.wasNested &&
      (this.#last?.has(directory.pathOf(name)) ?? this.#overlap.isFollowed(directory, name));
    const isLinked = (directory: Directory, name: string) => this.#links.has(directory, name);
    const look = new Look(
      this.#libc,
      this.#map.followsLinks,
      isFollowed,
      isLinked,
      since,
      this.#poll,
    );
    this.#entries.begin(look);
    return look;
  }

  /** Waits until the times of files go on. @returns a time that is later than that of any change before the call */
  async #untilTick(): Promise<number> {
    const { realtime } = now(this.#libc);
    while (tick(this.#libc) <= realtime) await delay(1);
    return tick(this.#libc);
  }

  /** Whether an entry may not be gone, but ignored, which it was not in the picture before. */
  #isIgnoredNow(event: WatchEvent, before: Picture): boolean {
    if (event.kind !== "remove") return false;
    const path = losslessPath(event);
    const place = before.find(path);
    const wasThere = place?.content.entries.has(place.name) ?? false;
    return wasThere && this.#tree.ignoresGone(path, event.isDirectory);
  }
}
