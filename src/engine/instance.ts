/**
 * The one inotify instance of all watchers.
 *
 * @module
 */

import { libc } from "../../ffi/libc.ts";
import type { Libc } from "../../ffi/contract.ts";
import { delay, turn } from "../../ffi/time.ts";
import { call } from "../kernel/call.ts";
import { monotonic, now, type Timestamp } from "../kernel/clock.ts";
import { Fence } from "./fence.ts";
import { IN_IGNORED, IN_MASK_ADD, IN_Q_OVERFLOW } from "../kernel/mask.ts";
import { type InotifyEvent, parseEvents } from "../kernel/parse.ts";
import { Reader } from "../kernel/reader.ts";
import { type Move, Renames } from "./renames.ts";
import { type Scan, scan, type ScanFailure } from "./scan.ts";
import { inotifyInit } from "../kernel/syscall.ts";
import { Owners } from "./owners.ts";

/** One who holds watches. */
export interface Subscriber {
  /** An event of a watch that it holds; with `IN_IGNORED`, which ends the watch, the last one. */
  event(event: InotifyEvent): void;
  /** A rename of which at least one half is in a watch that it holds. */
  move(move: Move): void;
}

/** One for whom the instance is kept open. */
export interface Member extends Subscriber {
  /** Events are lost: anything may have changed since the queue was last seen empty. */
  overflow(): void;
  /** The instance has failed, and is closed. */
  fail(error: unknown): void;
  /** Does what it has asked for by {@link Instance.schedule}, for a few milliseconds. */
  work(): void;
}

/** How many bytes are read at once. */
const READ = 65536;
/** Fewer events than fill a read: it has emptied the queue. */
const FEW = 200;
/** How long a second half of a rename is waited for once the queue is empty, in milliseconds. */
const PATIENCE = 2;
/** How long events are handled at a stretch before the runtime has a turn, in milliseconds. */
const STRETCH = 10;

/**
 * Where the instance of this process is. `bun --hot` evaluates this module again at each reload, and what was
 * there before goes on, so it is not in the module. Hubs of other versions are others, since these may call
 * each other by other names: this is the version in deno.json.
 */
const INSTANCE: unique symbol = Symbol.for("@inotify/inotify 0.1.0: instance");
const shared = globalThis as { [INSTANCE]?: Instance | undefined };

/** An inotify instance, shared by those who have entered it, closed when the last one has left. */
export class Instance {
  readonly libc: Libc = libc();
  readonly #fd: number = inotifyInit(this.libc);
  readonly #reader = new Reader(this.libc, this.#fd, new Uint8Array(READ));
  readonly #renames = new Renames();
  /** Those inside, and whether each keeps the process alive. */
  readonly #members = new Map<Member, boolean>();
  readonly #watches = new Owners<Subscriber>();
  readonly #fence: Fence;
  /** Those with work to do. */
  readonly #busy = new Set<Member>();
  /** Whether nothing goes on before the next event. */
  #waiting = false;
  /** When the runtime last had a turn. */
  #turned = 0;
  #drained: Timestamp = now(this.libc);
  /** Whether what comes in may have gaps that no event tells of. */
  #lost = false;

  constructor() {
    try {
      this.#fence = new Fence(this.libc, this.#fd);
    } catch (error) {
      void this.#reader.close();
      throw error;
    }
  }

  /** When the queue was last seen empty with nothing lost. */
  get drained(): Timestamp {
    return this.#drained;
  }

  /** Enters the instance of this process. */
  static enter(subscriber: Member): Instance {
    let instance = shared[INSTANCE];
    if (instance === undefined) {
      instance = shared[INSTANCE] = new Instance();
      void instance.#run();
    }
    instance.setRef(subscriber, true); // nothing private: it may be of the same class, evaluated before
    return instance;
  }

  /** Leaves the instance, and every watch that the subscriber still holds. */
  async leave(subscriber: Member): Promise<void> {
    if (!this.#members.delete(subscriber)) return;
    this.#busy.delete(subscriber);
    for (const wd of this.#watches.heldBy(subscriber)) this.release(wd, subscriber);
    if (this.#members.size > 0) return this.#updateRef();
    if (shared[INSTANCE] === this) shared[INSTANCE] = undefined;
    await this.#reader.close();
    this.#fence.close();
  }

  /** Whether a subscriber keeps the process alive. */
  setRef(subscriber: Member, ref: boolean): void {
    this.#members.set(subscriber, ref);
    this.#updateRef();
  }

  /**
   * Scanner a directory, and from then on tells the subscriber of its events; see {@link scan}.
   *
   * @returns with whether it was not watched before, so that every event of it is later than the scan
   */
  scan(
    path: string,
    mask: number,
    follow: boolean,
    subscriber: Subscriber,
  ): Scan & { readonly isNew: boolean } | ScanFailure {
    const result = scan(this.libc, this.#fd, path, mask, follow);
    if (!("wd" in result)) return result;
    const isNew = !this.#watches.has(result.wd);
    this.#watches.add(result.wd, subscriber);
    return { ...result, isNew };
  }

  /** Watches a path, without a look at what is in it. @returns the watch, or a negative errno */
  watch(path: Uint8Array, mask: number, subscriber: Subscriber): number {
    const bits = (mask | IN_MASK_ADD) >>> 0;
    const wd = call(
      this.libc,
      () => this.libc.inotify_add_watch(this.#fd, path, bits),
    );
    if (wd >= 0) this.#watches.add(wd, subscriber);
    return wd;
  }

  /** Gives up a watch; it ends with its last holder. */
  release(wd: number, subscriber: Subscriber): void {
    if (!this.#watches.delete(wd, subscriber)) return;
    // It fails if the inode is gone and IN_IGNORED on its way, which is as well.
    call(this.libc, () => this.libc.inotify_rm_watch(this.#fd, wd));
  }

  /** Calls back when everything has been handled that the kernel has queued by now. */
  fence(callback: () => void): void {
    this.#fence.request(callback);
    if (this.#waiting) this.#sendFence();
  }

  /**
   * Has {@link Member.work} called once, when the events at hand have been handled. It takes turns with
   * reading, and with the runtime.
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
      for (;;) {
        const worked = this.#work();
        this.#sendFence();
        this.#waiting = !worked;
        const bytes = worked ? this.#reader.readNow() : await this.#reader.next();
        this.#waiting = false;
        if (!worked) this.#turned = monotonic(this.libc);
        if (!worked && bytes === undefined) return;
        const read = now(this.libc);
        const count = this.#push(bytes);
        await this.#handleAll();
        if (count < FEW && !this.#lost) this.#drained = read;
        if (this.#isTurnDue) await this.#turn();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (shared[INSTANCE] === this) shared[INSTANCE] = undefined;
    for (const member of this.#members.keys()) member.fail(error);
  }

  /** Has a member do some work. @returns whether there was any */
  #work(): boolean {
    for (const member of this.#busy) {
      this.#busy.delete(member);
      member.work();
      return true;
    }
    return false;
  }

  /** Queues what was read. @returns how many events it is */
  #push(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return 0;
    const events = parseEvents(bytes);
    this.#renames.push(events);
    return events.length;
  }

  async #handleAll(): Promise<void> {
    for (let count = 1, last = false; !this.#renames.empty; count++) {
      const change = this.#renames.shift(last);
      if (change === undefined) {
        if (!this.#renames.empty) last = await this.#readMore() === 0;
        continue;
      }
      last = false;
      this.#dispatch(change);
      if (count % 256 === 0 && this.#isTurnDue) await this.#turn();
    }
  }

  /** Reads on for the second half of a rename. @returns how many events that gave */
  async #readMore(): Promise<number> {
    const count = this.#push(this.#reader.readNow());
    if (count > 0) return count;
    await delay(PATIENCE);
    return this.#push(this.#reader.readNow());
  }

  get #isTurnDue(): boolean {
    return monotonic(this.libc) - this.#turned > STRETCH;
  }

  async #turn(): Promise<void> {
    await turn();
    this.#turned = monotonic(this.libc);
  }

  #dispatch(change: InotifyEvent | Move): void {
    if (!("wd" in change)) return this.#dispatchMove(change);
    const { wd, mask } = change;
    if (mask & IN_Q_OVERFLOW) return this.#overflow();
    if (this.#fence.passed(wd)) return;
    const holders = this.#watches.of(wd);
    if (mask & IN_IGNORED) this.#watches.end(wd);
    else if (this.#lost) return;
    for (const holder of holders) holder.event(change);
  }

  #dispatchMove(move: Move): void {
    if (this.#lost) return;
    const wds = [move.from?.wd, move.to?.wd].filter((wd) => wd !== undefined);
    const holders = new Set(wds.flatMap((wd) => [...this.#watches.of(wd)]));
    for (const holder of holders) holder.move(move);
  }

  /**
   * While an IN_Q_OVERFLOW waits to be read, the kernel queues no other: what it drops then may be
   * later than what comes after it. So nothing counts before a fence that is sent now comes back.
   */
  #overflow(): void {
    if (this.#lost) return this.#fence.lost();
    this.#lost = true;
    this.#fence.lost(() => {
      this.#lost = false;
      for (const member of this.#members.keys()) member.overflow();
    });
  }

  #updateRef(): void {
    if ([...this.#members.values()].includes(true)) this.#reader.ref();
    else this.#reader.unref();
  }
}
