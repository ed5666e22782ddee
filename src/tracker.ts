/**
 * Keeps what is known of the watched trees in step with the disk, and says every difference.
 *
 * The events of one inotify instance are in order, and each is applied to what is known, so that what
 * is known is what was so at that event. A scan is not in that order: it sees the disk of a later
 * moment. So it is believed only at a mark, when all that was queued at the time of the scan has been
 * applied, and only if the directory still has the path that was scanned; otherwise it is made again.
 * The events of its own that come before the mark are held, and applied on top of what it found: for a
 * name with an event the last one decides, for the others the scan, whatever the order of the two.
 *
 * @module
 */

import { delay } from "./delay.ts";
import { InotifyError } from "./error.ts";
import { changeTime, leadsToDirectory } from "./files.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "./event.ts";
import { Hub, type Member } from "./hub.ts";
import { explainENOSPC } from "./limits.ts";
import { nameOf, toText } from "./lossless.ts";
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
import { Route, type Target } from "./route.ts";
import type { ScanFailure } from "./scan.ts";
import { Directory, type Entry, type Pending } from "./tree.ts";

/** What a tracker tells, and asks. */
export interface Client {
  /** Says a difference. */
  report(event: WatchEvent): void;
  /** Whether to know nothing of an entry. @param root the path that was added, above it */
  ignores(path: string, isDirectory: boolean, root: string): boolean;
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
/** How long directories are scanned at a stretch before the runtime has a turn, in milliseconds. */
const SLICE = 8;

/** A path that is tracked, whatever it leads to. */
interface Root {
  readonly path: string;
  readonly route: Route;
  /** What the path led to when it was last looked at. */
  target: Target | undefined;
  /** The tree, if that is a directory. */
  directory: Directory | undefined;
}

/** Tracks any number of paths for one client. */
export class Tracker implements Member {
  readonly #client: Client;
  readonly #scope: Scope;
  readonly #hub: Hub;
  readonly #roots = new Map<string, Root>();
  readonly #byWatch = new Map<number, Set<Directory>>();
  #toScan: Directory[] = [];
  #scanned: [Directory, Pending][] = [];
  #scanning = false;
  #marks = 0;
  #frozen = false;
  #closed = false;
  readonly #settling = new Set<() => void>();
  #count = 0;
  /** Files that were changed later than that may have been so unseen; milliseconds since 1970. */
  #lostSince = 0;

  constructor(client: Client, scope: Scope) {
    this.#client = client;
    this.#scope = scope;
    this.#hub = Hub.enter(this);
  }

  /**
   * Begins to track what is at a path, now or later.
   *
   * @param path absolute, as lossless text
   * @param silent whether what is there already is not to be said
   */
  add(path: string, silent: boolean): void {
    const route = new Route(this.#hub, path, this.#scope.content, {
      moved: () => this.#look(root, false),
      touched: (mask) => this.#touched(path, mask, false),
    });
    const root: Root = { path, route, target: undefined, directory: undefined };
    this.#roots.set(path, root);
    this.#look(root, true, silent);
  }

  /** Ends what {@link add} began, and says nothing of it. */
  remove(path: string): void {
    const root = this.#roots.get(path);
    if (root === undefined) return;
    this.#roots.delete(path);
    root.route.close();
    if (root.directory !== undefined) this.#drop(root.directory);
  }

  /** The paths of all that is watched, as lossless text. */
  *watched(): Generator<string> {
    for (const { path, target, directory } of this.#roots.values()) {
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
      await new Promise<void>((resolve) => {
        this.#settling.add(resolve);
        this.#hub.mark(() => {
          this.#settling.delete(resolve);
          resolve();
        });
      });
      if (this.#idle && !this.#frozen) return;
    }
  }

  /** Applies nothing more, until {@link thaw}. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Goes on, with what has changed in between. */
  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.overflow();
  }

  /** Whether the process is kept alive. */
  setRef(ref: boolean): void {
    this.#hub.setRef(this, ref);
  }

  /** Ends it all. */
  close(): Promise<void> {
    this.#closed = true;
    for (const resolve of this.#settling) resolve();
    for (const { route } of this.#roots.values()) route.close();
    this.#roots.clear();
    return this.#hub.leave(this);
  }

  // What the hub tells

  event(event: InotifyEvent): void {
    const directories = this.#byWatch.get(event.wd);
    if (directories === undefined) return;
    if (event.mask & IN_IGNORED) {
      this.#byWatch.delete(event.wd);
      for (const directory of directories) {
        directory.wd = -1;
        // Nothing has said that it is gone: its file system is unmounted, say, and another one seen.
        this.#await(directory);
        this.#scan(directory);
      }
      return;
    }
    for (const directory of directories) this.#apply(directory, event);
  }

  move({ from, to }: Move): void {
    const sources = (from && this.#byWatch.get(from.wd)) ?? NONE;
    const targets = (to && this.#byWatch.get(to.wd)) ?? NONE;
    const [source] = sources;
    const [target] = targets;
    const whole = sources.size === 1 && targets.size === 1 &&
      source.pending === undefined && target.pending === undefined;
    if (whole) {
      if (!this.#frozen) this.#moved(source, nameOf(from!), target, nameOf(to!), to!.mask);
      return;
    }
    for (const directory of sources) this.#apply(directory, from!);
    for (const directory of targets) this.#apply(directory, to!);
  }

  overflow(): void {
    if (this.#frozen || this.#closed) return;
    this.#client.report({ kind: "overflow" });
    this.#lostSince = this.#hub.drained - CLOCK_TICK;
    for (const root of this.#roots.values()) {
      this.#look(root, false);
      if (root.directory === undefined) continue;
      // What was held may contradict what is lost, and the scan to come has seen it all.
      for (const directory of root.directory.subtree()) {
        directory.lost = true;
        directory.pending = { moved: 0, entries: undefined, held: [] };
      }
      this.#scan(root.directory);
    }
  }

  fail(error: unknown): void {
    this.#client.fail(error);
  }

  // Roots

  /** Sees where the path of a root leads now. */
  #look(root: Root, first: boolean, silent: boolean = false): void {
    if (this.#frozen || this.#closed) return;
    const { path, target: before } = root;
    const target = root.target = root.route.look();
    const { directory } = root;
    if (directory !== undefined) {
      if (target?.isDirectory && target.wd === before?.wd) return;
      root.directory = undefined;
      this.#drop(directory);
      this.#client.report(entryEvent("remove", path, true));
    } else if (before !== undefined) {
      if (target !== undefined && !target.isDirectory) {
        if (target.wd >= 0 && target.wd !== before.wd) {
          this.#client.report(entryEvent("modify", path, false));
        }
        return;
      }
      this.#client.report(entryEvent("remove", path, false));
    }
    if (target === undefined) return;
    if (target.wd < 0) {
      this.#uncovered(path, { errno: -target.wd, syscall: "inotify_add_watch" });
      return;
    }
    const kind = first ? this.#scope.initial ? "exists" : "" : "create";
    if (kind !== "" && !silent) {
      this.#client.report(entryEvent(kind, path, target.isDirectory));
    }
    if (!target.isDirectory) return;
    root.directory = new Directory(path);
    root.directory.initial = first;
    this.#await(root.directory);
    this.#scan(root.directory);
  }

  #touched(path: string, mask: number, isDirectory: boolean): void {
    if (this.#frozen) return;
    for (const [bit, kind] of CONTENT_KINDS) {
      if (mask & bit & this.#scope.content) {
        this.#client.report(entryEvent(kind, path, isDirectory));
      }
    }
  }

  // Events, one by one

  #apply(directory: Directory, event: InotifyEvent): void {
    if (this.#frozen) return;
    if (directory.pending !== undefined) {
      directory.pending.held.push(event);
      return;
    }
    const { mask } = event;
    const name = nameOf(event);
    const isDirectory = (mask & IN_ISDIR) !== 0;
    if (mask & IN_CREATE) this.#created(directory, name, isDirectory);
    else if (mask & (IN_DELETE | IN_MOVED_FROM)) this.#removed(directory, name);
    else if (mask & IN_MOVED_TO) this.#movedIn(directory, name, isDirectory);
    else if (name !== "") this.#changed(directory, name, mask);
    else this.#self(directory, mask);
  }

  #created(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known !== undefined) {
      if (isOfType(known, isDirectory)) return; // the scan has found it already
      this.#removed(directory, name);
    }
    this.#found(directory, name, isDirectory, "create");
  }

  #removed(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    directory.entries.delete(name);
    if (entry instanceof Directory) this.#drop(entry);
    this.#client.report(entryEvent("remove", directory.pathOf(name), entry !== false));
  }

  /** Something came from where nothing is tracked, or the scan has found it already. */
  #movedIn(directory: Directory, name: string, isDirectory: boolean): void {
    const known = directory.entries.get(name);
    if (known instanceof Directory && isDirectory) {
      for (const one of known.subtree()) this.#await(one);
      this.#scan(known);
    } else if (known === false && !isDirectory) {
      this.#client.report(entryEvent("modify", directory.pathOf(name), false));
    } else {
      this.#created(directory, name, isDirectory);
    }
  }

  #moved(source: Directory, from: string, target: Directory, to: string, mask: number): void {
    const entry = source.entries.get(from);
    const isDirectory = (mask & IN_ISDIR) !== 0;
    if (entry === undefined) return this.#movedIn(target, to, isDirectory);
    const path = target.pathOf(to);
    if (this.#client.ignores(path, isDirectory, target.root.path)) {
      return this.#removed(source, from);
    }
    const fromPath = source.pathOf(from);
    const replaced = target.entries.get(to);
    if (replaced instanceof Directory) this.#drop(replaced);
    source.entries.delete(from);
    target.entries.set(to, entry);
    if (entry instanceof Directory) entry.moveTo(target, to);
    this.#client.report(renameEvent(fromPath, path, isDirectory, replaced !== undefined));
  }

  #changed(directory: Directory, name: string, mask: number): void {
    const entry = directory.entries.get(name);
    if (entry === undefined) return; // ignored, or gone again
    this.#touched(directory.pathOf(name), mask, entry !== false);
  }

  /** Of what happens to a directory its parent tells, unless it is a root. */
  #self(directory: Directory, mask: number): void {
    if (mask & IN_MOVE_SELF) {
      this.#await(directory); // a link that leads nowhere now
      this.#scan(directory);
    } else if (mask & IN_UNMOUNT) {
      this.#client.report({ kind: "unmount", path: toText(directory.path) });
    } else if (directory.parent === undefined) this.#touched(directory.path, mask, true);
  }

  /** An entry is there that was not known. */
  #found(directory: Directory, name: string, isDirectory: boolean, kind: EntryKind | ""): void {
    const path = directory.pathOf(name);
    const { recursive, followSymlinks } = this.#scope;
    const link = recursive && followSymlinks && !isDirectory &&
      leadsToDirectory(this.#hub.libc, path);
    if (this.#client.ignores(path, isDirectory || link, directory.root.path)) return;
    if (kind !== "") this.#client.report(entryEvent(kind, path, isDirectory || link));
    if (!(isDirectory || link) || !recursive) {
      directory.entries.set(name, isDirectory || link);
      return;
    }
    const child = new Directory(name, directory, link);
    child.initial = directory.initial && kind !== "create";
    directory.entries.set(name, child);
    this.#await(child);
    this.#scan(child);
  }

  /** Gives up everything from a directory down; the entry in its parent is the caller's. */
  #drop(directory: Directory): void {
    for (const one of directory.subtree()) {
      one.gone = true;
      this.#unwatch(one);
    }
  }

  // Scans

  /** Holds back the events of a directory until a scan of it is believed. */
  #await(directory: Directory): void {
    const held = directory.pending?.held ?? [];
    directory.pending = { moved: 0, entries: undefined, held };
  }

  #scan(directory: Directory): void {
    this.#toScan.push(directory);
    if (!this.#scanning) this.#scanAll();
  }

  async #scanAll(): Promise<void> {
    this.#scanning = true;
    while (this.#toScan.length > 0 && !this.#closed) {
      const end = performance.now() + SLICE;
      let next = 0;
      while (next < this.#toScan.length && performance.now() < end) {
        this.#scanOne(this.#toScan[next++]);
      }
      this.#toScan = this.#toScan.slice(next);
      this.#client.progress(this.#count);
      const scanned = this.#scanned;
      this.#scanned = [];
      this.#marks++;
      this.#hub.mark(() => {
        this.#marks--;
        this.#believe(scanned);
      });
      if (this.#toScan.length > 0) await delay(0);
    }
    this.#scanning = false;
  }

  #scanOne(directory: Directory): void {
    if (directory.gone || this.#closed) return;
    const { path } = directory;
    const follow = directory.parent === undefined || directory.link;
    const mask = STRUCTURE | this.#scope.content | (directory.link ? IN_MOVE_SELF : 0);
    const found = this.#hub.scan(path, mask, follow, this);
    if (!("wd" in found)) return this.#unscanned(directory, path, found);
    this.#count++;
    if (directory.link && isInside(directory, found.wd)) return this.#leaf(directory);
    let held = directory.pending?.held ?? [];
    if (directory.wd !== found.wd) {
      held = []; // they are of another directory
      this.#unwatch(directory);
      directory.wd = found.wd;
      const holders = this.#byWatch.get(found.wd);
      if (holders === undefined) this.#byWatch.set(found.wd, new Set([directory]));
      else holders.add(directory);
    }
    directory.pending = { moved: directory.moved, entries: found.entries, held };
    this.#scanned.push([directory, directory.pending]);
  }

  #unscanned(directory: Directory, path: string, { errno, syscall }: ScanFailure): void {
    this.#unwatch(directory);
    directory.pending = { moved: directory.moved, entries: undefined, held: [], errno };
    if (errno === ENOENT || errno === ENOTDIR || errno === ELOOP) {
      // The path means something else by now: what became of the directory is still queued.
      this.#scanned.push([directory, directory.pending]);
      return;
    }
    directory.pending = undefined;
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
    this.#client.report({ kind: "error", path: shown, error });
  }

  #unwatch(directory: Directory): void {
    const { wd } = directory;
    if (wd === -1) return;
    directory.wd = -1;
    const holders = this.#byWatch.get(wd);
    holders?.delete(directory);
    if (holders?.size !== 0) return;
    this.#byWatch.delete(wd);
    this.#hub.release(wd, this);
  }

  /** The mark that follows these scans has come. */
  #believe(scanned: readonly [Directory, Pending][]): void {
    if (this.#closed || this.#frozen) return;
    for (const [directory, pending] of scanned) {
      if (directory.gone || directory.pending !== pending) continue;
      if (directory.moved !== pending.moved) {
        this.#scan(directory);
        continue;
      }
      if (pending.entries === undefined) {
        this.#doubt(directory, pending.errno);
        continue;
      }
      directory.pending = undefined;
      this.#compare(directory, pending.entries);
      for (const event of pending.held) this.#apply(directory, event);
      directory.initial = false;
    }
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
    directory.pending = undefined;
    this.#unwatch(directory);
  }

  /** Says the difference between what is known of a directory and what a scan has found. */
  #compare(directory: Directory, found: ReadonlyMap<string, boolean>): void {
    for (const [name, entry] of [...directory.entries]) {
      const isDirectory = found.get(name);
      if (isDirectory === undefined || !isOfType(entry, isDirectory)) {
        this.#removed(directory, name);
      } else if (entry instanceof Directory) {
        if (entry.pending !== undefined) this.#scan(entry);
      } else if (directory.lost && !entry) {
        const path = directory.pathOf(name);
        const time = changeTime(this.#hub.libc, path);
        if (time !== undefined && time >= this.#lostSince) {
          this.#client.report(entryEvent("modify", path, false));
        }
      }
    }
    directory.lost = false;
    const kind = directory.initial ? this.#scope.initial ? "exists" : "" : "create";
    for (const [name, isDirectory] of found) {
      if (!directory.entries.has(name)) this.#found(directory, name, isDirectory, kind);
    }
  }

  get #idle(): boolean {
    return this.#marks === 0 && this.#toScan.length === 0;
  }
}

const NONE: ReadonlySet<Directory> = new Set();

/** Whether an entry is what a listing or an event says, where a link is none to a directory. */
function isOfType(entry: Entry, isDirectory: boolean): boolean {
  return isDirectory === (entry instanceof Directory ? !entry.link : entry);
}

/** Whether one of the directories above has this watch. */
function isInside({ parent }: Directory, wd: number): boolean {
  return parent !== undefined && (parent.wd === wd || isInside(parent, wd));
}
