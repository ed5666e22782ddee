/** The paths that exist according to a watcher's events. */

import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import type { WatchEvent } from "../../mod.ts";

/** A set of paths that is built from events alone. Paths are latin1: one character per byte. */
export class Model {
  readonly paths: Set<string> = new Set();
  /** Events that contradict earlier ones. */
  readonly contradictions: string[] = [];
  overflows = 0;
  errors: Error[] = [];
  /** The directories that could not be watched: nothing is promised about what is below them. */
  readonly uncovered: Set<string> = new Set();
  /** The directories that are not known, of which something is. */
  readonly #assumed = new Set<string>();
  readonly #isNested: boolean;

  /** @param isNested whether one root is below another: what is in a directory may be reported before it */
  constructor(isNested = false) {
    this.#isNested = isNested;
  }

  apply(event: WatchEvent): void {
    if (event.kind === "overflow") this.overflows++;
    if (event.kind === "error") {
      this.errors.push(event.error);
      this.uncovered.add(key(event.path, event.rawPath));
    }
    if (event.kind === "create" || event.kind === "exists") {
      const path = key(event.path, event.rawPath);
      if (this.paths.has(path)) this.contradictions.push(`${event.kind} ${path}, which is there`);
      this.#add(path);
    } else if (event.kind === "remove") {
      const path = key(event.path, event.rawPath);
      if (!this.paths.has(path)) this.contradictions.push(`remove ${path}, which is not there`);
      this.#take(path);
    } else if (event.kind === "rename") {
      const from = key(event.from, event.rawFrom);
      const path = key(event.path, event.rawPath);
      if (!this.paths.has(from)) this.contradictions.push(`rename ${from}, which is not there`);
      if (this.#take(path).length > 0 !== event.replaced) {
        this.contradictions.push(`rename to ${path}, replaced: ${event.replaced}`);
      }
      const uncovered = [...this.uncovered].filter((one) => isWithin(one, from));
      for (const moved of this.#take(from)) this.#add(path + moved.slice(from.length));
      for (const moved of uncovered) this.uncovered.add(path + moved.slice(from.length));
    }
  }

  /** Whether the model promises to have this path if, and only if, it exists. */
  covers(path: string): boolean {
    return ![...this.uncovered].some((one) => path !== one && isWithin(path, one));
  }

  /** Adds a path that comes, or is moved. */
  #add(path: string): void {
    if (this.#assumed.has(path) && !this.#isNested) {
      this.contradictions.push(`${path} comes after what is in it`);
    }
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!this.paths.has(parent)) this.#assumed.add(parent);
    this.paths.add(path);
  }

  /** Removes a path and everything below it. @returns the removed paths */
  #take(path: string): string[] {
    const taken = [...this.paths].filter((one) => isWithin(one, path));
    for (const one of taken) this.paths.delete(one);
    for (const one of this.#assumed) if (isWithin(one, path)) this.#assumed.delete(one);
    for (const one of this.uncovered) if (isWithin(one, path)) this.uncovered.delete(one);
    return taken;
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** A path and all paths below it on the disk, as latin1: one character per byte. */
export function onDisk(path: string): Set<string> {
  const options = { encoding: "latin1", maxBuffer: 2 ** 28 } as const;
  return new Set(execFileSync("find", [path, "-print0"], options).split("\0").slice(0, -1));
}

function key(path: string, raw: Uint8Array | undefined): string {
  return Buffer.from(raw ?? Buffer.from(path)).toString("latin1");
}
