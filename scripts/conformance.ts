/**
 * Puts this module and other watchers before the same scenarios, each several times, and prints who
 * lives up to what.
 *
 *   conformance.ts [--runs N] [--only TEXT] [--write]
 *
 * --only takes the scenarios whose sentence contains TEXT. --write puts the table into docs/comparison.md.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { peers } from "./bench/paths/peers.ts";
import { OTHERS, OURS } from "./bench/paths/subjects.ts";
import { runtimes } from "./bench/runtimes.ts";
import { type Scratch, withScratch } from "./bench/scratch.ts";
import { type Scenario, scenarios } from "./conformance/scenarios.ts";
import { Session } from "./conformance/session.ts";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(options.runs);
if (!Number.isInteger(runs) || runs < 1) {
  throw new RangeError(`--runs must be a positive integer, and is ${options.runs}`);
}
const chosen = scenarios.filter(([sentence]) => sentence.includes(options.only));
if (chosen.length === 0) throw new RangeError(`No scenario contains ${options.only}`);

/** A column of the table. */
interface Subject {
  readonly name: string;
  readonly command: readonly string[];
}

const table = await withScratch(async (scratch) => {
  const columns = subjects(scratch);
  const lines: string[][] = [["", ...columns.map(({ name }) => name)]];
  lines.push(lines[0].map((_, i) => i === 0 ? "---" : ":-:"));
  for (const scenario of chosen) {
    const cells: string[] = [];
    for (const subject of columns) {
      let good = 0;
      for (let run = 1; run <= runs; run++) {
        console.error(`${scenario[0]}: ${subject.name}, run ${run} of ${runs}`);
        if (await holds(scenario, subject, scratch)) good++;
      }
      cells.push(good === runs ? "yes" : good === 0 ? "**no**" : `**${good} of ${runs}**`);
    }
    lines.push([scenario[0], ...cells]);
  }
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
});
console.log(table);
if (options.write) write(table);

function subjects(scratch: Scratch): Subject[] {
  const found = runtimes(scratch);
  const packages = peers();
  return [OURS, ...OTHERS].flatMap(({ title, watcher, on, package: name }) => {
    const peer = name === undefined ? undefined : packages?.get(name);
    if (name !== undefined && peer === undefined) return [];
    const full = peer === undefined ? title : `${title} ${peer.version}`;
    return found.filter((runtime) => on.includes(runtime.name)).map((runtime) => ({
      name: `${full}, ${runtime.name}`,
      command: [...runtime.program("../conformance/subject"), watcher, peer?.entry ?? ""],
    }));
  });
}

async function holds(
  [, holds]: Scenario,
  { command }: Subject,
  scratch: Scratch,
): Promise<boolean> {
  const directory = mkdtempSync(path.join(scratch.files, "run-"));
  try {
    await using session = new Session(command, directory);
    return await holds(session);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Replaces the table between the two comments in docs/comparison.md. */
function write(table: string): void {
  const file = path.join(import.meta.dirname!, "../docs/comparison.md");
  const text = readFileSync(file, "utf8");
  const written = text.replace(
    /(<!-- conformance -->\n)[^]*?(<!-- \/conformance -->)/,
    (_, begin, end) => `${begin}\n${table}\n\n${end}`,
  );
  if (!text.includes("<!-- conformance -->")) {
    throw new Error("docs/comparison.md has no place for the table");
  }
  writeFileSync(file, written);
  console.error("docs/comparison.md has the table; deno fmt aligns it");
}
