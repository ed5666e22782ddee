/**
 * `Completion`: which files are complete, and so have a `closeWrite` that the kernel does not report.
 *
 * A file that appears, or may have changed unseen, is a candidate until its `closeWrite` is reported. Most are closed
 * in the events at hand. Of the others it is asked whether somebody has them open for writing (lease.ts), and the
 * answer counts at a fence that is sent then: the kernel queues the report of a close before it lets go of the writer,
 * so if there is one, it has come by then. A file that has a writer is watched itself, since the close may be reported
 * by another name of it, or by none: link(2), linkat(2) of an O_TMPFILE.
 *
 * What asks and what judges are one file, longer than 300 lines, since both go by the state of a candidate.
 *
 * @module
 */

import { type Libc, O_CLOEXEC, O_PATH } from "../../ffi/contract.ts";
import { cString, sharedCString } from "../kernel/byte_string.ts";
import { call } from "../kernel/call.ts";
import { monotonic } from "../kernel/clock.ts";
import { debug } from "../kernel/debug.ts";
import { leadsNowhere, S_IFREG, typeOf } from "../kernel/files.ts";
import { writersOf } from "../kernel/lease.ts";
import { IN_CLOSE_WRITE, IN_IGNORED } from "../kernel/mask.ts";
import type { InotifyEvent } from "../kernel/parse.ts";
import type { Directory } from "./directory.ts";
import { type Answer, Candidate, type CandidateReason, type Candidates } from "./candidates.ts";
import type { Toucher } from "./entries.ts";
import type { Instance } from "./instance.ts";
import type { Member, Owner, Receiver } from "./member.ts";
import type { PathWatch } from "./path_watch.ts";
import type { RootMap } from "./root_map.ts";
import { SLICE } from "./turns.ts";

/** How many files are asked about between two readings of the clock. */
const FEW = 16;
/** How often a file is asked about that is not where it should be, although nothing says that it is gone. */
const TRIES = 3;

/** The candidates of one watcher. */
export class Completion implements Candidates, Receiver {
  readonly #instance: Instance;
  readonly #libc: Libc;
  readonly #member: Member;
  readonly #map: RootMap;
  readonly #linked: (directory: Directory, name: string) => PathWatch | undefined;
  readonly #complete: (
    directory: Directory | undefined,
    name: string,
    byRename: boolean,
  ) => void;
  readonly #candidates = new Map<Directory | undefined, Map<string, Candidate>>();
  /** Those to ask about. */
  readonly #pending = new Map<Directory | undefined, Set<Candidate>>();
  /** Whether the next call of {@link ask} asks. */
  #isNext = false;
  #count = 0;
  #waiting: { readonly number: number; readonly callback: () => void }[] = [];

  /**
   * @param member whose `work()` is to call {@link ask}
   * @param linked what follows an entry that is a link to a file
   * @param complete reports that a file is complete; `byRename` if it was only renamed
   */
  constructor(
    instance: Instance,
    member: Member,
    map: RootMap,
    linked: (directory: Directory, name: string) => PathWatch | undefined,
    complete: (directory: Directory | undefined, name: string, byRename: boolean) => void,
  ) {
    this.#instance = instance;
    this.#libc = instance.libc;
    this.#member = member;
    this.#map = map;
    this.#linked = linked;
    this.#complete = complete;
  }

  add(directory: Directory | undefined, name: string, why?: CandidateReason): void {
    let candidates = this.#candidates.get(directory);
    if (candidates === undefined) this.#candidates.set(directory, candidates = new Map());
    let candidate = candidates.get(name);
    if (candidate?.state !== "pending") {
      if (candidate !== undefined) this.#release(candidate);
      candidate = new Candidate(this, directory, name, this.#count++);
      candidates.set(name, candidate);
      this.#pend(candidate);
    }
    if (why === "any type") candidate.why = why;
    else candidate.why ??= why;
  }

  delete(directory: Directory | undefined, name: string): void {
    const candidates = this.#candidates.get(directory);
    const candidate = candidates?.get(name);
    if (candidate === undefined) return;
    candidates!.delete(name);
    if (candidates!.size === 0) this.#candidates.delete(directory);
    this.#release(candidate);
  }

  transfer(
    source: Directory | undefined,
    from: string,
    target: Directory | undefined,
    to: string,
  ): void {
    const candidate = this.#candidates.get(source)?.get(from);
    if (candidate === undefined) return;
    this.delete(source, from);
    this.add(target, to, candidate.why);
  }

  /** Events were lost, and with them the last close of a file, perhaps. */
  lost(): void {
    for (const candidate of this.#all()) if (candidate.state === "written") this.#pend(candidate);
  }

  /** Directories are known by now, so that files in them can be asked about. */
  resume(): void {
    if (this.#pending.size > 0) this.#instance.schedule(this.#member);
    this.#callBack();
  }

  /**
   * Asks for a while about those whose directory is known, at each second call: most are closed in what is queued at
   * the first one, and reading that costs less than asking. They are judged at the next fence.
   *
   * @param isSettled whether no other directory will be known
   * @returns whether there was anything to do
   */
  ask(isSettled: boolean): boolean {
    this.#isNext = this.#pending.size > 0 && !this.#isNext;
    if (this.#isNext) {
      this.#instance.schedule(this.#member);
      return true;
    }
    const answers = this.#askAll(isSettled);
    if (answers.length > 0) this.#instance.fence(() => this.#judge(answers));
    this.#callBack();
    return answers.length > 0;
  }

  #askAll(isSettled: boolean): Answer[] {
    const answers: Answer[] = [];
    if (this.#pending.size === 0) return answers;
    const end = monotonic(this.#libc) + SLICE;
    for (const [directory, candidates] of this.#pending) {
      const isReady = directory === undefined || directory.gone || isSettled ||
        directory.state.tag === "known";
      if (!isReady) continue;
      for (const candidate of candidates) {
        candidates.delete(candidate);
        if (directory?.gone) {
          this.delete(directory, candidate.name);
          continue;
        }
        answers.push(this.#ask(candidate));
        if (answers.length % FEW > 0 || monotonic(this.#libc) < end) continue;
        this.#instance.schedule(this.#member);
        return answers;
      }
      this.#pending.delete(directory);
    }
    return answers;
  }

  /** Reports those that are complete. */
  #judge(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const { candidate, path, generation, is } = answer;
      const { directory, name, answer: last, why } = candidate;
      if (last !== answer || candidate.state !== "asked") continue;
      const isElsewhere = candidate.path !== path || directory?.generation !== generation;
      if (directory?.gone) {
        this.delete(directory, name);
      } else if (isElsewhere || is === "gone" && ++candidate.misses < TRIES) {
        this.#pend(candidate);
      } else if (is === "written") {
        candidate.state = "written";
      } else {
        this.delete(directory, name);
        const isThere = directory !== undefined || this.#isFile(name);
        const isReported = is === "complete" || is === "no regular file" && why === "any type";
        if (isThere && isReported) this.#complete(directory, name, why === "renamed");
      }
    }
    this.#callBack();
  }

  /** Calls back when all is judged that is a candidate now, but for those that have a writer. */
  judged(callback: () => void): void {
    this.#waiting.push({ number: this.#count, callback });
    this.#callBack();
  }

  /** Touches every candidate: somebody who begins anew would not know of it. */
  touch(toucher: Toucher): void {
    for (const { directory, name } of this.#all()) toucher.touch(directory, name);
  }

  /** Releases all watches. */
  close(): void {
    for (const candidate of this.#all()) this.#unwatch(candidate);
  }

  /** A writer of a watched file is gone; or the watch has ended. */
  event({ mask }: InotifyEvent, candidate: Owner): void {
    if (!(candidate instanceof Candidate)) return;
    if (mask & IN_IGNORED) candidate.wd = -1;
    if (candidate.state !== "pending") this.#pend(candidate);
  }

  move(): void {}

  #pend(candidate: Candidate): void {
    const { directory } = candidate;
    candidate.state = "pending";
    candidate.answer = undefined;
    const pending = this.#pending.get(directory);
    if (pending === undefined) this.#pending.set(directory, new Set([candidate]));
    else pending.add(candidate);
    this.#instance.schedule(this.#member);
  }

  #ask(candidate: Candidate): Answer {
    const { directory, path } = candidate;
    const is = this.#find(candidate, path);
    debug?.("ask", JSON.stringify(path), is);
    candidate.state = "asked";
    return candidate.answer = { candidate, path, generation: directory?.generation, is };
  }

  #find(candidate: Candidate, path: string): Answer["is"] {
    const libc = this.#libc;
    const follow = this.#link(candidate) !== undefined ||
      this.#map.followsLinks && this.#map.get(path)?.watch !== undefined;
    const pathname = sharedCString(path);
    // Not for reading: it may be a FIFO or a device.
    const flags = O_PATH | O_CLOEXEC | (follow ? 0 : libc.O_NOFOLLOW);
    const fd = call(libc, () => libc.open(pathname, flags));
    if (fd < 0) {
      if (!leadsNowhere(-fd)) return "complete";
      // A link that leads nowhere is there all the same.
      return follow && typeOf(libc, path, false) >= 0 ? "no regular file" : "gone";
    }
    try {
      const self = `/proc/self/fd/${fd}`;
      if (typeOf(libc, self, true) !== S_IFREG) return "no regular file";
      const file = cString(self);
      if (!this.#isWritten(candidate, file)) return "complete";
      // Without a free watch, the close is reported by its name only.
      const wd = this.#instance.watch(file, IN_CLOSE_WRITE, candidate);
      if (wd !== candidate.wd) this.#unwatch(candidate);
      candidate.wd = wd;
      return this.#isWritten(candidate, file) ? "written" : "complete";
    } finally {
      libc.close(fd);
    }
  }

  #isWritten(candidate: Candidate, pathname: Uint8Array): boolean {
    const writers = writersOf(this.#libc, pathname);
    if (writers !== "unknown") {
      const { directory, name } = candidate;
      const followed = this.#followed(candidate);
      if (followed !== undefined) followed.opened();
      else if (directory !== undefined) this.#instance.opened(directory.wd, name);
    }
    return writers === "some";
  }

  /** What follows the path of a candidate, if it is a link, or a root. */
  #followed(candidate: Candidate): PathWatch | undefined {
    return this.#link(candidate) ?? this.#map.get(candidate.path)?.watch;
  }

  #link({ directory, name }: Candidate): PathWatch | undefined {
    return directory && this.#linked(directory, name);
  }

  #release(candidate: Candidate): void {
    const { directory } = candidate;
    const pending = this.#pending.get(directory);
    if (pending?.delete(candidate) && pending.size === 0) this.#pending.delete(directory);
    candidate.answer = undefined;
    this.#unwatch(candidate);
  }

  #unwatch(candidate: Candidate): void {
    if (candidate.wd >= 0) this.#instance.release(candidate.wd, candidate);
    candidate.wd = -1;
  }

  /** Whether a root is reported as a file, or is an entry as a link that leads nowhere. */
  #isFile(path: string): boolean {
    const root = this.#map.get(path);
    if (root?.watch === undefined || root.directory !== undefined) return false;
    return root.isReported || this.#map.place(path)?.entry === false;
  }

  *#all(): Generator<Candidate> {
    for (const candidates of this.#candidates.values()) yield* candidates.values();
  }

  #callBack(): void {
    if (this.#waiting.length === 0) return;
    let first = Infinity;
    for (const { state, number } of this.#all()) {
      if (state !== "written") first = Math.min(first, number);
    }
    const isOver = ({ number }: { readonly number: number }) => number <= first;
    const over = this.#waiting.filter(isOver);
    this.#waiting = this.#waiting.filter((one) => !isOver(one));
    for (const { callback } of over) callback();
  }
}
