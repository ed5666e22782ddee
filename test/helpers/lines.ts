/** The entries below a directory according to the output of `inotifywait -m -r --json`. */

import { Buffer } from "node:buffer";
import { basename, dirname, join } from "node:path/posix";

/** A line of the output. */
export interface Line {
  readonly time: string;
  readonly watched: string;
  readonly rawWatched?: string;
  readonly name: string;
  readonly rawName?: string;
  readonly events: readonly string[];
  readonly cookie?: number;
}

/** A set of paths that is built from lines alone. Paths are latin1: one character per byte. */
export class Reader {
  readonly paths: Set<string>;
  /** Entries that were moved in, whose contents no line reports. */
  readonly unknown: Set<string> = new Set();
  /** Lines that contradict earlier ones. */
  readonly contradictions: string[] = [];
  readonly #moving = new Map<number, { paths: string[]; unknown: string[]; from: string }>();

  /** @param paths the entries at the start */
  constructor(paths: Iterable<string>) {
    this.paths = new Set(paths);
  }

  apply(line: Line): void {
    const path = toPath(line);
    const known = this.paths.has(path);
    const [what] = line.events;
    if (what === "CREATE") {
      if (known) this.#contradict(line, "is there");
      if (!this.paths.has(dirname(path)) && this.covers(path)) {
        this.#contradict(line, "has no parent");
      }
      this.paths.add(path);
    } else if (what === "DELETE" || what === "MOVED_FROM") {
      if (!known && this.covers(path)) this.#contradict(line, "is not there");
      const covered = this.covers(path);
      const taken = {
        from: path,
        paths: take(this.paths, path),
        unknown: [...take(this.unknown, path), ...covered ? [] : [path]],
      };
      if (what === "MOVED_FROM") this.#moving.set(line.cookie!, taken);
    } else if (what === "MOVED_TO") {
      take(this.paths, path);
      take(this.unknown, path);
      this.paths.add(path);
      const moved = this.#moving.get(line.cookie!);
      this.#moving.delete(line.cookie!);
      if (moved === undefined) this.unknown.add(path);
      for (const one of moved?.paths ?? []) this.paths.add(path + one.slice(moved!.from.length));
      for (const one of moved?.unknown ?? []) {
        this.unknown.add(path + one.slice(moved!.from.length));
      }
    }
  }

  /** Whether lines report all changes of a path. */
  covers(path: string): boolean {
    for (let at = dirname(path); at.length > 1; at = dirname(at)) {
      if (this.unknown.has(at)) return false;
    }
    return true;
  }

  #contradict(line: Line, why: string): void {
    this.contradictions.push(`${line.events} ${toPath(line)}, which ${why}`);
  }
}

/** The path of a line's entry. */
export function toPath({ watched, rawWatched, name, rawName }: Line): string {
  return join(latin1(watched, rawWatched), latin1(name, rawName));
}

function latin1(text: string, raw: string | undefined): string {
  return Buffer.from(raw ?? text, raw === undefined ? "utf8" : "base64").toString("latin1");
}

/** Removes a path and all below it. */
function take(paths: Set<string>, path: string): string[] {
  const taken = [...paths].filter((one) => one === path || one.startsWith(`${path}/`));
  for (const one of taken) paths.delete(one);
  return taken;
}

/** A path that no test creates by chance. */
export function probe(directory: string): string {
  return join(directory, `probe-${basename(directory)}`);
}
