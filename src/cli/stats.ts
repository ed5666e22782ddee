/**
 * `Stats`: the table of `watch --stats`.
 *
 * @module
 */

import { KINDS, type WatchEvent, type WatchKind } from "../engine/event.ts";
import { toPath } from "./lines.ts";
import { table } from "./table.ts";

/** Events counted by path and kind. */
export class Stats {
  readonly #paths = new Map<string, Map<WatchKind, number>>();
  readonly #kinds = new Set<WatchKind>();

  /** Counts an event: a rename under its new path, an `overflow` under an empty path. */
  add(event: WatchEvent): void {
    const isDirectory = "isDirectory" in event ? event.isDirectory : false;
    const path = "path" in event ? toPath(event.path, isDirectory) : "";
    let counts = this.#paths.get(path);
    if (counts === undefined) this.#paths.set(path, counts = new Map());
    counts.set(event.kind, (counts.get(event.kind) ?? 0) + 1);
    this.#kinds.add(event.kind);
  }

  /**
   * The table as text: paths with the most events first, those with equally many in order of their first event.
   *
   * @param rows at most
   */
  text(rows: number = Infinity): string {
    if (this.#paths.size === 0) return "Nothing has happened.\n";
    const kinds = KINDS.filter((kind) => this.#kinds.has(kind));
    const paths = [...this.#paths]
      .map(([path, counts]) => {
        const numbers = kinds.map((kind) => counts.get(kind) ?? 0);
        return { path, numbers, total: numbers.reduce((sum, number) => sum + number, 0) };
      })
      .sort((a, b) => b.total - a.total);
    const more = paths.length > rows ? `… and ${paths.length - rows} more\n` : "";
    return table([
      ["total", ...kinds, "path"],
      ...paths.slice(0, rows).map(({ path, numbers, total }) => [total, ...numbers, path]),
    ]) + more;
  }
}
