/**
 * `PathWatch`: where a path leads, and what happens to what is there.
 *
 * The path shares the way to the directory that it ends in, as long as a file or directory is there. If not, or if it
 * ends in a symbolic link that is followed, it has a walk of its own. A link that is not followed is as a file.
 *
 * @module
 */

import { cString, nameOf, toText } from "../kernel/byte_string.ts";
import { S_IFDIR, S_IFLNK, typeOf } from "../kernel/files.ts";
import { IN_ATTRIB, IN_DONT_FOLLOW, IN_IGNORED, IN_ONLYDIR, IN_UNMOUNT } from "../kernel/mask.ts";
import { isWithin } from "../kernel/mountinfo.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Instance } from "./instance.ts";
import type { Owner, Receiver } from "./member.ts";
import type { Move } from "./renames.ts";
import { ENTRY, SELF, type Target, Walk } from "./walk.ts";
import { type Passenger, Way } from "./way.ts";

/** A followed path. */
export class PathWatch implements Owner, Receiver, Passenger {
  readonly receiver: Receiver = this;
  readonly #instance: Instance;
  readonly #path: string;
  readonly #name: string;
  readonly #content: number;
  readonly #follow: boolean;
  /** See {@link Passenger.moved}: also for what happens at the end of the way. */
  readonly moved: (mask: number) => void;
  readonly #touched: (mask: number) => void;
  /** The watches that are about to end with their file system. */
  readonly #unmounted = new Set<number>();
  /** The way to the directory that the path ends in, from the first look on; the path `/` has none. */
  #way: Way | undefined;
  /** The watch of that directory, while the way is shared. */
  #parent = -1;
  /** The walk, while the way is not shared. */
  #walk: Walk | undefined;
  /** Whether the shared way has still to hear of the event at hand. */
  #isAhead = false;
  /** The watch of what the path leads to. */
  #target = -1;
  #isDirectory = false;
  /** The mask of the name's last event, if the inode's own is still to come. */
  #expected = 0;
  /** Set until everything is handled that was queued before the target was watched. */
  #isNew: object | undefined;

  /**
   * @param path absolute, as lossless text
   * @param content the events that are wanted of what the path leads to, if that is no directory
   * @param moved called with an event's mask when the path may lead elsewhere: {@link PathWatch.look} again
   * @param touched called with bits of the mask when something happened to that
   * @param follow whether a symbolic link at the end of the path is followed
   */
  constructor(
    instance: Instance,
    path: string,
    content: number,
    moved: (mask: number) => void,
    touched: (mask: number) => void,
    follow: boolean = true,
  ) {
    this.#instance = instance;
    this.#path = path;
    this.#name = path.slice(path.lastIndexOf("/") + 1);
    this.#content = content;
    this.moved = moved;
    this.#touched = touched;
    this.#follow = follow;
  }

  /** Resolves the path, and watches every directory on the way. @returns `undefined` if it leads nowhere */
  look(): Target | undefined {
    const target = this.#lookByWay() ?? this.#lookAlone();
    const wd = target?.wd ?? -1;
    if (wd >= 0 && wd !== this.#target) this.#watchedAnew();
    this.#target = wd;
    this.#isDirectory = target?.isDirectory ?? false;
    return target;
  }

  /** Whether a directory was on the way when the path was last resolved. @param wd its watch */
  passes(wd: number): boolean {
    return (this.#walk ?? this.#way)?.passes(wd) ?? false;
  }

  /** What the path leads to was opened for reading, and closed, of which no event is to be reported. */
  opened(): void {
    if (this.#walk === undefined) this.#instance.opened(this.#parent, this.#name);
    else this.#walk.opened();
    this.#instance.opened(this.#target, "");
  }

  /** Where the path leads to, or ends, without symbolic links. */
  get end(): string {
    if (this.#walk !== undefined) return this.#walk.end;
    const above = this.#way?.end ?? "/";
    return above === "/" ? `/${this.#name}` : `${above}/${this.#name}`;
  }

  /** Whether the way leads to another path, or below it. */
  passesBelow(path: string): boolean {
    return isWithin(this.end, path) || ((this.#walk ?? this.#way)?.passesBelow(path) ?? false);
  }

  /** Releases all its watches. */
  close(): void {
    this.#leaveWay();
    this.#walk?.close();
    if (this.#walk === undefined) this.#release(this.#target);
    this.#way?.close();
    this.#way = undefined;
  }

  event(event: InotifyEvent): void {
    const { wd, mask } = event;
    const expected = this.#expected; // if the inode has an event, too, it comes right after that of the name
    this.#expected = 0;
    if (event.name !== "") {
      const name = nameOf(event);
      if (!(this.#walk?.has(wd, name) ?? (wd === this.#parent && name === this.#name))) return;
      const isAhead = name !== this.#name || !this.#way?.endsIn(wd, name);
      if (mask & ENTRY || this.#isAnswered(mask)) this.#mayHaveMoved(mask, isAhead);
      if (!this.#isDirectory && mask & this.#content) this.#touchedByName(mask);
    } else if (mask & IN_UNMOUNT) {
      this.#unmounted.add(wd);
    } else if (mask & IN_IGNORED && this.#unmounted.delete(wd)) {
      // After `unmount` is reported.
      this.#instance.mounts.look(() => this.#mayHaveMoved(mask, wd !== this.#target), true);
    } else if (mask & (SELF | IN_IGNORED) || this.#isAnswered(mask)) {
      this.#mayHaveMoved(mask, wd !== this.#target);
    } else if (wd === this.#target && !this.#isDirectory) {
      // By another name of the inode; or by this one, whose event came before.
      if (expected !== mask) this.#touched(mask);
    }
  }

  move({ from, to }: Move): void {
    if (from !== undefined) this.event(from);
    if (to !== undefined) this.event(to);
  }

  /** Whether what may not be watched may be by now. */
  #isAnswered(mask: number): boolean {
    return (mask & IN_ATTRIB) !== 0 && (this.#walk?.isRefused ?? false);
  }

  /** @param isAhead whether the way has still to hear of the event, if it has one that is its own */
  #mayHaveMoved(mask: number, isAhead: boolean): void {
    this.#isAhead = isAhead;
    this.moved(mask);
    this.#isAhead = false;
  }

  /** Finds what is there in the directory that the way leads to, unless it is a link to be followed. */
  #lookByWay(): Target | undefined {
    if (this.#path === "/" || this.#walk !== undefined && this.#isAhead) return undefined;
    const { libc } = this.#instance;
    const way = this.#way ??= Way.of(this.#instance, this.#path.slice(0, -1 - this.#name.length));
    const parent = way.enter(ENTRY);
    if (parent === -1) return undefined;
    const type = typeOf(libc, this.#path, false);
    if (type < 0 || type === S_IFLNK && this.#follow) return undefined;
    if (!libc.mayRead(toText(this.#path))) return undefined;
    const isDirectory = type === S_IFDIR;
    if (!isDirectory && !this.#instance.owners.asks(parent, this.#content)) {
      if (way.enter(ENTRY | this.#content) !== parent) return undefined;
    }
    const mask = SELF | (isDirectory ? IN_ONLYDIR : this.#content) | IN_DONT_FOLLOW;
    const wd = this.#instance.watch(cString(this.#path), mask, this);
    if (wd < 0) return undefined;
    if (this.#walk !== undefined) this.#walk.close(wd);
    else if (wd !== this.#target) this.#release(this.#target);
    this.#walk = undefined;
    if (parent !== this.#parent) {
      this.#leaveWay();
      this.#instance.owners.follow(parent, this.#name, this);
      way.join(this);
      this.#parent = parent;
    }
    return { wd, isDirectory };
  }

  #lookAlone(): Target | undefined {
    if (this.#walk === undefined) {
      this.#leaveWay();
      this.#walk = new Walk(
        this.#instance,
        this,
        this.#path,
        this.#content,
        this.#follow,
        this.#target,
      );
    }
    return this.#walk.look();
  }

  #leaveWay(): void {
    if (this.#parent === -1) return;
    this.#instance.owners.unfollow(this.#parent, this.#name, this);
    this.#way?.leave(this);
    this.#parent = -1;
  }

  #release(wd: number): void {
    if (wd >= 0) this.#instance.release(wd, this);
  }

  /** Events of the name that are queued already are not followed by one of the inode. */
  #watchedAnew(): void {
    const token = this.#isNew = {};
    this.#instance.fence(() => {
      if (this.#isNew === token) this.#isNew = undefined;
    });
  }

  #touchedByName(mask: number): void {
    if (!this.#isNew) this.#expected = mask;
    this.#touched(mask);
  }
}
