/**
 * A fence in the queue of an inotify instance: when it comes back, everything that was queued before it has
 * been read.
 *
 * A fence is a change of a memory file (memfd_create(2)), so nothing of it shows in the file system. The watch of
 * that file is kept: with a new watch for each fence, another process that takes the last free one would stop all
 * fences.
 *
 * @module
 */

import { type Libc, MFD_CLOEXEC } from "../../ffi/contract.ts";
import { ENOSPC } from "../../ffi/errno.ts";
import { call } from "../kernel/call.ts";
import { type Failure, InotifyError } from "../kernel/error.ts";
import { reasonFor } from "../kernel/reason.ts";
import { debug } from "../kernel/debug.ts";
import { cString } from "../kernel/byte_string.ts";
import { IN_ATTRIB, IN_MODIFY } from "../kernel/mask.ts";

/** The name of the memory file, as it shows in /proc/PID/fd. */
const NAME = cString("inotify-fence");

/**
 * How many fences are in the queue at most. More requests share the next one: each takes a place among
 * the 16,384 events that the queue holds (inotify(7)).
 */
const LIMIT = 16;

/** The fences of one instance. */
export class Fence {
  readonly #libc: Libc;
  readonly #inotify: number;
  #memfd = -1;
  #wd = -1;
  /** The fences in the queue, each with the callbacks for its return. */
  #sent: (() => void)[][] = [];
  /** The callbacks of the next one. */
  #next: (() => void)[] = [];
  /** How many were sent. */
  #count = 0;

  /**
   * @param inotify the descriptor of the instance
   * @throws {InotifyError} if a fence cannot be made. A lack of watches is no such error: one may be free when the
   * fence is sent.
   */
  constructor(libc: Libc, inotify: number) {
    this.#libc = libc;
    this.#inotify = inotify;
    const failure = this.#open();
    if (failure !== undefined && failure.errno !== ENOSPC) {
      throw this.#error("make an inotify instance", failure);
    }
  }

  /** Calls back when the next fence that is sent has come back. */
  request(callback: () => void): void {
    this.#next.push(callback);
  }

  /**
   * Sends the requested fence. While too many are in the queue it does nothing: call it again when events have been
   * handled.
   *
   * @throws {InotifyError} if it cannot be sent, ENOSPC if no watch is free for it
   */
  send(): void {
    if (this.#sent.length === LIMIT || this.#next.length === 0) return;
    const failure = (this.#wd === -1 ? this.#open() : undefined) ?? this.#change();
    if (failure !== undefined) throw this.#error("follow the queue of events", failure);
    debug?.("fence", "sent for", this.#next.length);
    this.#sent.push(this.#next);
    this.#next = [];
  }

  /** Calls back, if an event is the fence's. @returns whether it is */
  passed(wd: number): boolean {
    if (wd !== this.#wd) return false;
    debug?.("fence", "back");
    for (const callback of this.#sent.shift() ?? []) callback();
    return true;
  }

  /**
   * Events were lost, perhaps fences with them: their callbacks wait for the next one. That one has another watch,
   * since a fence that seems lost may still come back.
   *
   * @param first called before all others
   */
  lost(first?: () => void): void {
    this.#next = [...first ? [first] : [], ...this.#sent.flat(), ...this.#next];
    this.#sent = [];
    const [memfd, wd] = [this.#memfd, this.#wd];
    if (wd === -1) return;
    // The new watch first: if the old one were removed before, another process could take its place.
    const failure = this.#open();
    call(this.#libc, () => this.#libc.inotify_rm_watch(this.#inotify, wd));
    this.#libc.close(memfd);
    if (failure === undefined) return;
    this.#memfd = this.#wd = -1;
    this.#open(); // if it fails, send() tries again
  }

  /** Closes the memory file. */
  close(): void {
    if (this.#memfd !== -1) this.#libc.close(this.#memfd);
    this.#memfd = this.#wd = -1;
  }

  /** Makes a memory file, and watches it. @returns the failure, if it failed */
  #open(): Failure | undefined {
    const memfd = call(this.#libc, () => this.#libc.memfd_create(NAME, MFD_CLOEXEC));
    if (memfd < 0) return { errno: -memfd, syscall: "memfd_create" };
    const path = cString(`/proc/self/fd/${memfd}`);
    const wd = call(
      this.#libc,
      () => this.#libc.inotify_add_watch(this.#inotify, path, IN_MODIFY | IN_ATTRIB),
    );
    if (wd < 0) {
      this.#libc.close(memfd);
      return { errno: -wd, syscall: "inotify_add_watch" };
    }
    this.#memfd = memfd;
    this.#wd = wd;
    return undefined;
  }

  /**
   * Changes the memory file, each time in another way than before, since the kernel merges equal events. Both ways
   * work for any user who has the descriptor; fchmod(2) would need the file's owner.
   *
   * @returns the failure, if it failed
   */
  #change(): Failure | undefined {
    const libc = this.#libc;
    const syscall = this.#count++ % 2 === 0 ? "ftruncate" : "futimens";
    const result = call(libc, () =>
      syscall === "ftruncate"
        ? libc.ftruncate(this.#memfd, 0) // IN_MODIFY, though it has that size already
        : libc.futimens(this.#memfd)); // IN_ATTRIB
    return result < 0 ? { errno: -result, syscall } : undefined;
  }

  #error(action: string, { errno, syscall }: Failure): InotifyError {
    return new InotifyError(action, reasonFor(this.#libc, errno, "send fence"), { errno, syscall });
  }
}
