/**
 * `GitRules`: what git ignores, kept in step with the files that have the rules.
 *
 * A watcher of its own watches those files only. It asks what is ignored in a directory when it starts to
 * watch the directory, which is when the files there are read: so every later change of them is reported.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { variable } from "../../../ffi/program.ts";
import { delay } from "../../../ffi/time.ts";
import { absolute } from "../../kernel/absolute.ts";
import type { WatchEvent } from "../../engine/event.ts";
import type { Ignore } from "../../watch/ignore.ts";
import { fromBytes, toBytes } from "../../kernel/byte_string.ts";
import { reconsider, watch, type Watcher } from "../../watch/watcher.ts";
import { type Gitignore, gitignore } from "../gitignore.ts";
import { parentOf } from "./paths.ts";

/** How long to wait for further changes of a file, in milliseconds: an editor makes several. */
const SETTLE = 20;

/** What git ignores in some trees, now and later. */
export class GitRules implements AsyncDisposable {
  /** Ignores what git ignores. */
  readonly ignore: Ignore = rule((...entry) => this.#applied(...entry));
  readonly #libc: Libc;
  readonly #warn: (text: string) => void;
  readonly #roots: readonly string[];
  readonly #watcher: Watcher;
  /** The files that are watched outside of the trees. */
  readonly #others = new Set<string>();
  /** The rules as they were last read. */
  #current: Gitignore;
  /** The rules in force, until the watcher reconsiders. */
  #applied: Gitignore;
  /** The paths that have changed since the last update; `undefined` is everywhere. */
  #changed = new Set<string | undefined>();

  private constructor(libc: Libc, paths: readonly string[], warn: (text: string) => void) {
    this.#libc = libc;
    const warnings = new Set<string>();
    this.#warn = (text) => {
      if (!warnings.has(text)) warn(text);
      warnings.add(text);
    };
    this.#roots = paths.map((path) => absolute(libc, path));
    this.#current = this.#applied = gitignore(libc, this.#warn);
    this.#watcher = watch(paths, { ignore: rule((...entry) => this.#isOther(...entry)) });
  }

  /**
   * Reads what git ignores.
   *
   * @param paths the roots of the trees
   * @param warn reports what cannot be read or watched, each message once
   * @throws {InotifyError} if the paths cannot be watched
   */
  static async open(
    libc: Libc,
    paths: readonly string[],
    warn: (text: string) => void,
  ): Promise<GitRules> {
    if (variable("HOME") === false) {
      warn("Without --allow-env=HOME,XDG_CONFIG_HOME the user's own ignore list is not read");
    }
    const rules = new GitRules(libc, paths, warn);
    await rules.#watcher.ready;
    if (await rules.#watchOthers()) await rules.#readAgain();
    rules.#applied = rules.#current;
    return rules;
  }

  /**
   * Reads the rules again whenever they change, until it is closed.
   *
   * @param watcher reconsiders what it ignores then; {@link ignore} is among its rules
   */
  async follow(watcher: Watcher): Promise<void> {
    let last = Promise.resolve();
    for await (const event of this.#watcher) {
      if (event.kind === "error") {
        this.#warn(`Changes of ignore rules may be missed: ${event.error.message}`);
      }
      if (this.#changed.size === 0) last = last.then(() => this.#update(watcher));
      for (const path of pathsOf(event)) this.#changed.add(path);
    }
    await last;
  }

  /** Ends {@link follow}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher.close();
  }

  async #update(watcher: Watcher): Promise<void> {
    await delay(SETTLE);
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      if (!this.#current.files.haveChanged(changed) && !await this.#watchOthers()) return;
      await this.#readAgain();
      this.#applied = this.#current;
      await reconsider(watcher);
    } catch (error) {
      this.#warn(`Cannot read again what git ignores: ${(error as Error).message}`);
    }
  }

  async #readAgain(): Promise<void> {
    do {
      this.#current = gitignore(this.#libc, this.#warn);
      await reconsider(this.#watcher);
    } while (await this.#watchOthers());
  }

  /** Watches the files outside of the trees. @returns whether one has changed since it was read */
  async #watchOthers(): Promise<boolean> {
    const { files } = this.#current;
    for (const root of this.#roots) this.#current.load(root);
    const paths = [...files.paths].filter((path) =>
      !this.#others.has(path) && !this.#isInTree(path)
    );
    for (const path of paths) this.#others.add(path);
    await Promise.all(paths.map((path) => this.#watcher.add(toBytes(path))));
    return files.haveChanged(new Set(paths));
  }

  /** Whether an entry is neither `.gitignore`, nor `.git`, nor a directory that may have one. */
  #isOther(path: string, isDirectory: boolean): boolean {
    if (path.endsWith("/.git")) {
      this.#current.load(parentOf(path)); // a repository has files that are not in the tree
      return false;
    }
    if (path.endsWith("/.git", path.lastIndexOf("/"))) return true; // it is in .git
    return isDirectory ? this.#current(path, true) : !path.endsWith("/.gitignore");
  }

  /** Whether the watcher finds a path by itself. */
  #isInTree(path: string): boolean {
    return /\/\.git(?:ignore)?$/.test(path) &&
      this.#roots.some((root) => path.startsWith(root === "/" ? root : `${root}/`));
  }
}

/** A rule whose argument is a path as lossless text. */
function rule(isIgnored: (path: string, isDirectory: boolean) => boolean): Ignore {
  return Object.assign(isIgnored, { dependsOn: "path" as const });
}

/** The paths that an event says have changed, as lossless text; `undefined` for an overflow: any path. */
function pathsOf(event: WatchEvent): (string | undefined)[] {
  if (!("path" in event)) return [undefined];
  const { path, rawPath } = event;
  const paths = [rawPath === undefined ? path : fromBytes(rawPath)];
  if (event.kind === "rename") {
    paths.push(event.rawFrom === undefined ? event.from : fromBytes(event.rawFrom));
  }
  return paths;
}
