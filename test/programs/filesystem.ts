/** Tests a watcher on the file systems of the directories in argv, and prints the findings as JSON. */

import { appendFileSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { watch } from "../../mod.ts";
import { changedSince } from "../../src/engine/change_time.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { cases, interleave } from "../helpers/interleaving.ts";
import { loseEvents } from "../helpers/interpose.ts";
import { within } from "../helpers/within.ts";

/** The findings for one file system. */
export interface Findings {
  /** The failure of a change between two system calls, if any. */
  readonly wrong?: string;
  /** Whether a file counts as changed since an hour from now. */
  readonly willHaveChanged: boolean;
  /** The events after each of several losses, for a file that was written meanwhile. */
  readonly lost: readonly string[];
}

/** Cases, each with the number of system calls between two runs. */
const STRIDES = {
  "a file is created in a new directory": 1,
  "a new directory is removed": 1,
  "a directory is created while the tree is moved in": 13,
} as const;

const HOUR = 3_600_000;

const all: Findings[] = [];
for (const directory of process.argv.slice(2)) all.push(await find(directory));
console.log(JSON.stringify(all));
process.exit();

async function find(directory: string): Promise<Findings> {
  const wrong = await interleaveAll(directory).then(
    () => ({}),
    (error) => ({ wrong: String(error) }),
  );
  const file = join(directory, "file");
  closeSync(openSync(file, "w"));
  const willHaveChanged = changedSince(libc(), Date.now() + HOUR)(file);
  const lost: string[] = [];
  for (let i = 0; i < 3; i++) lost.push(await lose(file));
  return { ...wrong, willHaveChanged, lost };
}

async function interleaveAll(directory: string): Promise<void> {
  for (const [what, stride] of Object.entries(STRIDES)) {
    await interleave(cases[what], stride, directory);
  }
}

async function lose(file: string): Promise<string> {
  await using watcher = watch(file);
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = forEach(watcher, (event) => lines.push(line(event)));
  loseEvents();
  appendFileSync(file, "x");
  await taken(watcher);
  await taken(watcher);
  await watcher.close();
  await loop;
  return lines.slice(lines.indexOf("overflow") + 1).join().replaceAll(file, "the file");
}
