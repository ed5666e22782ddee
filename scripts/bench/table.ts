/** A table of measurements: how it is filled, and its Markdown. */

import process from "node:process";
import { median } from "./median.ts";

/** One line of the table. */
export interface Row {
  /** The quantity and its unit. */
  readonly label: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether the table shows the ratio to the C loop. */
  readonly ratio?: boolean;
}

/** The numbers of one run, by the keys of the measurement's rows. */
export type Numbers = Readonly<Record<string, number>>;

/** A measurement, whose rows come from the same run. */
export interface Measurement<Subject, Setting> {
  /** For progress messages. */
  readonly name: string;
  /** The rows, by their keys. */
  readonly rows: Readonly<Record<string, Row>>;
  /** Whether all subjects may run at the same time. */
  readonly concurrent?: boolean;
  /** Measures one subject once. */
  run(subject: Subject, setting: Setting): Promise<Numbers>;
}

/** Subjects and their measurements. */
export interface Table<Subject extends { readonly name: string }, Setting> {
  /** The columns, the C reference first. */
  readonly subjects: readonly Subject[];
  /** What the measurements share. */
  readonly setting: Setting;
  /** The measurements. */
  readonly measurements: readonly Measurement<Subject, Setting>[];
}

/** A row with each subject's numbers, one per round; `undefined` if it has none. */
export interface Line extends Row {
  readonly measurement: string;
  readonly numbers: readonly (readonly (number | undefined)[])[];
}

/** Runs a measurement in several rounds, each with every subject once. */
export async function measure<Subject extends { readonly name: string }, Setting>(
  { name, rows, concurrent, run }: Measurement<Subject, Setting>,
  { subjects, setting }: Table<Subject, Setting>,
  rounds: number,
): Promise<Line[]> {
  const results = subjects.map((): Numbers[] => []);
  for (let round = 1; round <= rounds; round++) {
    const turns = subjects.map((subject, i) => async () => {
      console.error(`${name}: round ${round} of ${rounds}, ${subject.name}`);
      // A failure leaves the cell empty and does not stop the others.
      const numbers = await run(subject, setting).catch((error: unknown): Numbers => {
        console.error(`${name}, ${subject.name}:`, error);
        process.exitCode = 1;
        return {};
      });
      results[i].push(numbers);
    });
    if (concurrent) await Promise.all(turns.map((turn) => turn()));
    else for (const turn of turns) await turn();
  }
  return Object.entries(rows).map(([key, row]) => ({
    ...row,
    measurement: name,
    numbers: results.map((runs) => runs.map((numbers) => numbers[key])),
  }));
}

/** The table in Markdown, with the ratio to the first column in brackets, and the range of several rounds. */
export function markdown(subjects: readonly string[], lines: readonly Line[]): string {
  const body = lines.map((line) => [line.label, ...subjects.map((_, i) => cell(line, i))]);
  return [["", ...subjects], ["---", ...subjects.map(() => "---:")], ...body]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function cell({ numbers, digits, ratio }: Line, column: number): string {
  const own = numbers[column].filter((number) => number !== undefined);
  if (own.length === 0) return "–";
  const [least, most] = [Math.min(...own), Math.max(...own)].map((one) => one.toFixed(digits));
  const value = median(own).toFixed(digits) + (least === most ? "" : `, ${least}–${most}`);
  if (!ratio || column === 0) return value;
  // Per round: its runs are close in time, so that noise affects them all.
  const ratios = numbers[column].flatMap((number, round) => {
    const reference = numbers[0][round];
    return number === undefined || reference === undefined ? [] : number / reference;
  });
  if (ratios.length === 0) return value;
  const middle = median(ratios);
  return `${value} (×${middle.toFixed(middle < 10 ? 2 : 0)})`;
}
