/**
 * `Watching`: what is watched for a watcher of chokidar, and the events for its listeners.
 *
 * @module
 */

import { lstatSync, type Stats, statSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { soon, turn } from "../../ffi/time.ts";
import type { EntryEvent, WatchEvent } from "../engine/event.ts";
import { InotifyError } from "../kernel/error.ts";
import type { EventReader } from "../watch/event_queue.ts";
import { readerOf, reconsider, watch, type Watcher } from "../watch/watcher.ts";
import { Links } from "./chokidar_links.ts";
import { compile, type Matches } from "./chokidar_matcher.ts";
import type { ResolvedOptions } from "./chokidar_options.ts";
import { nearest } from "./chokidar_paths.ts";
import { Reported } from "./chokidar_reported.ts";
import { Roots } from "./chokidar_roots.ts";
import { Timing } from "./chokidar_timing.ts";

/** The codes that `ignorePermissionErrors` is about. */
const PERMISSION = new Set(["EACCES", "EPERM"]);
/** Those of a path that leads nowhere, which is waited for. */
const MISSING = new Set(["ENOENT", "ENOTDIR"]);

/** Watches paths. */
export class Watching {
  readonly #options: ResolvedOptions;
  readonly #listeners: (event: string, ...details: readonly unknown[]) => void;
  readonly #timing: Timing;
  readonly #matches: Matches;
  readonly #cwd: string;
  #reported = new Reported();
  readonly #links: Links;
  readonly #roots = new Roots();
  /** What {@link unwatch} was called with, as absolute paths; each resolves when `watch()` has forgotten it. */
  readonly #unwatched = new Map<string, Promise<void>>();
  #watcher: Watcher | undefined;
  /** How many paths are being added. */
  #adding = 0;
  #isReady = false;
  #isClosed = false;

  /** @param listeners calls the listeners of an event */
  constructor(
    options: ResolvedOptions,
    listeners: (event: string, ...details: readonly unknown[]) => void,
  ) {
    this.#options = options;
    this.#listeners = listeners;
    this.#cwd = resolve(options.cwd ?? ".");
    this.#matches = compile(options.ignored, this.#cwd, options.atomic !== false);
    this.#timing = new Timing(options, (event, path) => this.#tell(event, path, true));
    this.#links = new Links({
      add: (path) => this.#add(() => this.#watcher!.add(path)),
      added: (path, isNew) => {
        if (this.#isClosed || this.#reported.isDirectory(path) !== undefined) return;
        this.#appeared({ kind: "create", path, isDirectory: false }, isNew);
      },
      remove: (path) => void this.#watcher!.remove(path),
      isWatched: (path) => this.#reported.isDirectory(path) === true,
    });
  }

  /** Watches more paths. */
  add(paths: readonly string[]): void {
    const added: string[] = [];
    for (const path of paths) {
      const absolute = resolve(this.#cwd, path);
      if (this.#unwatched.has(absolute)) {
        void this.#addAgain(absolute, path);
        continue;
      }
      const isKnown = this.#reported.isDirectory(absolute) !== undefined;
      this.#roots.add(absolute, isKnown ? this.#roots.shown(absolute) : path);
      if (!this.#isIgnored(absolute)) added.push(absolute);
    }
    if (this.#watcher === undefined) this.#begin(added);
    else for (const path of added) void this.#add(() => this.#watcher!.add(path));
  }

  /** Stops watching paths. */
  unwatch(paths: readonly string[]): void {
    const forgotten = Promise.withResolvers<void>();
    for (const path of paths.map((path) => resolve(this.#cwd, path))) {
      this.#unwatched.set(path, forgotten.promise);
      for (const root of this.#roots.delete(path)) {
        this.#watcher?.remove(root);
        this.#reported.delete(root); // it may be in a directory that is not reported
      }
      this.#links.unfollow(path);
      this.#timing.forget(path);
      this.#reported.delete(path);
    }
    if (this.#watcher === undefined) forgotten.resolve();
    else void this.#add(() => reconsider(this.#watcher!)).then(forgotten.resolve);
  }

  /** The names in each directory. */
  watched(): Record<string, string[]> {
    const { cwd } = this.#options;
    const shown = (path: string) => cwd === undefined ? path : relative(this.#cwd, path) || ".";
    return Object.fromEntries(
      this.#reported.directories().map(([directory, names]) => [shown(directory), names]),
    );
  }

  /** @returns resolves when nothing is watched any more */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timing.clear();
    this.#reported = new Reported();
    await this.#watcher?.close();
  }

  #begin(paths: readonly string[]): void {
    const { depth, followSymlinks, persistent, usePolling, interval } = this.#options;
    const watcher = this.#watcher = watch(paths, {
      recursive: depth ?? true,
      followSymlinks: followSymlinks ? false : "never",
      initial: true,
      events: ["create", "modify", "attrib", "closeWrite", "remove"],
      ignore: (path) => this.#isIgnored(path),
      partial: true,
      persistent,
      ...usePolling && { poll: interval },
    });
    void this.#deliver(readerOf(watcher));
    void this.#add(() => watcher.ready, true);
  }

  /** Watches a path again when it is forgotten, so that all of it is new; unless it is not to be watched by then. */
  #addAgain(absolute: string, path: string): Promise<void> {
    const forgotten = this.#unwatched.get(absolute);
    return this.#add(async () => {
      await forgotten;
      if (this.#isClosed || this.#unwatched.get(absolute) !== forgotten) return;
      this.#unwatched.delete(absolute);
      this.add([path]);
      await reconsider(this.#watcher!);
    });
  }

  /**
   * Adds something.
   *
   * @param isSetup whether nothing is watched if that fails
   * @returns resolves when the events of what is there are handled
   */
  async #add(add: () => Promise<void>, isSetup = false): Promise<void> {
    this.#adding++;
    try {
      await add();
      await turn(); // by then #deliver(), which alone takes events, has handled them
    } catch (error) {
      this.#fail(error);
      if (isSetup) return; // it is never ready
    }
    this.#adding--;
    if (this.#adding > 0 || this.#isReady) return;
    this.#isReady = true;
    this.#emit("ready");
  }

  async #deliver(reader: EventReader<WatchEvent>): Promise<void> {
    try {
      while (await reader.wait()) this.#handleAll(reader.take());
    } catch {
      // As `ready`, or the last add(), has said.
    }
  }

  /** Handles events, until a listener ends that. */
  #handleAll(events: readonly WatchEvent[]): void {
    for (const event of events) {
      if (this.#isClosed) return;
      if (!("path" in event && this.#isUnwatched(event.path))) this.#handle(event);
    }
  }

  #handle(event: WatchEvent): void {
    switch (event.kind) {
      case "exists":
        return this.#appeared(event, this.#links.isNew(event.path));
      case "create":
        this.#raw("rename", event.path);
        return this.#appeared(event, true);
      case "remove":
        this.#raw("rename", event.path);
        return this.#removed(event.path);
      case "modify":
      case "attrib":
        this.#raw("change", event.path);
        return this.#changed(event);
      case "closeWrite":
        return this.#timing.complete(event.path);
      case "error":
        return this.#fail(event.error);
    }
  }

  /** @param isNew whether the entry was not there from the start */
  #appeared(event: EntryEvent, isNew: boolean): void {
    const { path } = event;
    const isDirectory = this.#isDirectory(event, isNew);
    const known = this.#reported.isDirectory(path);
    if (known !== undefined && known !== isDirectory) this.#removed(path);
    else if (known === false && isNew) this.#timing.changed(path);
    if (isDirectory === undefined || known === isDirectory) return;
    if (this.#roots.has(path) && this.#isIgnored(path)) return; // as only its status shows
    this.#reported.add(path, isDirectory);
    if (isDirectory) this.#timing.endAtomic(path);
    if (!isDirectory && (isNew || this.#timing.isGone(path))) this.#timing.added(path);
    else if (isNew || !this.#options.ignoreInitial) {
      this.#tell(isDirectory ? "addDir" : "add", path, isNew);
    }
  }

  #changed(event: EntryEvent): void {
    if (event.isDirectory) return;
    if (this.#options.followSymlinks) this.#appeared(event, true); // a link may lead to something else
    else if (this.#reported.isDirectory(event.path) === false) this.#timing.changed(event.path);
  }

  #removed(path: string): void {
    for (const { path: one, isDirectory } of this.#reported.delete(path)) {
      if (isDirectory) {
        this.#timing.endAtomic(one);
        this.#tell("unlinkDir", one, false);
        this.#links.removed(one);
      } else this.#timing.removed(one, one === path);
    }
    this.#links.removed(path);
  }

  /** What the listeners take an entry for; `undefined` for nothing, or for what has an event to come. */
  #isDirectory(event: EntryEvent, isNew: boolean): boolean | undefined {
    if (event.isDirectory || !this.#options.followSymlinks) return event.isDirectory;
    const type = this.#links.typeOf(event, isNew, this.#roots.has(event.path));
    return type && type === "directory";
  }

  #tell(event: string, path: string, isNew: boolean): void {
    const shown = this.#options.cwd === undefined
      ? this.#roots.shown(path)
      : relative(this.#cwd, path);
    const isGone = event.startsWith("unlink");
    const stats = !isGone && (isNew || this.#options.alwaysStat) ? this.#stats(path) : undefined;
    const details = stats === undefined ? [shown] : [shown, stats];
    this.#emit(event, ...details);
    this.#emit("all", event, ...details);
  }

  #raw(event: "rename" | "change", path: string): void {
    this.#emit("raw", event, basename(path), { watchedPath: dirname(path) });
  }

  #fail(error: unknown): void {
    const code = error instanceof InotifyError ? error.code : "";
    const isIgnored = MISSING.has(code) ||
      this.#options.ignorePermissionErrors && PERMISSION.has(code);
    if (!isIgnored) this.#emit("error", error);
  }

  /** Calls listeners. What they throw is not caught, and ends nothing. */
  #emit(event: string, ...details: readonly unknown[]): void {
    if (this.#isClosed) return;
    try {
      this.#listeners(event, ...details);
    } catch (error) {
      soon(() => {
        throw error;
      });
    }
  }

  #isIgnored(path: string): boolean {
    const { cwd, depth } = this.#options;
    if (this.#isUnwatched(path)) return true;
    if (depth !== undefined && this.#roots.level(path) > depth) return true;
    const asked = cwd === undefined ? this.#roots.shown(path) : path;
    try {
      return this.#matches(path, asked, () => this.#stats(path));
    } catch (error) {
      soon(() => this.#fail(error)); // add() may be asking, before there is a listener
      return true;
    }
  }

  #isUnwatched(path: string): boolean {
    return this.#unwatched.size > 0 && nearest(this.#unwatched, path) !== undefined;
  }

  #stats(path: string): Stats | undefined {
    const stat = this.#options.followSymlinks ? statSync : lstatSync;
    try {
      return stat(path, { throwIfNoEntry: false });
    } catch {
      return undefined; // it cannot be found out
    }
  }
}
