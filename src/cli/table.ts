/**
 * `table()`: columns of text.
 *
 * @module
 */

/** Aligns rows of cells in columns: the last one to the left, the others to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  return rows.map((row) =>
    row.map((cell, i) => i === row.length - 1 ? String(cell) : String(cell).padStart(widths[i]))
      .join("  ") + "\n"
  ).join("");
}
