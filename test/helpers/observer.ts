/** A watcher, the mirrors that its loops keep, and the comparison of these with the disk. */

import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ErrorEvent, InotifyError, watch, type Watcher, type WatchEvent } from "../../mod.ts";
import { type Copy, type Disk, read, readAll, type View } from "./disk.ts";
import { Mirror } from "./mirror.ts";
import { IGNORES, type Pace, type Setting, type Watching } from "./mirror_modes.ts";
import type { Storm } from "./mirror_storm.ts";
import { within } from "./within.ts";

/** After so many turns, of 2 ms each, a batch has ended even if changes go on: see `maxWait` below. */
const WHILE_WRITING = 12;

/** A watcher with one mirror per loop. */
export class Observer {
  readonly mirrors: Mirror[] = [];
  readonly #view: View & { readonly roots: Set<string> };
  readonly #watching: Watching;
  readonly #setting: Setting;
  readonly #name: string;
  readonly #storm: Storm;
  readonly #base: string;
  readonly #removed: string[] = [];
  /** The roots that are being set up. */
  readonly #adding = new Set<string>();
  #watcher: Watcher | undefined;
  #loops: Loop[] = [];

  constructor(base: string, name: string, watching: Watching, storm: Storm) {
    const ignore = watching.ignore && IGNORES[watching.ignore];
    this.#base = base;
    this.#watching = watching;
    this.#storm = storm;
    this.#setting = storm.setting;
    this.#name = name;
    this.#view = {
      roots: new Set(watching.roots.map((root) => join(base, root))),
      depth: Number(watching.recursive === true ? Infinity : watching.recursive),
      followSymlinks: watching.followSymlinks,
      ignores: (path, isDirectory, root) =>
        ignore?.test(path.slice(root.length + 1), isDirectory, path) ?? false,
    };
  }

  async begin(): Promise<void> {
    const { kinds, recursive, followSymlinks, blocking, ignore, maxQueue, loops } = this.#watching;
    this.#clear();
    const watcher = this.#watcher = watch([...this.#view.roots], {
      events: kinds,
      recursive,
      followSymlinks,
      initial: this.#initial,
      blocking,
      maxQueue,
      ...ignore === undefined ? {} : IGNORES[ignore].options,
    });
    const rereads = this.#setting.burst > 1 || this.#setting.flavour.swaps;
    this.#loops = loops.map((pace, i) => {
      const mirror = new Mirror(
        this.#view,
        rereads,
        (...entry) => this.#setting.churn && !this.#isInAny(...entry),
      );
      this.mirrors.push(mirror);
      return new Loop(watcher, pace, (event) => {
        this.#storm.trace?.(
          `${this.#name}.${i} ${JSON.stringify(event).replaceAll(this.#base, "")}`,
        );
        if (!this.#storm.misses?.(event)) mirror.apply(event);
      });
    });
    await within(watcher.ready, () => `ready of watcher ${this.#name}`);
    // Only the first loop gets the events from before any loop began.
    const unaware = this.mirrors.slice(this.#initial ? 1 : 0);
    const disk = unaware.length > 0 ? readAll(this.#view) : undefined;
    for (const mirror of unaware) mirror.seed(disk!);
  }

  /** During a storm, only `initial` events report the entries of a root that is added. */
  get #initial(): boolean {
    return this.#setting.churn || this.#watching.initial && this.#watching.loops.length === 1;
  }

  /** Removes what would make watch() reject a root: a file or a dangling link in its path. */
  #clear(): void {
    for (const root of this.#view.roots) {
      for (let path = root; path !== this.#base; path = dirname(path)) {
        const { type } = read(path, true);
        if (type === "directory" || type === "file" && path === root) break;
        const isLink = read(path, false).type === "link";
        if (isLink && path === root && this.#view.followSymlinks === "never") break;
        if (isLink || type !== "nothing") rmSync(path);
      }
    }
  }

  /** Removes a root from the watcher, or adds it again. */
  async churn(random: () => number): Promise<void> {
    const { roots } = this.#view;
    if (this.#removed.length > 0 && random() < 0.6) {
      const [root] = this.#removed.splice(Math.floor(random() * this.#removed.length), 1);
      roots.add(root);
      this.#storm.trace?.(`add ${root}`);
      const added = this.#watcher!.add(root).finally(() => this.#adding.delete(root));
      this.#adding.add(root);
      if (random() < 0.5) await within(added, () => `add in watcher ${this.#name}`);
      return;
    }
    const root = [...roots][Math.floor(random() * roots.size)];
    // What a root has reported counts no more, and one above it that is being set up has not reported it yet.
    if (root === undefined || this.#adding.size > 0) return;
    this.#storm.trace?.(`remove ${root}`);
    this.#watcher!.remove(root);
    roots.delete(root);
    await this.settle(WHILE_WRITING);
    for (const { entries } of this.mirrors) {
      for (const [path, { type }] of [...entries]) {
        if (path !== root && !path.startsWith(`${root}/`)) continue;
        const isIn = (one: string) =>
          this.#isIn(path, type === "directory", one) && !isBehindLink(path, one, entries);
        if (![...roots].some(isIn)) entries.delete(path);
      }
    }
    this.#removed.push(root);
  }

  #isInAny(path: string, isDirectory: boolean): boolean {
    return [...this.#view.roots].some((root) => this.#isIn(path, isDirectory, root));
  }

  /** Whether a path is a root, or one that is watched below it. */
  #isIn(path: string, isDirectory: boolean, root: string): boolean {
    if (path === root) return true;
    if (!path.startsWith(`${root}/`)) return false;
    const names = path.slice(root.length + 1).split("/");
    const { depth, roots } = this.#view;
    if (names.length > depth + 1) return false; // another root reported it
    const isNearer = (one: string) => one.startsWith(`${root}/`) && path.startsWith(`${one}/`);
    if (depth !== Infinity && [...roots].some(isNearer)) return false;
    return names.every((_, i) => {
      const above = `${root}/${names.slice(0, i + 1).join("/")}`;
      return !this.#view.ignores(above, isDirectory || above !== path, root);
    });
  }

  /** Waits until the events of all changes are reported and taken. @param quiet see {@link Loop.drained} */
  async settle(quiet: number = 3): Promise<void> {
    await within(this.#watcher!.sync(), () => `sync of watcher ${this.#name}`);
    for (const loop of this.#loops) {
      await within(loop.drained(quiet), () => `events for a loop of watcher ${this.#name}`);
    }
  }

  differences(): string[] {
    const disk = readAll(this.#view);
    const { kinds } = this.#watching;
    return this.mirrors.flatMap((mirror, i) =>
      [
        ...mirror.differences(disk, kinds.includes("remove")),
        ...mirror.errors.filter((event) => !this.#isExpected(event)).map(({ error }) => `${error}`),
        ...this.#isExact ? mirror.contradictions : [],
        ...this.#isComplete(i) ? incomplete(mirror, disk) : [],
      ].map((line) => `${this.#name}.${i}: ${line.replaceAll(`${this.#base}/`, "")}`)
    ).concat(
      this.#loops.flatMap(({ error }) =>
        error === undefined ? [] : [`the loop has ended: ${error}`]
      ),
    );
  }

  /** Whether a root cannot be watched because its path contains a file or a loop of links; see also `list` in disk.ts. */
  #isExpected({ path, error }: ErrorEvent): boolean {
    const { mounts } = this.#setting.flavour;
    if (mounts && error instanceof InotifyError && error.code === "ENOENT") return true;
    return this.#watching.roots.some((root) => join(this.#base, root) === path) &&
      error instanceof InotifyError && ["ENOTDIR", "ELOOP"].includes(error.code);
  }

  /** Whether the mirror knows each change, so that no event may contradict it. */
  get #isExact(): boolean {
    return this.#watching.kinds.includes("remove") && !this.#setting.churn;
  }

  /**
   * Whether a loop is told of each complete file: what is in a renamed directory may be a `create` without, and a root
   * may be removed before a file in it is complete.
   */
  #isComplete(loop: number): boolean {
    const { kinds, maxQueue, loops } = this.#watching;
    if (this.#setting.churn) return false;
    return (["create", "rename", "remove", "closeWrite"] as const).every((kind) =>
      kinds.includes(kind)
    ) &&
      maxQueue === 1_000_000 && !loops[loop].batches && !this.#setting.flavour.held;
  }

  /** Links to directories that are not reported as directories, with their targets. */
  unentered(): [path: string, target: string][] {
    if (this.#watching.followSymlinks !== true) return [];
    const { entries, open, alternatives } = readAll(this.#view);
    const left = [...open, ...alternatives.flat()]; // what is below may be entered by another path
    return [...entries].flatMap(([path, copy]) => {
      if (copy.type !== "link" || open.has(path)) return [];
      if (left.some((one) => path.startsWith(`${one}/`))) return [];
      const isEntered = this.mirrors.every((mirror) => mirror.entered.has(path));
      return isEntered || ![...entries.keys()].some((one) => one.startsWith(`${path}/`))
        ? []
        : [[path, copy.target]];
    });
  }

  async end(): Promise<void> {
    if (this.#watcher === undefined) return;
    await within(this.#watcher.close(), () => `close of watcher ${this.#name}`);
    for (const loop of this.#loops) await within(loop.ended);
  }
}

/** A loop over a watcher's events. */
class Loop {
  readonly ended: Promise<void>;
  error: unknown;
  /** Whether the loop waits for the next event. */
  #waiting = false;
  #turns = 0;
  #hurries = false;
  readonly #pace: Pace;

  constructor(watcher: Watcher, pace: Pace, apply: (event: WatchEvent) => void) {
    this.#pace = pace;
    const iterator: AsyncIterator<WatchEvent | WatchEvent[]> = pace.batches
      ? watcher.batches({ settle: 1, maxWait: 20 })
      : watcher[Symbol.asyncIterator]();
    this.ended = this.#run(iterator, apply).catch((error) => void (this.error = error));
  }

  /** Waits until the queue is empty. @param enough after how many turns without a batch none is collected */
  async drained(enough: number): Promise<void> {
    this.#hurries = true;
    // A batch may still be collected; its timers are older and shorter than this one.
    for (let quiet = 0, turns = -1; quiet < (this.#pace.batches ? enough : 2); quiet++) {
      await sleep(this.#pace.batches ? 2 : 0);
      if (!this.#waiting || this.#turns !== turns) quiet = 0;
      turns = this.#turns;
      if (this.error !== undefined) break;
    }
    this.#hurries = false;
  }

  async #run(
    iterator: AsyncIterator<WatchEvent | WatchEvent[]>,
    apply: (event: WatchEvent) => void,
  ): Promise<void> {
    for (let count = 1;; count++) {
      this.#waiting = true;
      const { done, value } = await iterator.next();
      this.#waiting = false;
      this.#turns++;
      if (done) return;
      for (const event of Array.isArray(value) ? value : [value]) apply(event);
      const { every, pause } = this.#pace;
      if (every > 0 && count % every === 0 && !this.#hurries) await sleep(pause);
    }
  }
}

/** Whether a path goes through a link at or below a root, which is not followed there. */
function isBehindLink(path: string, root: string, entries: ReadonlyMap<string, Copy>): boolean {
  for (let above = dirname(path); above.length >= root.length; above = dirname(above)) {
    if (entries.get(above)?.type === "link") return true;
  }
  return false;
}

/** The files that are there and are not reported as complete. */
function incomplete({ completeness }: Mirror, { entries }: Disk): string[] {
  return [...completeness.incomplete].filter((path) => entries.get(path)?.type === "file")
    .map((path) => `not complete ${path}`);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
