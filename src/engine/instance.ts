/**
 * `Instance`: the one inotify instance that the watchers of a thread share, and the loop that reads it.
 *
 * Whom it serves and how it reads are one file, longer than 300 lines, since each decides when the other has its turn.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import type { Libc } from "../../ffi/contract.ts";
import { delay } from "../../ffi/time.ts";
import { call } from "../kernel/call.ts";
import { nameOf } from "../kernel/byte_string.ts";
import { monotonic, now, type Timestamp } from "../kernel/clock.ts";
import { debug, shown } from "../kernel/debug.ts";
import { Fence } from "./fence.ts";
import { IN_IGNORED, IN_MASK_ADD, IN_MOVE, IN_Q_OVERFLOW } from "../kernel/mask.ts";
import { Mounts } from "./mounts.ts";
import { type InotifyEvent, parseEvents } from "../kernel/parse.ts";
import { Reader } from "../kernel/reader.ts";
import { type Move, Renames } from "./renames.ts";
import type { Member, Owner } from "./member.ts";
import { type Scan, scan, type ScanFailure } from "./scan.ts";
import { inotifyInit } from "../kernel/syscall.ts";
import { Owners } from "./owners.ts";
import { OwnEvents, READING } from "./own_events.ts";
import { SLICE, Turns } from "./turns.ts";

/** How many bytes are read at once. */
const READ = 65536;
/** How long to wait for the second half of a rename once the queue is empty, in milliseconds. */
const PATIENCE = 2;

/**
 * The key of the instance on globalThis. It is not kept in this module, since `bun --hot` evaluates the module
 * again at each reload while the old watchers live on. Each version of the package has a key of its own, because
 * their methods may differ: this is the version in deno.json.
 */
const INSTANCE: unique symbol = Symbol.for("@inotify/inotify 0.1.0: instance");
const shared = globalThis as { [INSTANCE]?: Instance | undefined };

/** An inotify instance, shared by its members, closed when the last one leaves. */
export class Instance {
  readonly libc: Libc = libc();
  readonly #fd: number = inotifyInit(this.libc);
  readonly #reader = new Reader(this.libc, this.#fd, new Uint8Array(READ));
  readonly #renames = new Renames();
  readonly #members = new Set<Member>();
  /** The members that keep the process alive. */
  readonly #keepers = new Set<Member>();
  /** Who owns which watch. It is {@link release} that ends one with its last owner. */
  readonly owners: Owners<Owner> = new Owners();
  readonly #own = new OwnEvents();
  /** Whether somebody has asked for events of {@link READING}. */
  #reportsReading = false;
  readonly #fence: Fence;
  /** The mounts of the process. */
  readonly mounts: Mounts;
  /** The members with work to do. */
  readonly #busy = new Set<Member>();
  /** Whether it waits for the next event, with nothing else to do. */
  #waiting = false;
  readonly #turns = new Turns(this.libc);
  #drained: Timestamp = now(this.libc);
  /** Whether events are ignored, since others before them are lost. */
  #lost = false;

  constructor() {
    try {
      this.#fence = new Fence(this.libc, this.#fd);
    } catch (error) {
      void this.#reader.close();
      throw error;
    }
    this.mounts = new Mounts(
      this.libc,
      (callback) => this.fence(callback),
      (before, now) => {
        for (const member of this.#members) member.remounted(before, now);
      },
    );
  }

  /** When the queue was last seen empty, with nothing lost. */
  get drained(): Timestamp {
    return this.#drained;
  }

  /** Joins the instance of this process, which is opened for the first member. */
  static join(member: Member): Instance {
    let instance = shared[INSTANCE];
    if (instance === undefined) {
      instance = shared[INSTANCE] = new Instance();
      void instance.#run();
    }
    instance.setRef(member, true); // no private member: its class may be an earlier evaluation of this one
    return instance;
  }

  /** Leaves the instance. The member has released the watches of its owners. */
  async leave(member: Member): Promise<void> {
    if (!this.#members.delete(member)) return;
    this.#busy.delete(member);
    if (this.#members.size > 0) return this.#keep(member, false);
    if (shared[INSTANCE] === this) shared[INSTANCE] = undefined;
    await Promise.all([this.#reader.close(), this.mounts.close()]);
    this.#fence.close();
  }

  /** Whether a member keeps the process alive. */
  setRef(member: Member, ref: boolean): void {
    this.#members.add(member);
    this.#keep(member, ref);
  }

  /**
   * Scans a directory, which the caller then adds to the {@link owners}; see {@link scan}.
   *
   * @returns with whether it was not watched before, so that every event of the watch is later than the scan
   */
  scan(
    path: string,
    mask: number,
    follow: boolean,
  ): Scan & { readonly isNew: boolean } | ScanFailure {
    if (mask & READING) this.#reportsReading = true;
    const result = scan(this.libc, this.#fd, path, mask, follow);
    return "wd" in result ? { ...result, isNew: !this.owners.has(result.wd) } : result;
  }

  /**
   * Watches a path, without a scan.
   *
   * @param isByName whether the owner gets the events of names that it {@link Owners.follow}s only, and those without a name
   * @returns the watch, or a negative errno
   */
  watch(path: Uint8Array, mask: number, owner: Owner, isByName: boolean = false): number {
    const { libc } = this;
    if (mask & READING) this.#reportsReading = true;
    const wd = call(libc, () => libc.inotify_add_watch(this.#fd, path, (mask | IN_MASK_ADD) >>> 0));
    if (wd >= 0) this.owners.add(wd, owner, mask, isByName);
    return wd;
  }

  /** Releases a watch, which ends with its last owner. */
  release(wd: number, owner: Owner): void {
    if (!this.owners.delete(wd, owner)) return;
    // This fails if the inode is gone and IN_IGNORED is queued, which is fine.
    call(this.libc, () => this.libc.inotify_rm_watch(this.#fd, wd));
  }

  /** A file was opened for reading, and closed, of which no event is to be reported. @param wd of its directory */
  opened(wd: number, name: string): void {
    if (this.#reportsReading) this.fence(this.#own.add(wd, name));
  }

  /** Calls back when everything has been handled that the kernel has queued by now. */
  fence(callback: () => void): void {
    this.#fence.request(callback);
    if (this.#waiting) this.#sendFence();
  }

  /**
   * Calls {@link Member.work} once, when the events at hand are handled. Work takes turns with reading and with
   * the event loop.
   */
  schedule(member: Member): void {
    const isIdle = this.#waiting && this.#busy.size === 0;
    this.#busy.add(member);
    if (isIdle) this.fence(() => {}); // which ends the wait
  }

  #sendFence(): void {
    try {
      if (this.#members.size > 0) this.#fence.send();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #run(): Promise<void> {
    try {
      this.mounts.begin();
      for (;;) {
        const worked = this.#work();
        this.#sendFence();
        const time = now(this.libc);
        if (worked) {
          const bytes = this.#reader.readNow();
          if (bytes !== undefined) this.#take(bytes);
        } else {
          this.#waiting = true;
          if (!await this.#reader.next(this.#take, time.monotonic)) return;
        }
        if (!this.#renames.empty) await this.#handleRest();
        if (!this.#reader.isBehind && !this.#lost) this.#drained = time;
        if (worked && this.#turns.isDue) await this.#turns.take();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (shared[INSTANCE] === this) shared[INSTANCE] = undefined;
    for (const member of this.#members) member.fail(error);
  }

  /** Lets members work, each once, and no more of them after a slice. @returns whether one had work to do */
  #work(): boolean {
    let left = this.#busy.size;
    if (left === 0) return false;
    const end = left === 1 ? 0 : monotonic(this.libc) + SLICE;
    let worked = false;
    for (const member of this.#busy) {
      this.#busy.delete(member);
      worked = member.work() || worked;
      if (--left === 0 || monotonic(this.libc) > end) break;
    }
    return worked || this.#busy.size > 0;
  }

  /** Handles what was read, and reports it before anything else runs. */
  readonly #take = (bytes: Uint8Array): true => {
    if (this.#waiting) this.#turns.waited();
    this.#waiting = false;
    const events = parseEvents(bytes);
    if (events.length === 1 && !(events[0].mask & IN_MOVE)) {
      this.#dispatch(events[0]); // the short way, since after quiet each step takes long
    } else {
      this.#renames.push(events);
      this.#handle(false);
    }
    return true;
  };

  /** Handles events, with {@link Renames.shift}. @returns whether it has stopped since a turn is due */
  #handle(last: boolean): boolean {
    let change = this.#renames.shift(last);
    for (let count = 1; change !== undefined; count++) {
      if ("wd" in change) this.#dispatch(change);
      else this.#dispatchMove(change);
      if (count % 256 === 0 && this.#turns.isDue) return true;
      change = this.#renames.shift(false);
    }
    return false;
  }

  async #handleRest(): Promise<void> {
    for (let isDue = this.#turns.isDue; !this.#renames.empty;) {
      if (isDue) await this.#turns.take();
      isDue = this.#handle(!isDue && !await this.#readMore());
    }
  }

  /** Reads on for the second half of a rename. @returns whether there was anything */
  async #readMore(): Promise<boolean> {
    const bytes = this.#reader.readNow() ??
      await delay(PATIENCE).then(() => this.#reader.readNow());
    if (bytes !== undefined) this.#renames.push(parseEvents(bytes));
    return bytes !== undefined;
  }

  #dispatch(event: InotifyEvent): void {
    const { wd, mask } = event;
    if (mask & IN_Q_OVERFLOW) return this.#overflow();
    if (this.#fence.passed(wd)) return;
    const owners = this.owners.of(wd, nameOf(event));
    if (mask & IN_IGNORED) this.owners.end(wd);
    else if (this.#lost || this.#own.take(event)) return;
    debug?.("event", shown(event));
    for (const owner of owners) owner.receiver.event(event, owner);
  }

  #dispatchMove(move: Move): void {
    if (this.#lost) return;
    const halves = [move.from, move.to].filter((half) => half !== undefined);
    debug?.("rename", halves.map(shown).join(" -> "));
    const owners = halves.flatMap((half) => [...this.owners.of(half.wd, nameOf(half))]);
    const receivers = new Set(owners.map(({ receiver }) => receiver));
    for (const receiver of receivers) receiver.move(move);
  }

  /**
   * While an IN_Q_OVERFLOW is queued, the kernel queues no second one, so events may be missing behind it, too.
   * Every event is ignored until a fence that is sent now comes back.
   */
  #overflow(): void {
    debug?.("event", "IN_Q_OVERFLOW");
    if (this.#lost) return this.#fence.lost();
    this.#lost = true;
    this.#fence.lost(() => {
      this.#lost = false;
      for (const member of this.#members) member.overflow();
    });
  }

  #keep(member: Member, ref: boolean): void {
    const before = this.#keepers.size > 0;
    if (ref) this.#keepers.add(member);
    else this.#keepers.delete(member);
    const now = this.#keepers.size > 0;
    if (now === before) return;
    if (now) this.#reader.ref();
    else this.#reader.unref();
  }
}
