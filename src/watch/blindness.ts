/**
 * `Blindness`: a rule in `ignore` that no directory gets past, so that nothing is seen below the watched one.
 *
 * `(path) => !path.endsWith(".ts")` is meant for files, and is true for each directory, too. That is an error only if
 * it can hardly be meant: the rule is a function or a RegExp; it leaves out each directory that is there, of which there
 * is one at least, and would leave out the watched one and those above it, which have other names; and it does not ask
 * whether they are directories.
 *
 * @module
 */

import { toText } from "../kernel/byte_string.ts";
import { type ErrorEvent, errorEvent } from "../engine/event.ts";
import { ancestors } from "../engine/root_map.ts";
import type { Ignores } from "../engine/tree.ts";
import { type Ignore, ignores } from "./ignore.ts";

/** Notices such rules while paths are set up. */
export class Blindness {
  readonly #rules: readonly Ignores[];
  /** The ignored directories in each path that is set up, until one is there that is not ignored. */
  readonly #ignored = new Map<string, string[]>();

  /** @param rules the option `ignore` */
  constructor(rules: Ignore | readonly Ignore[] | undefined) {
    const list = Array.isArray(rules) ? rules : [rules];
    this.#rules = list.filter(isOpaque).map((rule) => ignores(rule)!);
  }

  /** A path is set up. */
  begin(root: string): void {
    if (this.#rules.length > 0) this.#ignored.set(root, []);
  }

  /** A path is no longer watched. */
  delete(root: string): void {
    this.#ignored.delete(root);
  }

  /** An entry was found, which is ignored or not. */
  found(path: string, isDirectory: boolean, root: string, isIgnored: boolean): void {
    if (!isDirectory || this.#ignored.size === 0) return;
    if (isIgnored) this.#ignored.get(root)?.push(path);
    else this.#ignored.delete(root);
  }

  /** What has come out of the paths that were set up by now. */
  end(): ErrorEvent[] {
    const blind = [...this.#ignored].filter(([root, paths]) =>
      paths.length > 0 && this.#rules.some((rule) => isBlind(rule, root, paths))
    );
    this.#ignored.clear();
    return blind.map(([root]) => {
      const why = "a rule in ignore leaves out each of them; to choose files, use include";
      const directories = `the directories in ${JSON.stringify(toText(root))}`;
      return errorEvent(root, new Error(`Cannot watch ${directories}: ${why}`));
    });
  }
}

/** Whether a rule is the user's own code. */
function isOpaque(rule: Ignore | undefined): rule is Ignore {
  return rule instanceof RegExp || typeof rule === "function" && !("dependsOn" in rule);
}

function isBlind(rule: Ignores, root: string, paths: readonly string[]): boolean {
  try {
    return [...paths, root, ...ancestors(root)].every((path) =>
      rule(path, true, root) && rule(path, false, root)
    );
  } catch {
    return false; // it takes only what is there
  }
}
