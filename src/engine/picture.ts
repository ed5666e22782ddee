/**
 * `Picture`: what was at some paths at one moment, with the status of each entry.
 *
 * @module
 */

import { type Status, Statuses } from "./statuses.ts";

/** The entries of a directory, by lossless name. */
export class Content {
  readonly entries: Map<string, Status> = new Map();
  /** What is in those that are directories and were listed. */
  readonly directories: Map<string, Content> = new Map();
}

/** What was at some paths: a directory whose entries have absolute paths for names. */
export class Picture {
  readonly statuses: Statuses;
  readonly roots: Content = new Content();
  /** The paths at which nothing was. */
  readonly missing: Set<string> = new Set();

  constructor(statuses: Statuses = new Statuses()) {
    this.statuses = statuses;
  }

  /** All entries, a directory before what is in it. */
  *paths(): Generator<[path: string, isDirectory: boolean]> {
    const rest: [string, Content][] = [["", this.roots]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const [path, { entries, directories }] = next;
      const start = path === "" || path === "/" ? path : `${path}/`;
      for (const [name, status] of entries) yield [start + name, this.statuses.isDirectory(status)];
      for (const [name, content] of directories) rest.push([start + name, content]);
    }
  }

  /** Puts each path that is below another one into that one's directories, where it is not reported twice. */
  nest(): void {
    const { entries, directories } = this.roots;
    for (const path of [...entries.keys()].sort((a, b) => a.length - b.length)) {
      const place = this.#below(path);
      if (place === undefined) continue;
      const inside = directories.get(path);
      place.content.entries.set(place.name, entries.get(path)!);
      if (inside !== undefined) place.content.directories.set(place.name, inside);
      entries.delete(path);
      directories.delete(path);
    }
    for (const path of this.missing) if (this.#below(path) !== undefined) this.missing.delete(path);
  }

  /** Where the entry of a path is, or would be; `undefined` if the picture does not have its directory. */
  find(path: string): Place | undefined {
    const { roots } = this;
    if (roots.entries.has(path) || this.missing.has(path)) return { content: roots, name: path };
    return this.#below(path);
  }

  /** Likewise, in the directories of another path. */
  #below(path: string): Place | undefined {
    const { roots } = this;
    for (let end = path.lastIndexOf("/"); end !== -1; end = path.lastIndexOf("/", end - 1)) {
      const top = roots.directories.get(path.slice(0, end) || "/");
      if (top !== undefined) return findIn(top, path.slice(end + 1).split("/"));
      if (end === 0) break;
    }
    return undefined;
  }
}

/** A name in a directory. */
export interface Place {
  readonly content: Content;
  readonly name: string;
}

function findIn(top: Content, names: readonly string[]): Place | undefined {
  let content: Content | undefined = top;
  for (const name of names.slice(0, -1)) {
    content = content.directories.get(name);
    if (content === undefined) return undefined;
  }
  return { content, name: names[names.length - 1] };
}
