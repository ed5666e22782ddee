/**
 * `Mounts`: notices when something is mounted or unmounted, for the members of an instance.
 *
 * The kernel wakes a poll(2) of proc_pid_mountinfo(5) at each change of the mount namespace. The file is then read
 * again and compared. Paths in it follow renames, of which it tells nothing. So it is read before and after a fence:
 * if it is the same, then what members know at the fence has the same paths.
 *
 * If the file cannot be waited for, changes are noticed by {@link Mounts.look} only, which `sync()` calls.
 *
 * @module
 */

import {
  type Libc,
  O_CLOEXEC,
  O_RDONLY,
  POLLPRI,
  SEEK_SET,
  type Waiter,
} from "../../ffi/contract.ts";
import { after } from "../../ffi/time.ts";
import { call } from "../kernel/call.ts";
import { cString } from "../kernel/byte_string.ts";
import { debug } from "../kernel/debug.ts";
import { type Mount, parseMounts, visibleMounts } from "../kernel/mountinfo.ts";

const FILE = cString("/proc/self/mountinfo");
/**
 * How long after the beginning changes are waited for, in milliseconds. Those before are noticed then, or by
 * {@link Mounts.look}. So a process that ends soon does not pay for it: see ffi/aio.ts.
 */
const LATER = 1000;
/** How often the file is read again that differs after a fence. */
const TRIES = 20;
/** Where `revents` is in a `struct pollfd`; the bits in use are in its first byte. */
const REVENTS = 6;

/** The mounts at one moment. */
export class MountTable {
  readonly #bytes: Uint8Array;
  #all: readonly Mount[] | undefined;
  #visible: ReadonlyMap<string, Mount> | undefined;

  /** @param bytes the content of the file, which is parsed when it is needed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether this is the content of the file. */
  equals(bytes: Uint8Array): boolean {
    const mine = this.#bytes;
    return mine.length === bytes.length && mine.every((byte, i) => byte === bytes[i]);
  }

  /** Those that show, by their paths. */
  get visible(): ReadonlyMap<string, Mount> {
    return this.#visible ??= visibleMounts(this.#mounts);
  }

  /** Whether a mount is there, at the same path, hidden or not. */
  has({ id, source, path }: Mount): boolean {
    return this.#mounts.some((one) => one.id === id && one.source === source && one.path === path);
  }

  get #mounts(): readonly Mount[] {
    return this.#all ??= parseMounts(this.#bytes);
  }
}

/** Follows the mounts of the process. */
export class Mounts {
  readonly #libc: Libc;
  readonly #fence: (callback: () => void) => void;
  readonly #changed: (before: MountTable, now: MountTable) => void;
  /** The descriptors that are waited for, and read: the kernel tells each one of a change once. */
  readonly #fds: number[] = [];
  #waiter: Promise<Waiter | undefined> = Promise.resolve(undefined);
  #cancel = () => {};
  #isClosed = false;
  #table: MountTable = new MountTable(new Uint8Array());
  /** Whether the last read was possible. */
  #isReadable = true;
  /** How often the kernel has told of a change. */
  #changes = 0;
  /** Whether it has told of one that members do not know. If not, directories were renamed at most. */
  #isChanged = false;
  #isLooking = false;
  /** Called at the end of the look that has begun, and of the one after it. */
  #callbacks: (() => void)[] = [];
  #next: (() => void)[] = [];
  readonly #pollfd: Uint8Array;

  /**
   * @param fence calls back when all is handled that is queued by now
   * @param changed called when mounts have come or gone, with all that is known as of that moment; with the same table
   * twice if they are as before
   */
  constructor(
    libc: Libc,
    fence: (callback: () => void) => void,
    changed: (before: MountTable, now: MountTable) => void,
  ) {
    this.#libc = libc;
    this.#fence = fence;
    this.#changed = changed;
    while (this.#fds.length < 2) {
      const fd = call(libc, () => libc.open(FILE, O_RDONLY | O_CLOEXEC));
      if (fd < 0) break;
      this.#fds.push(fd);
    }
    this.#pollfd = new Uint8Array(new Int32Array([this.#fds[1] ?? -1, POLLPRI]).buffer);
    const bytes = this.#read();
    if (bytes === undefined) debug?.("mounts", "cannot be read");
    else this.#table = new MountTable(bytes);
  }

  /** The mounts of which members know. */
  get table(): MountTable {
    return this.#table;
  }

  /** How often mounts have changed, as far as that was noticed. */
  get changes(): number {
    return this.#changes;
  }

  /** Asks the kernel whether members know of all changes. */
  areKnown(): boolean {
    return !this.#isLooking && !this.#hasChanged() && !this.#isChanged;
  }

  /** Soon begins to wait for changes. Does not keep the process alive. */
  begin(): void {
    if (this.#fds.length < 2) return;
    const begin = () => void (this.#waiter = this.#begin().catch(noted));
    this.#cancel = after(LATER, begin, false);
  }

  /**
   * Calls back when members know of all changes before the call.
   *
   * @param renamed whether to read the file for its paths, even if the kernel tells of no change
   */
  look(callback: () => void = () => {}, renamed: boolean = false): void {
    if (this.#isLooking) return void this.#next.push(callback);
    if (!this.#hasChanged() && !renamed && !this.#isChanged) return callback();
    this.#callbacks.push(callback);
    this.#isLooking = true;
    this.#compare(1);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    const waiter = await this.#waiter;
    await waiter?.release();
    for (const fd of this.#fds.splice(0)) this.#libc.close(fd);
  }

  async #begin(): Promise<Waiter> {
    const waiter = await this.#libc.waiter(this.#fds[0], POLLPRI);
    const wait = () => {
      if (!this.#isClosed && this.#isReadable) waiter.wait(changed, noted);
    };
    const changed = () => {
      if (!this.#isClosed) this.look(wait, true);
    };
    waiter.unref();
    wait();
    return waiter;
  }

  #compare(tries: number): void {
    const bytes = this.#read();
    const isSame = bytes === undefined || this.#table.equals(bytes);
    if (bytes === undefined) this.#isChanged = false;
    if (isSame && !this.#isChanged) return this.#looked();
    const now = isSame ? this.#table : new MountTable(bytes);
    const changes = this.#changes;
    this.#fence(() => {
      const again = this.#read();
      const isOther = again !== undefined && !now.equals(again);
      if (isOther && tries < TRIES) return this.#compare(tries + 1);
      const before = this.#table;
      this.#table = now;
      debug?.("mounts", now.visible.size, "show");
      const isChanged = this.#isChanged;
      this.#isChanged = isOther && this.#changes !== changes; // what the last read has shown is for the next look
      if (isChanged) this.#changed(before, now);
      this.#looked();
    });
  }

  #looked(): void {
    this.#isLooking = false;
    const callbacks = this.#callbacks;
    this.#callbacks = this.#next;
    this.#next = [];
    for (const callback of callbacks) callback();
    if (this.#callbacks.length === 0) return;
    this.#isLooking = true;
    this.#compare(1);
  }

  /** Whether the kernel tells of a change since the last call; see also {@link #isChanged}. */
  #hasChanged(): boolean {
    const pollfd = this.#pollfd;
    const { length } = this.#fds;
    if (length < 2 || call(this.#libc, () => this.#libc.poll(pollfd, 1, 0)) <= 0) return false;
    const hasChanged = (pollfd[REVENTS] & POLLPRI) !== 0; // not if it is closed, as at the end of a program
    if (hasChanged) {
      this.#changes++;
      this.#isChanged = true;
    }
    return hasChanged;
  }

  /** The content of the file as it was at one moment; `undefined` if it cannot be read. */
  #read(): Uint8Array | undefined {
    if (this.#fds.length < 2) return undefined;
    let bytes: Uint8Array | undefined;
    do bytes = this.#readOnce(this.#fds[1]); while (this.#hasChanged());
    this.#isReadable = bytes !== undefined;
    return bytes;
  }

  #readOnce(fd: number): Uint8Array | undefined {
    const libc = this.#libc;
    if (call(libc, () => libc.lseek(fd, 0, SEEK_SET)) < 0) return undefined;
    let bytes = new Uint8Array(8192);
    for (let end = 0;;) {
      const free = bytes.subarray(end);
      const length = call(libc, () => libc.read(fd, free, free.length));
      if (length < 0) return undefined;
      if (length === 0) return bytes.slice(0, end);
      end += length;
      if (bytes.length - end < 4096) {
        const longer = new Uint8Array(2 * bytes.length);
        longer.set(bytes);
        bytes = longer;
      }
    }
  }
}

function noted(error: unknown): undefined {
  debug?.("mounts", "cannot be waited for:", error);
  return undefined;
}
