/** `Inbox`: a watched directory, one beside it, and what is reported. */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  watch,
  type Watcher,
  type WatchEvent,
  type WatchKind,
  type WatchOptions,
} from "../../mod.ts";
import { forEach, taken } from "./events.ts";
import { fastest, tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** The kinds that are reported unless a test says otherwise. */
export const KINDS: readonly WatchKind[] = ["create", "closeWrite", "remove", "rename"];

/** A watched directory, and one beside it; and what is reported. */
export class Inbox implements AsyncDisposable {
  readonly base: string = tmpDir(fastest);
  readonly path: string = join(this.base, "in");
  readonly outside: string = join(this.base, "out");
  readonly lines: string[] = [];
  /** The sizes of files when they were reported as complete. */
  readonly sizes: Map<string, number[]> = new Map();
  /** Open files. */
  readonly fds: number[] = [];
  readonly #options: WatchOptions;
  #watcher: Watcher | undefined;

  constructor(options: WatchOptions = {}) {
    this.#options = { events: KINDS, ...options };
    for (const path of [this.path, this.outside]) mkdirSync(path);
  }

  /** The last watcher. */
  get watcher(): Watcher {
    return this.#watcher!;
  }

  /** Makes one, and watches it. */
  static async open(options?: WatchOptions): Promise<Inbox> {
    const inbox = new Inbox(options);
    await inbox.watch();
    return inbox;
  }

  /** Watches it. */
  async watch(options: WatchOptions = {}, path: string = this.path): Promise<void> {
    this.#watcher = watch(path, { ...this.#options, ...options });
    void forEach(this.#watcher, (event) => this.#take(event));
    await within(this.#watcher.ready);
  }

  /** A path in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** A path beside it. */
  out(name: string): string {
    return join(this.outside, name);
  }

  /** What was reported since the last time. */
  async take(): Promise<string[]> {
    await taken(this.watcher);
    return this.lines.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher?.close();
  }

  #take(event: WatchEvent): void {
    const shown = (path: string) => path.slice(this.path.length + 1);
    if (!("path" in event)) return void this.lines.push(event.kind);
    this.lines.push(
      event.kind === "rename"
        ? `rename ${shown(event.from)} -> ${shown(event.path)}`
        : `${event.kind} ${shown(event.path)}`,
    );
    if (event.kind !== "closeWrite") return;
    const sizes = this.sizes.get(event.path) ?? [];
    sizes.push(statSync(event.path, { throwIfNoEntry: false })?.size ?? -1);
    this.sizes.set(event.path, sizes);
  }
}
