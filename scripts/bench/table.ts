/** A table: who is measured, what is measured, and what it gives in Markdown. */

import process from "node:process";
import { median } from "./median.ts";

/** One line of the table. */
export interface Row {
  /** What the numbers are, with their unit. */
  readonly label: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether the table gives the ratio to the C loop. */
  readonly ratio?: boolean;
}

/** The numbers of one run, by the keys of the measurement's rows. */
export type Numbers = Readonly<Record<string, number>>;

/** One way of measuring, whose rows come from the same run. */
export interface Measurement<Subject, Setting> {
  /** For progress messages. */
  readonly name: string;
  /** The rows, by their keys. */
  readonly rows: Readonly<Record<string, Row>>;
  /** Whether subjects do not disturb each other, so that they may run at once. */
  readonly concurrent?: boolean;
  /** Measures one subject once. */
  run(subject: Subject, setting: Setting): Promise<Numbers>;
}

/** All that is measured in the same way. */
export interface Table<Subject extends { readonly name: string }, Setting> {
  /** The columns, the C reference first. */
  readonly subjects: readonly Subject[];
  /** What the measurements share. */
  readonly setting: Setting;
  /** What is measured. */
  readonly measurements: readonly Measurement<Subject, Setting>[];
}

/** A row with the numbers of each subject, in the order of the rounds; none where it has no such number. */
export interface Line extends Row {
  readonly measurement: string;
  readonly numbers: readonly (readonly (number | undefined)[])[];
}

/** Takes a measurement in several rounds, in each of which every subject has its turn. */
export async function measure<Subject extends { readonly name: string }, Setting>(
  { name, rows, concurrent, run }: Measurement<Subject, Setting>,
  { subjects, setting }: Table<Subject, Setting>,
  rounds: number,
): Promise<Line[]> {
  const results = subjects.map((): Numbers[] => []);
  for (let round = 1; round <= rounds; round++) {
    const turns = subjects.map((subject, i) => async () => {
      console.error(`${name}: round ${round} of ${rounds}, ${subject.name}`);
      // One that fails leaves its cell empty, and the others their time.
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

/** In Markdown, with the ratio to the first column in brackets. */
export function markdown(subjects: readonly string[], lines: readonly Line[]): string {
  const body = lines.map((line) => [line.label, ...subjects.map((_, i) => cell(line, i))]);
  return [["", ...subjects], ["---", ...subjects.map(() => "---:")], ...body]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function cell({ numbers, digits, ratio }: Line, column: number): string {
  const own = numbers[column].filter((number) => number !== undefined);
  if (own.length === 0) return "–";
  const value = median(own).toFixed(digits);
  if (!ratio || column === 0) return value;
  // Of each round by itself: its runs are neighbours in time, and a noisy moment hits them all.
  const ratios = numbers[column].flatMap((number, round) => {
    const reference = numbers[0][round];
    return number === undefined || reference === undefined ? [] : number / reference;
  });
  if (ratios.length === 0) return value;
  const middle = median(ratios);
  return `${value} (×${middle.toFixed(middle < 10 ? 2 : 0)})`;
}
