/** Plays the scenarios of this folder: all, or those whose path contains a word of INOTIFY_SCENARIOS. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { LIMITS, MOUNTS, UNPRIVILEGED } from "../helpers/namespace.ts";
import { run } from "../helpers/program.ts";
import { play, readScenario } from "../helpers/scenario.ts";

const folder = import.meta.dirname!;
const wanted = process.env["INOTIFY_SCENARIOS"]?.split(" ") ?? [""];
let count = 0;

/** The scenarios of a folder, with their titles. */
function scenarios(...path: string[]): (readonly [file: string, title: string])[] {
  const files = readdirSync(join(folder, ...path)).filter((name) => name.endsWith(".txt")).sort()
    .map((name) => join(...path, name)).filter((file) =>
      wanted.some((word) => file.includes(word))
    );
  count += files.length;
  return files.map((file) => [
    join(folder, file),
    `${readScenario(join(folder, file)).title} (${file})`,
  ]);
}

for (const [file, title] of [...scenarios(), ...scenarios("overlap")]) {
  test(title, () => play(readScenario(file)));
}

for (
  const [name, { under, skip }] of Object.entries({
    limits: LIMITS,
    mounts: MOUNTS,
    unprivileged: UNPRIVILEGED,
  })
) {
  for (const [file, title] of scenarios(name)) {
    test(title, { skip }, () => {
      const { status, stderr } = run("play.ts", [file], { under });
      assert.equal(status, 0, stderr);
    });
  }
}

if (count === 0) throw new Error(`No scenario's path contains any of: ${wanted.join(", ")}`);
