/**
 * `Statistics`: the counts that inotifywatch prints.
 *
 * @module
 */

import { toText } from "../../kernel/byte_string.ts";
import { IN_ACCESS, IN_CLOSE, IN_MOVE } from "../../kernel/mask.ts";
import { printable } from "../printable.ts";
import { toMask } from "./event_names.ts";
import { UsageError } from "./usage_error.ts";

/** The columns of the table, in order. */
const COLUMNS: readonly string[] = [
  "access",
  "modify",
  "attrib",
  "close_write",
  "close_nowrite",
  "open",
  "moved_from",
  "moved_to",
  "move_self",
  "create",
  "delete",
  "delete_self",
  "unmount",
];

const COLUMN_BITS: readonly number[] = COLUMNS.map((name) => toMask(name)!);

/** How rows are sorted. */
export interface Order {
  /** By this event; 0 for the sum of all. */
  readonly event: number;
  /** Whether the smallest number comes first. */
  readonly ascending: boolean;
}

/**
 * Reads the argument of `--ascending` or `--descending`.
 *
 * @throws {UsageError}
 */
export function toOrder(key: string, ascending: boolean): Order {
  const event = key.toLowerCase() === "total" ? 0 : toMask(key);
  if (event === IN_MOVE) {
    throw new UsageError(
      "Cannot sort by `move' event; please use `moved_from' or `moved_to'.",
    );
  }
  if (event === IN_CLOSE) {
    throw new UsageError(
      "Cannot sort by `close' event; please use `close_write' or `close_nowrite'.",
    );
  }
  if (event === undefined || event !== 0 && !COLUMN_BITS.includes(event)) {
    throw new UsageError(`'${key}' is not a valid key for sorting!`);
  }
  // The original stores the order as a number, in which -1 is both `total' and `access', descending.
  return event === IN_ACCESS && !ascending ? { event: 0, ascending } : { event, ascending };
}

/** The counts of one watch. */
interface Row {
  readonly wd: number;
  path: string;
  total: number;
  readonly counts: number[];
}

/** Counts events by watch. */
export class Statistics {
  readonly #rows = new Map<number, Row>();

  /** Counts an event. @param path of its watch, as lossless text; the last one is printed */
  add(wd: number, path: string, mask: number): void {
    const row = this.#row(wd, path);
    row.total++;
    for (let i = 0; i < COLUMN_BITS.length; i++) if (mask & COLUMN_BITS[i]) row.counts[i]++;
  }

  /** Adds watches that may have had no event. */
  include(watches: Iterable<readonly [wd: number, path: string]>): void {
    for (const [wd, path] of watches) this.#row(wd, path);
  }

  /** Whether no event was counted. */
  get isEmpty(): boolean {
    return this.#rows.values().every(({ total }) => total === 0);
  }

  /**
   * A table as text.
   *
   * @param asked the events that have a column
   * @param zero whether to include columns and rows of zeros
   * @param show formats a path
   */
  table(asked: number, zero: boolean, order: Order, show: (path: string) => string): string {
    const columns = this.#columns(asked, zero);
    let text = `total  ${columns.map((i) => `${COLUMNS[i]}  `).join("")}filename\n`;
    for (const { total, counts, path } of this.#sorted(zero, order)) {
      const cells = columns.map((i) => String(counts[i]).padEnd(COLUMNS[i].length) + "  ");
      text += `${String(total).padEnd(5)}  ${cells.join("")}${show(path)}\n`;
    }
    return text;
  }

  /** The same as JSON objects, one per line. */
  json(asked: number, zero: boolean, order: Order): string {
    const columns = this.#columns(asked, zero);
    return this.#sorted(zero, order).map(({ total, counts, path }) => {
      const entries = columns.map((i) => [COLUMNS[i], counts[i]]);
      const row = { filename: toText(path), total, ...Object.fromEntries(entries) };
      return `${printable(JSON.stringify(row))}\n`;
    }).join("");
  }

  #row(wd: number, path: string): Row {
    let row = this.#rows.get(wd);
    if (row === undefined) {
      this.#rows.set(wd, row = { wd, path, total: 0, counts: COLUMNS.map(() => 0) });
    }
    row.path = path;
    return row;
  }

  #columns(asked: number, zero: boolean): number[] {
    const rows = [...this.#rows.values()];
    return COLUMNS.keys().filter((i) =>
      (asked & COLUMN_BITS[i]) !== 0 && (zero || rows.some(({ counts }) => counts[i] > 0))
    ).toArray();
  }

  #sorted(zero: boolean, { event, ascending }: Order): Row[] {
    const column = COLUMN_BITS.indexOf(event);
    const key = ({ counts, total }: Row) => event === 0 ? total : counts[column];
    const sign = ascending ? 1 : -1;
    return [...this.#rows.values()]
      .filter(({ total }) => zero || total > 0)
      .sort((one, other) => sign * (key(one) - key(other)) || one.wd - other.wd);
  }
}
