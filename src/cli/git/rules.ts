/**
 * What git ignores, kept in step with the files that say so.
 *
 * A watcher of its own looks at nothing but those files. It is the first to ask what is ignored in a
 * directory, and does so when it watches that: whatever changes after a file was read is reported.
 *
 * @module
 */

import { variable } from "../../../ffi/program.ts";
import { delay } from "../../../ffi/time.ts";
import { libc } from "../../../ffi/libc.ts";
import { absolute } from "../../kernel/absolute.ts";
import type { WatchEvent } from "../../engine/event.ts";
import type { Ignore } from "../../watch/ignore.ts";
import { fromBytes, toBytes } from "../../kernel/byte_string.ts";
import { reconsider, watch, type Watcher } from "../../watch/watcher.ts";
import { type Gitignore, gitignore } from "../gitignore.ts";
import { parentOf } from "./paths.ts";

/** How long changes of the files gather, in milliseconds: an editor makes several. */
const SETTLE = 20;

/** What git ignores in the trees of some paths, now and later. */
export class GitRules implements AsyncDisposable {
  /** Ignores what git does. */
  readonly ignore: Ignore = rule((...entry) => this.#applied(...entry));
  readonly #warn: (text: string) => void;
  readonly #roots: readonly string[];
  readonly #watcher: Watcher;
  /** The files that are watched although they are in none of the trees. */
  readonly #others = new Set<string>();
  /** What was read last. */
  #current: Gitignore;
  /** What counts, until it is reconsidered. */
  #applied: Gitignore;
  /** Where something has changed of late; `undefined` stands for everywhere. */
  #changed = new Set<string | undefined>();

  private constructor(paths: readonly string[], warn: (text: string) => void) {
    const warnings = new Set<string>();
    this.#warn = (text) => {
      if (!warnings.has(text)) warn(text);
      warnings.add(text);
    };
    this.#roots = paths.map((path) => absolute(libc(), path));
    this.#current = this.#applied = gitignore(this.#warn);
    this.#watcher = watch(paths, { ignore: rule((...entry) => this.#isOther(...entry)) });
  }

  /**
   * Reads what git ignores.
   *
   * @param paths what is to be watched
   * @param warn reports what cannot be read or watched, each once
   * @throws {InotifyError} what keeps the paths from being watched
   */
  static async open(paths: readonly string[], warn: (text: string) => void): Promise<GitRules> {
    if (variable("HOME") === false) {
      warn("Without --allow-env=HOME,XDG_CONFIG_HOME what this user has git ignore does not count");
    }
    const rules = new GitRules(paths, warn);
    await rules.#watcher.ready;
    if (await rules.#watchOthers()) await rules.#readAgain();
    rules.#applied = rules.#current;
    return rules;
  }

  /**
   * Reads again what changes, until it is closed.
   *
   * @param watcher has {@link ignore} among its rules; it is to reconsider them then
   */
  async follow(watcher: Watcher): Promise<void> {
    let last = Promise.resolve();
    for await (const event of this.#watcher) {
      if (event.kind === "error") this.#warn(`Its changes do not count: ${event.error.message}`);
      if (this.#changed.size === 0) last = last.then(() => this.#update(watcher));
      for (const path of pathsOf(event)) this.#changed.add(path);
    }
    await last;
  }

  /** Reads no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.close();
  }

  async #update(watcher: Watcher): Promise<void> {
    await delay(SETTLE);
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      if (!this.#current.sources.differ(changed) && !await this.#watchOthers()) return;
      await this.#readAgain();
      this.#applied = this.#current;
      await reconsider(watcher);
    } catch (error) {
      this.#warn(`What git ignores could not be read again: ${(error as Error).message}`);
    }
  }

  async #readAgain(): Promise<void> {
    do {
      this.#current = gitignore(this.#warn);
      await reconsider(this.#watcher);
    } while (await this.#watchOthers());
  }

  /** Watches what is read and in none of the trees. @returns whether it has changed since it was read */
  async #watchOthers(): Promise<boolean> {
    const { sources } = this.#current;
    for (const root of this.#roots) this.#current.look(root);
    const paths = [...sources.paths].filter((path) =>
      !this.#others.has(path) && !this.#isInTree(path)
    );
    for (const path of paths) this.#others.add(path);
    await Promise.all(paths.map((path) => this.#watcher.add(toBytes(path))));
    return sources.differ(new Set(paths));
  }

  /** Whether an entry is neither a `.gitignore` file, nor `.git`, nor on the way to one that counts. */
  #isOther(path: string, isDirectory: boolean): boolean {
    if (path.endsWith("/.git")) {
      this.#current.look(parentOf(path)); // of a repository more is read than what is in the tree
      return false;
    }
    if (path.endsWith("/.git", path.lastIndexOf("/"))) return true; // what is in it
    return isDirectory ? this.#current(path, true) : !path.endsWith("/.gitignore");
  }

  /** Whether the watcher comes to a path by itself. */
  #isInTree(path: string): boolean {
    return /\/\.git(?:ignore)?$/.test(path) &&
      this.#roots.some((root) => path.startsWith(root === "/" ? root : `${root}/`));
  }
}

/** A rule that gets a path as lossless text. */
function rule(isIgnored: (path: string, isDirectory: boolean) => boolean): Ignore {
  return Object.assign(isIgnored, { byName: false });
}

/** Where an event says that something has changed, as lossless text. */
function pathsOf(event: WatchEvent): (string | undefined)[] {
  if (!("path" in event)) return [undefined];
  const { path, rawPath } = event;
  const paths = [rawPath === undefined ? path : fromBytes(rawPath)];
  if (event.kind === "rename") {
    paths.push(event.rawFrom === undefined ? event.from : fromBytes(event.rawFrom));
  }
  return paths;
}
