/** What a reader of `inotifywait -m -r --json` believes to be below a directory. */

import { Buffer } from "node:buffer";
import { basename, dirname, join } from "node:path/posix";

/** A line of `--json`. */
export interface Line {
  readonly time: string;
  readonly watched: string;
  readonly rawWatched?: string;
  readonly name: string;
  readonly rawName?: string;
  readonly events: readonly string[];
  readonly cookie?: number;
}

/** A set of paths that is built from lines alone. Paths are text with one character a byte. */
export class Reader {
  readonly paths: Set<string>;
  /** What was moved in, of whose contents no line tells. */
  readonly unknown: Set<string> = new Set();
  /** Lines that cannot be true of what was believed before. */
  readonly contradictions: string[] = [];
  readonly #moving = new Map<number, { paths: string[]; unknown: string[]; from: string }>();

  /** @param paths what is there */
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
        this.#contradict(line, "is in nothing");
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

  /** Whether lines tell what becomes of a path. */
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

/** The path that a line is about. */
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

/** A name that does not come by chance. */
export function probe(directory: string): string {
  return join(directory, `probe-${basename(directory)}`);
}
