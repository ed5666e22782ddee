/**
 * Measures the module on each installed runtime, loops in C and other watchers, and prints tables of
 * medians. Each round runs every subject once.
 *
 *   bench.ts [--rounds N] [--quick] [--only NAME] [--without NAME]... [--json] [kernel|paths|tools|clients]
 *
 * kernel is the table of `Inotify`, paths that of `watch()`, tools that of `inotifywait`, clients that of
 * programs that watch; the default is all. --only selects the measurements whose name contains NAME, --without leaves out such subjects.
 */

import os from "node:os";
import { parseArgs } from "node:util";
import { clients } from "./bench/clients/table.ts";
import { kernel } from "./bench/kernel/table.ts";
import { paths } from "./bench/paths/table.ts";
import { tools } from "./bench/tools/table.ts";
import { type Scratch, withScratch } from "./bench/scratch.ts";
import { type Line, markdown, measure, type Table } from "./bench/table.ts";

const { values: options, positionals } = parseArgs({
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    without: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`--rounds must be a positive integer, not ${options.rounds}`);
}

/** The results of a table. */
interface Results {
  readonly subjects: readonly string[];
  readonly lines: readonly Line[];
}

const tables: Record<string, (scratch: Scratch) => Promise<Results>> = {
  kernel: (scratch) => fill(kernel(scratch, options.quick)),
  paths: (scratch) => fill(paths(scratch, options.quick)),
  tools: (scratch) => fill(tools(scratch, options.quick)),
  clients: (scratch) => fill(clients(scratch)),
};
const chosen = positionals.length > 0 ? positionals : Object.keys(tables);
for (const name of chosen) {
  if (!Object.hasOwn(tables, name)) throw new RangeError(`There is no table "${name}"`);
}

const results: Record<string, Results> = {};
for (const name of chosen) results[name] = await withScratch(tables[name]);
if (options.json) {
  console.log(JSON.stringify({ machine: machine(), rounds, tables: results }, null, 2));
} else {
  console.log(`${machine()}; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}.`);
  for (const { subjects, lines } of Object.values(results)) {
    console.log(`\n${markdown(subjects, lines)}`);
  }
}

async function fill<Subject extends { readonly name: string }, Setting>(
  { subjects: all, ...table }: Table<Subject, Setting>,
): Promise<Results> {
  const subjects = all.filter(({ name }) => !options.without.some((part) => name.includes(part)));
  const lines: Line[] = [];
  for (const measurement of table.measurements) {
    if (!measurement.name.includes(options.only)) continue;
    lines.push(...await measure(measurement, { ...table, subjects }, rounds));
  }
  return { subjects: subjects.map(({ name }) => name), lines };
}

function machine(): string {
  const cpus = os.cpus();
  return `Linux ${os.release()} ${os.machine()}, ${cpus.length} × ${cpus[0].model.trim()}`;
}
