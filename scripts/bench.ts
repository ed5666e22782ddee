/**
 * Measures the module on every runtime of this machine beside the same loop in C, and prints a table:
 * medians of several rounds, in each of which every subject has its turn.
 *
 *   bench.ts [--rounds N] [--quick] [--only NAME] [--json]
 *
 * --only narrows to the measurements whose name contains NAME.
 */

import os from "node:os";
import { parseArgs } from "node:util";
import { type Measurement, measurements, type Numbers, type Row } from "./bench/measurements.ts";
import { median } from "./bench/median.ts";
import { type Setting, withSetting } from "./bench/subjects.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5));
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new RangeError(`--rounds must be a positive integer, and is ${options.rounds}`);
}

/** A row with the numbers of each subject, in the order of the rounds; none if it has no such row. */
interface Line extends Row {
  readonly measurement: string;
  readonly numbers: readonly (readonly number[])[];
}

await withSetting(async (setting) => {
  const chosen = measurements(options.quick).filter(({ name }) => name.includes(options.only));
  const lines: Line[] = [];
  for (const measurement of chosen) lines.push(...await measure(measurement, setting));
  const subjects = setting.subjects.map(({ name }) => name);
  console.log(
    options.json
      ? JSON.stringify({ machine: machine(), rounds, subjects, lines }, null, 2)
      : `${machine()}; medians of ${rounds} rounds.\n\n${table(subjects, lines)}`,
  );
});

async function measure(measurement: Measurement, setting: Setting): Promise<Line[]> {
  const { subjects } = setting;
  const results = subjects.map((): Numbers[] => []);
  for (let round = 1; round <= rounds; round++) {
    const turns = subjects.map((subject, i) => async () => {
      console.error(`${measurement.name}: round ${round} of ${rounds}, ${subject.name}`);
      results[i].push(await measurement.run(subject, setting));
    });
    if (measurement.concurrent) await Promise.all(turns.map((turn) => turn()));
    else for (const turn of turns) await turn();
  }
  return Object.entries(measurement.rows).map(([key, row]) => ({
    ...row,
    measurement: measurement.name,
    numbers: results.map((runs) => runs.flatMap((numbers) => numbers[key] ?? [])),
  }));
}

function machine(): string {
  const cpus = os.cpus();
  return `Linux ${os.release()} ${os.machine()}, ${cpus.length} × ${cpus[0].model.trim()}`;
}

/** In Markdown, with the ratio to the first column in brackets. */
function table(subjects: readonly string[], lines: readonly Line[]): string {
  const cell = (line: Line, i: number) => {
    const numbers = line.numbers[i];
    if (numbers.length === 0) return "–";
    const value = median(numbers).toFixed(line.digits);
    if (!line.ratio || i === 0) return value;
    // Of each round by itself: its runs are neighbours in time, and a noisy moment hits them all.
    const ratio = median(numbers.map((number, round) => number / line.numbers[0][round]));
    return `${value} (×${ratio.toFixed(1)})`;
  };
  const body = lines.map((line) => [line.label, ...subjects.map((_, i) => cell(line, i))]);
  return [["", ...subjects], ["---", ...subjects.map(() => "---:")], ...body]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
