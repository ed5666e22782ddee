/**
 * Watches by path: single ones, and trees that change while they are watched.
 *
 * The kernel watches directories and not trees. So a new directory is watched when its event is read, and
 * what was made in it before that is found by listing it afterwards, and told as created. Where a
 * directory moves, its watches stay with it and its paths follow. Events are taken in the kernel's order;
 * directories that have appeared are looked at when all that is queued is known, and so by the paths that
 * they have by then. What these looks make in the directories that they take in is not told.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { EACCES, ENOTDIR } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { delay, turn } from "../../../ffi/time.ts";
import { InotifyError } from "../../kernel/error.ts";
import { reasonFor } from "../../kernel/reason.ts";
import { leadsToDirectory, readLink } from "../../kernel/files.ts";
import type { Inotify } from "../../kernel/inotify.ts";
import { nameOf, own, toBytes, toText } from "../../kernel/byte_string.ts";
import {
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_DONT_FOLLOW,
  IN_IGNORED,
  IN_ISDIR,
  IN_MASK_CREATE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_Q_OVERFLOW,
} from "../../kernel/mask.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import { isGone, scan, type ScanFailure, whole } from "../../engine/scan.ts";
import { isLook, type Look, newLook, withoutLooks } from "./look.ts";
import { isAttached, isWithin, newNode, type Node, subtree } from "./node.ts";

/** What happens to the entries of a directory. */
const ENTRIES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
/** What is needed to know how a tree changes. */
const STRUCTURE = ENTRIES | IN_MOVE_SELF;
/** How many directories are taken in between two reads of the queue, which holds 16384 events or more. */
const STRIDE = 256;
/** How long the second half of a rename may take to be queued, in milliseconds. */
const HALF = 2;
/** Something that exists and that nobody else watches with this instance. */
const MARK = "/proc/self/fdinfo";

/** Who is told what. Paths are lossless text. */
export interface Observer {
  /** An event. @param watched the path; that of a directory ends with a slash; "" if of no watch */
  event(watched: string, event: InotifyEvent): void;
  /** All that was queued has been told, and the directories that were in it are watched. */
  caughtUp(): void;
  /** A directory of a tree cannot be watched. */
  uncovered(path: string, errno: number): void;
  /** The top of a tree has moved, and nobody says whereto: what is new in it cannot be watched. */
  moved(path: string): void;
  /** Entries were made before their directory was watched, and creations are not asked for. */
  unasked(directory: string, count: number): void;
  /** A tree is being set up, which takes its time. @param count of watches so far */
  progress(count: number): void;
}

/** Which directories of a tree are left out. @param directory with a slash at its end */
export type Prune = (directory: string) => boolean;

/** A directory that could not be looked at. */
interface LookFailure extends ScanFailure {
  readonly path: string;
}

/** Watches paths with one inotify instance, and tells what happens by path. */
export class Tree {
  readonly #libc: Libc = libc();
  readonly #inotify: Inotify;
  readonly #mask: number;
  readonly #prune: Prune;
  readonly #observer: Observer;
  readonly #nodes = new Map<number, Node>();
  readonly #roots: Node[] = [];
  #queue: InotifyEvent[] = [];
  /** Directories that are to be looked at when the queue is done. */
  readonly #appeared = new Set<Node>();
  /** Other places at which directories were seen that have one already: it may not be known yet that they moved. */
  readonly #aliases = new Map<Node, Node>();
  /** Directories that have left, of which that they moved is still queued: their last paths. */
  readonly #left = new Map<number, string>();
  /** Cookies of renames of which the second half was applied with the first; negative, of which the first was, too. */
  readonly #applied = new Set<number>();
  #lost = false;
  #lastMark: number | undefined;
  #stopped = false;

  /** Watches nothing yet. @param mask of every watch: the events that are told, and flags */
  constructor(inotify: Inotify, mask: number, prune: Prune, observer: Observer) {
    this.#inotify = inotify;
    this.#mask = mask;
    this.#prune = prune;
    this.#observer = observer;
  }

  /** The watches: their descriptors and paths. */
  *watches(): Generator<[wd: number, path: string]> {
    for (const [wd, { path }] of this.#nodes) yield [wd, path];
  }

  /** Watches a file or a directory. @throws {InotifyError} */
  watch(path: string): void {
    const wd = this.#inotify.addWatch(toBytes(path), this.#mask);
    if (this.#nodes.has(wd)) return; // of two paths to one inode the first one is told
    const isDirectory = typeof readLink(this.#libc, path) !== "string" &&
      leadsToDirectory(this.#libc, path);
    const node = newNode(isDirectory ? slashed(path) : path);
    node.wd = wd;
    this.#nodes.set(wd, node);
  }

  /** Watches a directory and all below it; or a file. @throws {InotifyError} */
  async watchTree(path: string): Promise<void> {
    const root = newNode(slashed(path));
    for (const failure of this.#look(root, newLook("setUp"))) {
      if (failure === undefined) {
        this.#hold();
        this.#observer.progress(this.#nodes.size);
        await turn();
      } else if (failure.errno === ENOTDIR && root.wd === undefined) {
        return this.watch(path);
      } else {
        throw new InotifyError("watch", reasonFor(this.#libc, failure.errno), failure);
      }
    }
    this.#hold();
    if (root.wd !== undefined) this.#roots.push(root);
  }

  /** Keeps what is queued while a tree is set up, but what may be of the looks into it. */
  #hold(): void {
    this.#queue = this.#queue.concat(this.#readAll().filter((event) => !isLook(event)));
  }

  /** Tells what happens, until {@link stop}. */
  async run(): Promise<void> {
    do {
      for (let i = 0; i < this.#queue.length && !this.#stopped; i++) {
        const event = this.#queue[i];
        const { wd, mask } = event;
        const node = this.#nodes.get(wd);
        const path = wd === -1
          ? ""
          : mask & IN_MOVE_SELF
          ? this.#left.get(wd) ?? node?.path
          : node?.path;
        // What else is still queued of a directory that has left is nobody's business.
        if (path !== undefined && (mask & STRUCTURE & ~this.#mask) === 0) {
          this.#observer.event(path, event);
        }
        if (mask & IN_Q_OVERFLOW) this.#lost = true;
        else if (mask & IN_IGNORED) this.#end(wd);
        else if (node === undefined || this.#roots.length === 0) continue;
        else if (mask & IN_MOVE_SELF) this.#move(node);
        else if (!(mask & IN_ISDIR)) continue;
        else if (mask & IN_MOVED_FROM) await this.#leave(node, event, i + 1);
        else this.#change(node, event);
      }
      if (this.#stopped) return;
      this.#queue = this.#takeIn();
      if (this.#queue.length > 0) continue;
      this.#observer.caughtUp();
      this.#queue = await this.#inotify.read();
    } while (this.#queue.length > 0);
  }

  /** Tells nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#inotify.close();
  }

  /** Tells what has happened so far, and then nothing more. */
  finish(): void {
    try {
      // That a watch was removed is queued behind all that there is.
      this.#lastMark = this.#inotify.addWatch(MARK, IN_DELETE_SELF | IN_MASK_CREATE);
      this.#inotify.rmWatch(this.#lastMark);
    } catch {
      this.stop();
    }
  }

  #end(wd: number): void {
    if (wd === this.#lastMark) this.stop();
    this.#left.delete(wd);
    const node = this.#nodes.get(wd);
    if (node === undefined) return;
    this.#nodes.delete(wd);
    this.#aliases.delete(node);
    node.wd = undefined;
  }

  #move(node: Node): void {
    if (node.parent === undefined && this.#roots.includes(node)) this.#observer.moved(node.path);
  }

  #change(parent: Node, event: InotifyEvent): void {
    const { mask, cookie } = event;
    if (mask & IN_CREATE) this.#appear(parent, own(nameOf(event)), true);
    else if (mask & IN_DELETE) this.#detach(parent, nameOf(event));
    else if (mask & IN_MOVED_TO && !this.#applied.delete(cookie)) {
      this.#appear(parent, own(nameOf(event)), false);
    }
  }

  #appear(parent: Node, name: string, created: boolean): void {
    this.#detach(parent, name);
    const node = this.#add(parent, name, created);
    if (node !== undefined) this.#appeared.add(node);
  }

  /** Has a place for a directory that is not watched yet. @returns it, if it is not left out */
  #add(parent: Node, name: string, created: boolean): Node | undefined {
    const path = `${parent.path}${name}/`;
    if (this.#prune(path)) return undefined;
    const node = newNode(path, parent, name, created);
    parent.children.set(name, node);
    return node;
  }

  /** Takes a name away from the directory that has it. @returns that directory */
  #detach(parent: Node, name: string): Node | undefined {
    const node = parent.children.get(name);
    if (node === undefined) return undefined;
    parent.children.delete(name);
    this.#appeared.delete(node);
    return node;
  }

  /** A directory leaves for another path, or for good. */
  async #leave(parent: Node, event: InotifyEvent, next: number): Promise<void> {
    const from = own(nameOf(event));
    if (!parent.children.has(from) || this.#applied.delete(-event.cookie)) return;
    const at = await this.#find(next, ({ mask, wd, cookie }) => {
      if (mask & IN_MOVED_TO && cookie === event.cookie) return true;
      // While a rename is told, nothing else happens to the entries of its directories.
      return mask & ENTRIES && wd === event.wd ? false : undefined;
    });
    const half = at === undefined ? undefined : this.#queue[at];
    const target = half && this.#nodes.get(half.wd);
    const name = half && own(nameOf(half));
    const node = this.#detach(parent, from)!;
    if (name === undefined || !target || this.#prune(`${target.path}${name}/`)) {
      return this.#forget(node);
    }
    this.#applied.add(event.cookie);
    const displaced = this.#detach(target, name);
    this.#place(node, target, name);
    if (displaced?.wd === undefined) return;
    const back = await this.#find(at! + 1, ({ mask, wd }, name) => {
      if (wd === displaced.wd && mask & IN_IGNORED) return false;
      if (wd !== half.wd || !(mask & ENTRIES)) return undefined;
      return (mask & IN_MOVED_FROM) !== 0 && name === nameOf(half);
    });
    if (back === undefined) return;
    // It was not replaced: the two have changed places (RENAME_EXCHANGE of rename(2)).
    const { cookie } = this.#queue[back];
    this.#applied.add(cookie).add(-cookie);
    this.#place(displaced, parent, from);
  }

  /**
   * Looks for an event in the queue. What the kernel queues of one system call it does not queue in the
   * same instant: if the queue does not say, more is read, and again after a while.
   *
   * @param test `true` if it is this one, `false` if there is none
   * @returns its index
   */
  async #find(
    next: number,
    test: (event: InotifyEvent, name: string) => boolean | undefined,
  ): Promise<number | undefined> {
    for (const patience of [0, 0, HALF]) {
      if (patience > 0) await delay(patience);
      if (next === this.#queue.length) this.#queue = this.#queue.concat(this.#readAll());
      for (; next < this.#queue.length; next++) {
        const answer = test(this.#queue[next], nameOf(this.#queue[next]));
        if (answer !== undefined) return answer ? next : undefined;
      }
    }
    return undefined;
  }

  #place(top: Node, parent: Node, name: string): void {
    top.parent = parent;
    top.name = name;
    parent.children.set(name, top);
    for (const node of subtree(top)) {
      node.path = `${node.parent!.path}${node.name}/`;
      if (node.wd === undefined) this.#appeared.add(node);
    }
  }

  #forget(top: Node): void {
    const { wd, path } = top;
    for (const node of subtree(top)) {
      this.#appeared.delete(node);
      this.#unwatch(node);
    }
    if (wd !== undefined) this.#left.set(wd, path);
  }

  #unwatch(node: Node): void {
    if (node.wd === undefined) return;
    const alias = this.#aliases.get(node);
    if (alias !== undefined && isAttached(alias)) this.#appeared.add(alias);
    try {
      this.#inotify.rmWatch(node.wd);
    } catch {
      // The kernel has removed it, and what says so is still queued.
    }
    this.#end(node.wd);
  }

  #readAll(): InotifyEvent[] {
    let events: InotifyEvent[] = [];
    for (let more; (more = this.#inotify.readSync()).length > 0;) events = events.concat(more);
    return events;
  }

  /** Watches what has appeared, and tells what is in it. @returns events that are to be told next */
  #takeIn(): InotifyEvent[] {
    if (this.#appeared.size === 0 && !this.#lost) return [];
    const again = this.#lost;
    this.#lost = false;
    const tops = again ? this.#roots : [...this.#appeared].filter(isAttached);
    this.#appeared.clear();
    const before = [...again ? this.#nodes.values() : []];
    const look = newLook(again ? "lost" : "appeared");
    let queue: InotifyEvent[] = [];
    for (const top of tops) {
      for (const failure of this.#look(top, look)) {
        if (failure === undefined) queue = queue.concat(this.#readAll());
        else if (again) { for (const node of subtree(top)) look.seen.add(node); }
        else if (!isGone(failure)) this.#observer.uncovered(failure.path, failure.errno);
      }
    }
    queue = queue.concat(this.#readAll());
    if (again) this.#forgetLost(before, look.seen);
    const { fresh, news } = look;
    const others = withoutLooks(queue, again ? look.seen : fresh);
    this.#doubt(look, others);
    return this.#tell(news, others);
  }

  /** After an overflow: what no root leads to any more is in no tree. */
  #forgetLost(before: readonly Node[], seen: ReadonlySet<Node>): void {
    for (const node of before) {
      if (seen.has(node) || !this.#roots.some((root) => isWithin(node, root))) continue;
      if (node.parent && isAttached(node)) this.#detach(node.parent, node.name);
      this.#unwatch(node);
    }
  }

  /**
   * If a name was given up and taken again meanwhile, or something moved there, what was looked at may be
   * the one or the other: then that is taken back, and done again when it is known what is where.
   */
  #doubt({ fresh, news }: Look, queue: readonly InotifyEvent[]): void {
    const left = new Set<string>();
    for (const event of queue) {
      const { wd, mask } = event;
      if (!(mask & ENTRIES)) continue;
      const key = `${wd}/${nameOf(event)}`;
      const isDirectory = (mask & IN_ISDIR) !== 0;
      if (mask & (IN_MOVED_FROM | IN_DELETE)) {
        if (isDirectory) left.add(key);
        continue;
      }
      // What is no directory may be a symbolic link to one.
      if (!left.has(key) && !(isDirectory && mask & IN_MOVED_TO)) continue;
      const first = this.#nodes.get(wd)?.children.get(nameOf(event));
      if (first === undefined) continue;
      const tops = [...fresh].filter((node) =>
        isWithin(node, first) && (node === first || !fresh.has(node.parent!))
      );
      for (const top of tops) {
        for (const node of subtree(top)) {
          this.#unwatch(node);
          fresh.delete(node);
          news.delete(node);
        }
        top.children.clear();
        this.#appeared.add(top);
      }
    }
  }

  /** Tells of what was found, before what is queued. @returns what of the queue is not told by that */
  #tell(news: Look["news"], queue: InotifyEvent[]): InotifyEvent[] {
    if (news.size === 0) return queue;
    const known = new Set<string>();
    const rest = queue.filter((event) => {
      const { wd, mask } = event;
      const entries = mask & ENTRIES ? news.get(this.#nodes.get(wd)!) : undefined;
      const name = nameOf(event);
      if (entries === undefined || known.has(`${wd}/${name}`)) return true;
      known.add(`${wd}/${name}`);
      // The first event of a name says whether it was there before the watch, or else how it came.
      if (mask & IN_CREATE) return !entries.has(name);
      if (!(mask & IN_MOVED_TO)) {
        const parent = this.#nodes.get(wd)!;
        const isDirectory = (mask & IN_ISDIR) !== 0;
        entries.set(own(name), isDirectory);
        // So that it is known where it comes from.
        const leaves = isDirectory && mask & IN_MOVED_FROM && !parent.children.has(name);
        if (leaves) this.#add(parent, own(name), true);
        return true;
      }
      entries.delete(name);
      return true;
    });
    for (const [{ wd, path }, entries] of news) {
      if (entries.size > 0 && !(this.#mask & IN_CREATE)) {
        this.#observer.unasked(path, entries.size);
        continue;
      }
      for (const [name, isDirectory] of entries) {
        this.#observer.event(path, created(wd!, name, isDirectory));
      }
    }
    return rest;
  }

  /**
   * Watches a directory and those below it.
   *
   * @returns `undefined` whenever the queue should be read; a failure if one ended it
   */
  *#look(top: Node, look: Look): Generator<LookFailure | undefined, void> {
    const { why, news } = look;
    const mask = (this.#mask | STRUCTURE) & ~IN_DONT_FOLLOW;
    const stack = [top];
    for (let node = stack.pop(), count = 1; node !== undefined; node = stack.pop(), count++) {
      const { path, parent, name } = node;
      // With its slash, a symbolic link would be followed.
      const bare = path.slice(0, -1) || "/";
      const result = whole(scan(this.#libc, this.#inotify.fd, bare, mask, parent === undefined));
      if ("errno" in result) {
        const { errno } = result;
        const gone = isGone(result);
        // What is gone has a place until an event says that it has moved or was removed.
        if (parent && (why === "setUp" || !gone)) this.#detach(parent, name);
        if (node === top || !(gone || errno === EACCES)) return yield { ...result, path };
        // What fails later than open(2) is there, unless it is being removed.
        const isThere = errno === EACCES || why === "setUp" && result.syscall !== "open";
        if (isThere) this.#observer.uncovered(path, errno);
        continue;
      }
      const { wd, listing } = result;
      const known = this.#nodes.get(wd);
      const found = this.#recognize(node, wd, look);
      if (found === undefined || found === known && why !== "lost") continue;
      look.seen.add(found);
      const isNews = known === undefined && found.created;
      const entries = new Map<string, boolean>();
      if (known === undefined) look.fresh.add(found);
      if (isNews) { for (const part of listing.parts) part.addTo(entries); }
      if (isNews || why === "lost") news.set(found, entries);
      for (const name of listing.parts.flatMap((part) => part.directories())) {
        let child = found.children.get(name);
        if (child === undefined) {
          child = this.#add(found, name, why === "lost" || found.created);
          if (child === undefined) continue;
          if (why === "lost") entries.set(name, true);
        }
        stack.push(child);
      }
      if (count % STRIDE === 0) yield undefined;
    }
  }

  /** Which directory it is that a path leads to. @returns `undefined` if it has another path, too */
  #recognize(node: Node, wd: number, { why, seen }: Look): Node | undefined {
    const known = this.#nodes.get(wd);
    if (known === node) return node;
    const { parent, name } = node;
    if (known === undefined) {
      if (node.wd !== undefined) {
        // After an overflow: another directory has the name now.
        if (parent === undefined) return this.#inotify.rmWatch(wd), undefined;
        this.#appear(parent, name, true);
        node = parent.children.get(name)!;
        this.#appeared.delete(node);
      }
      node.wd = wd;
      this.#nodes.set(wd, node);
      return node;
    }
    if (parent === undefined) return undefined;
    const elsewhere = known.parent === undefined
      ? known.path !== node.path
      : why === "lost"
      ? seen.has(known)
      : isAttached(known);
    if (elsewhere) {
      this.#aliases.set(known, node);
      return undefined;
    }
    if (isAttached(known)) this.#detach(known.parent!, known.name);
    this.#place(known, parent, name);
    return known;
  }
}

function created(wd: number, text: string, isDirectory: boolean): InotifyEvent {
  const name = toText(text);
  const rawName = name === text ? {} : { rawName: toBytes(text) };
  return { wd, mask: IN_CREATE | (isDirectory ? IN_ISDIR : 0), cookie: 0, name, ...rawName };
}

function slashed(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
