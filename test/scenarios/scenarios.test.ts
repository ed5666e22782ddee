/** Plays every scenario of test/scenarios/. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LIMITS, MOUNTS, UNPRIVILEGED } from "../helpers/namespace.ts";
import { run } from "../helpers/program.ts";
import { play, readScenario } from "../helpers/scenario.ts";

const folder = import.meta.dirname!;

/** The scenarios of a folder, with their titles. */
function scenarios(...path: string[]): (readonly [file: string, title: string])[] {
  return readdirSync(join(folder, ...path)).filter((name) => name.endsWith(".txt")).sort().map(
    (name) => {
      const file = join(folder, ...path, name);
      return [file, `${readScenario(file).title} (${join(...path, name)})`];
    },
  );
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
