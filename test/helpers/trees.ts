/** The parts of an engine, put together as it does, over a disk in memory; a test makes up the events. */

import { IN_ATTRIB, IN_MODIFY, type InotifyEvent, type WatchEvent } from "../../mod.ts";
import { Directory } from "../../src/engine/directory.ts";
import { Entries } from "../../src/engine/entries.ts";
import { Events } from "../../src/engine/events.ts";
import type { Member } from "../../src/engine/member.ts";
import { Levels } from "../../src/engine/levels.ts";
import { LinkedFiles } from "../../src/engine/linked_files.ts";
import { Listings } from "../../src/engine/listings.ts";
import { Overlap } from "../../src/engine/overlap.ts";
import { RootMap } from "../../src/engine/root_map.ts";
import { Roots } from "../../src/engine/roots.ts";
import type { Scope } from "../../src/engine/scope.ts";
import { type Failed, type Outcome, Scanner } from "../../src/engine/scanner.ts";
import { type Ignores, Tree } from "../../src/engine/tree.ts";
import { type FakeDisk, FakeInstance } from "./fake_disk.ts";
import { line } from "./events.ts";
import { NOBODY } from "./nobody.ts";

/** What is watched unless a test says otherwise. */
const SCOPE: Scope = {
  depth: Infinity,
  followSymlinks: false,
  followsRoots: true,
  initial: false,
  blocking: false,
  polls: false,
  content: IN_MODIFY | IN_ATTRIB,
  renames: true,
  creations: true,
};

/** An event of which a rename has the paths. */
function shown(event: WatchEvent): string {
  if (event.kind !== "rename") return line(event);
  return `rename ${event.from} ${event.path}${event.replaced ? " replaced" : ""}`;
}

/** Trees without an engine. */
export class Trees {
  readonly fake: FakeInstance = new FakeInstance();
  readonly disk: FakeDisk = this.fake.disk;
  /** Who gets the events of the directories. */
  readonly member: Member = {
    ...NOBODY,
    overflow() {},
    remounted() {},
    fail() {},
    work: () => false,
  };
  readonly scope: Scope;
  readonly entries: Entries;
  readonly scanner: Scanner;
  readonly map: RootMap;
  readonly roots: Roots;
  readonly links: LinkedFiles;
  readonly overlap: Overlap;
  readonly tree: Tree;
  readonly events: Events;
  readonly listings: Listings;
  /** What could not be watched. */
  readonly failed: Failed[] = [];
  /** Called for each change, before its line is there to be taken. */
  onReport: (line: string) => void = () => {};
  #lines: string[] = [];

  constructor(given: Partial<Scope> = {}, ignores: Ignores | undefined = undefined) {
    const { instance, libc } = this.fake;
    const scope = this.scope = { ...SCOPE, ...given };
    this.entries = new Entries((events) => {
      const line = events.map(shown).join(", ");
      this.onReport(line);
      this.#lines.push(line);
    }, scope);
    this.map = new RootMap(libc, scope.followsRoots);
    this.links = new LinkedFiles(
      instance,
      this.member,
      scope,
      this.map,
      this.entries,
      (directory, name) => this.tree.entered(directory, name),
    );
    this.scanner = new Scanner(instance, this.member, scope, this.links);
    const levels = new Levels(scope, this.map, this.links, this.entries, this.scanner);
    this.roots = new Roots(
      instance,
      this.member,
      scope,
      this.map,
      this.entries,
      this.scanner,
      levels,
    );
    this.overlap = new Overlap(scope, this.map, this.roots, this.entries, this.scanner, levels);
    this.tree = new Tree(
      libc,
      scope,
      ignores,
      this.map,
      this.links,
      this.overlap,
      this.entries,
      this.scanner,
    );
    this.events = new Events(
      instance,
      this.member,
      this.tree,
      this.overlap,
      this.entries,
      this.scanner,
    );
    this.listings = new Listings(
      libc,
      scope,
      this.tree,
      this.links,
      this.overlap,
      this.entries,
      this.scanner,
      this.events,
    );
  }

  /** What was reported since the last time: a line for each change. */
  take(): string[] {
    return this.#lines.splice(0);
  }

  /** Scans what is scheduled, and does no more. */
  scan(): Outcome[] {
    const outcomes: Outcome[] = [];
    do {
      const [scanned, failed] = this.scanner.work(Infinity);
      outcomes.push(...scanned);
      this.failed.push(...failed);
    } while (!this.scanner.isIdle);
    return outcomes;
  }

  /** Scans and commits until nothing is left to be scanned. */
  settle(): void {
    do {
      const outcomes = this.scan();
      this.fake.passFences();
      this.listings.commit(outcomes);
    } while (!this.scanner.isIdle);
  }

  /** Watches paths, and scans what is there. @returns the directory of each */
  add(...paths: readonly string[]): Directory[] {
    for (const path of paths) this.roots.add(path, false);
    this.settle();
    return paths.map((path) => this.map.get(path)!.directory!);
  }

  /** The directory that a tree has at a path. */
  at(path: string): Directory {
    for (const { directory } of this.map) {
      for (const one of directory?.subtree() ?? []) if (one.path === path) return one;
    }
    throw new Error(`no tree has a directory at ${path}`);
  }

  /** Applies an event of an entry; an empty name is of the directory itself. */
  event(directory: Directory, mask: number, name: string): void {
    this.events.apply(directory, event(directory, mask, name));
  }
}

/** An event of an entry. */
export function event({ wd }: Directory, mask: number, name: string, cookie = 0): InotifyEvent {
  return { wd, mask, cookie, name };
}

/** What is known of a directory, with all below it: a directory's path ends with a slash. */
export function known(directory: Directory): string[] {
  return [...directory.entries].flatMap(([name, entry]) => {
    const path = directory.pathOf(name);
    if (entry === false) return [path];
    return [`${path}/`, ...entry instanceof Directory ? known(entry) : []];
  }).sort();
}
