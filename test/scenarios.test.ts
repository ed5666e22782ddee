/** Plays every scenario of test/scenarios/. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { play, readScenario } from "./helpers/scenario.ts";

const folder = join(import.meta.dirname!, "scenarios");

for (const name of readdirSync(folder).sort()) {
  const scenario = readScenario(join(folder, name));
  test(`${scenario.title} (${name})`, () => play(scenario));
}
