/**
 * `Way`: the way to a directory, for all paths that end in it. Thousands of files in one directory share one.
 *
 * It is as of the last event. A path that joins it later finds what is at its end by itself, by a call that goes by
 * the whole path: if that leads elsewhere by now, the event is queued that will tell.
 *
 * @module
 */

import { nameOf } from "../kernel/byte_string.ts";
import { IN_IGNORED, IN_UNMOUNT } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Instance } from "./instance.ts";
import type { Owner, Receiver } from "./member.ts";
import type { Move } from "./renames.ts";
import { ENTRY, SELF, Walk } from "./walk.ts";

/** Who goes a way. */
export interface Passenger {
  /** The way may lead elsewhere. @param mask of the event */
  moved(mask: number): void;
}

const ways = new WeakMap<Instance, Map<string, Way>>();

/** The way to a directory. */
export class Way implements Owner, Receiver {
  readonly receiver: Receiver = this;
  readonly #instance: Instance;
  readonly #path: string;
  readonly #walk: Walk;
  /** How many have it by {@link of}. */
  #users = 0;
  readonly #passengers = new Set<Passenger>();
  /** The watches that are about to end with their file system. */
  readonly #unmounted = new Set<number>();
  /** The watch of the directory; -1 while the way leads to none. */
  #wd = -1;
  /** Whether it is not as of the last event. */
  #isDoubtful = true;

  private constructor(instance: Instance, path: string) {
    this.#instance = instance;
    this.#path = path;
    this.#walk = new Walk(instance, this, `${path}/.`, undefined, true);
  }

  /** The way to a directory, until {@link close}. @param path absolute, as lossless text */
  static of(instance: Instance, path: string): Way {
    let all = ways.get(instance);
    if (all === undefined) ways.set(instance, all = new Map());
    let way = all.get(path);
    if (way === undefined) all.set(path, way = new Way(instance, path));
    way.#users++;
    return way;
  }

  /** Trusts no way until it is resolved again: events are lost, or never come. */
  static doubt(instance: Instance): void {
    for (const way of ways.get(instance)?.values() ?? []) way.#isDoubtful = true;
  }

  /**
   * Watches the entries of the directory.
   *
   * @returns its watch, by which names in it can be followed; -1 if the way leads to none, or to another one by now
   */
  enter(mask: number): number {
    if (!this.#isDoubtful) {
      if (this.#wd === -1 || this.#walk.enter(mask) === this.#wd) return this.#wd;
      if (this.#passengers.size > 0) return -1; // the event is queued that they wait for
      // A directory that was removed while it is open sends none.
    }
    const before = this.#wd;
    this.#look();
    if (this.#wd !== before && this.#passengers.size > 0) {
      this.#instance.fence(() => this.#tell(0));
    }
    return this.#wd !== -1 && this.#walk.enter(mask) === this.#wd ? this.#wd : -1;
  }

  /** Whether a directory is on the way. @param wd its watch */
  passes(wd: number): boolean {
    return this.#walk.passes(wd);
  }

  /** The path of the directory without symbolic links, or where the way ends. */
  get end(): string {
    return this.#walk.end;
  }

  /** Whether it leads to another path, or below it. */
  passesBelow(path: string): boolean {
    return this.#walk.passesBelow(path);
  }

  /** Whether a name is nothing but the end of a path that goes this way. @param wd the watch of its directory */
  endsIn(wd: number, name: string): boolean {
    return wd === this.#wd && !this.#walk.has(wd, name);
  }

  /** Tells a passenger when the way may lead elsewhere, until {@link leave}. */
  join(passenger: Passenger): void {
    this.#passengers.add(passenger);
  }

  /** Ends {@link join}. */
  leave(passenger: Passenger): void {
    this.#passengers.delete(passenger);
  }

  /** Ends {@link of}. */
  close(): void {
    if (--this.#users > 0) return;
    this.#walk.close();
    ways.get(this.#instance)?.delete(this.#path);
  }

  event(event: InotifyEvent): void {
    const { wd, mask } = event;
    if (event.name === "" && mask & IN_UNMOUNT) return void this.#unmounted.add(wd);
    if (mask & IN_IGNORED && this.#unmounted.delete(wd)) {
      return this.#instance.mounts.look(() => this.#lookAndTell(mask), true); // after `unmount` is reported
    }
    const isMine = event.name === ""
      ? mask & (SELF | IN_IGNORED)
      : mask & ENTRY && this.#walk.has(wd, nameOf(event));
    if (isMine) this.#lookAndTell(mask);
  }

  move({ from, to }: Move): void {
    if (from !== undefined) this.event(from);
    if (to !== undefined) this.event(to);
  }

  #lookAndTell(mask: number): void {
    this.#look();
    this.#tell(mask);
  }

  #tell(mask: number): void {
    for (const one of [...this.#passengers]) if (this.#passengers.has(one)) one.moved(mask);
  }

  #look(): void {
    this.#isDoubtful = false;
    const target = this.#walk.look();
    this.#wd = target?.isDirectory ? Math.max(target.wd, -1) : -1;
  }
}
