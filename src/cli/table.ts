/**
 * Tables for people.
 *
 * @module
 */

/** Rows of cells in columns, the first row on top: the last column is text, the others end evenly. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  return rows.map((row) =>
    row.map((cell, i) => i === row.length - 1 ? String(cell) : String(cell).padStart(widths[i]))
      .join("  ") + "\n"
  ).join("");
}
