/**
 * Runs mirror storms: see helpers/mirror_storm.ts.
 *
 *   mirror.ts [--seed N|FROM-TO] [--mode NAME,...|all] [--changes N] [--lines FILE] [--times N]
 *     [--save DIRECTORY] [--shrink] [--without WHAT,...]
 *
 * Prints a line per storm, and the differences; exits with 1 if there are any. --save writes a transcript
 * of each failed storm. --lines reads the changes from a file, with a line "watch" where the watchers
 * start. --shrink finds fewer changes with the same first difference, running each candidate --times N.
 * --without leaves out exchanges, swaps, links, hardLinks, held or whole changes, kinds other than the
 * default ones, losses, ignore or contradictions. The mode mounts is not among all: run it with `unshare -Urm`, so that
 * nothing else sees what it mounts.
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { MODES, type Setting } from "../helpers/mirror_modes.ts";
import { mirrorStorm, type Outcome, transcript } from "../helpers/mirror_storm.ts";
import { runtimeName } from "../helpers/runtime.ts";

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "--"),
  options: {
    seed: { type: "string", default: "1" },
    mode: { type: "string", default: "mix" },
    changes: { type: "string", default: "400" },
    lines: { type: "string" },
    save: { type: "string" },
    without: { type: "string", default: "" },
    shrink: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    times: { type: "string", default: "3" },
  },
});
const [from, to = from] = options.seed.split("-").map(Number);
const without = options.without.split(",");
const all = Object.keys(MODES).filter((mode) => mode !== "mounts");
const modes = options.mode === "all" ? all : options.mode.split(",");
const script = options.lines && readFileSync(options.lines, "utf8").trim().split("\n");

for (const mode of modes) {
  if (!(mode in MODES)) throw new RangeError(`--mode is one of ${Object.keys(MODES)}, not ${mode}`);
  for (let seed = from; seed <= to; seed++) {
    const outcome = await run(mode, seed, script || undefined);
    const { wrong, lines, events, overflows } = outcome;
    console.log(
      `${runtimeName} ${mode} ${seed}: ${lines.length} changes, ${events} events, ` +
        `${overflows} overflows, ${wrong.length} differences`,
    );
    if (wrong.length === 0) continue;
    process.exitCode = 1;
    const { changes } = options;
    console.log(
      `  again: test/programs/mirror.ts --mode ${mode} --seed ${seed} --changes ${changes}`,
    );
    console.log(`  ${wrong.slice(0, 12).join("\n  ")}`);
    if (options.shrink) await shrink(mode, seed, outcome);
    else if (options.save) {
      const file = `${options.save}/${runtimeName}-${mode}-${seed}`;
      writeFileSync(file, transcript(settingOf(mode, seed), outcome, outcome.trace));
    }
  }
}
process.exit();

function settingOf(mode: string, seed: number): Setting {
  const setting = MODES[mode](seed);
  const has = (what: string) => !without.includes(what);
  const { flavour } = setting;
  return {
    ...setting,
    flavour: {
      ...flavour,
      exchanges: flavour.exchanges && has("exchanges"),
      swaps: flavour.swaps && has("swaps"),
      links: has("links") ? flavour.links : "none",
      hardLinks: flavour.hardLinks && has("hardLinks"),
      held: flavour.held && has("held"),
      whole: has("whole") ? flavour.whole : [],
    },
    watchers: setting.watchers.map((watching) => ({
      ...watching,
      kinds: has("kinds") ? watching.kinds : ["create", "modify", "remove", "rename"],
      maxQueue: has("losses") ? watching.maxQueue : 1_000_000,
      ignore: has("ignore") ? watching.ignore : undefined,
    })),
    losing: has("losses") ? setting.losing : 0,
  };
}

type Run = Outcome & { readonly trace: readonly string[] };

async function run(mode: string, seed: number, script?: readonly string[]): Promise<Run> {
  const watch = script?.indexOf("watch");
  const trace: string[] = [];
  const outcome: Outcome = await mirrorStorm({
    seed,
    setting: settingOf(mode, seed),
    changes: Number(options.changes),
    ...script && { population: script.slice(0, watch), lines: script.slice(watch! + 1) },
    trace: (line) => void trace.push(line),
  }).catch((error) => ({
    wrong: [`thrown: ${error.stack}`],
    lines: script ?? [],
    events: 0,
    overflows: 0,
  }));
  const wrong = outcome.wrong.filter((line) =>
    !without.includes("contradictions") || !line.includes("which is ")
  );
  return { ...outcome, wrong, trace };
}

/** Removes ever smaller pieces of the changes while the storm still fails in the same way. */
async function shrink(mode: string, seed: number, first: Run): Promise<void> {
  const kind = kindOf(first);
  let smallest = first;
  for (
    let size = Math.ceil(first.lines.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < smallest.lines.length;) {
      const { lines } = smallest;
      const rest = lines.filter((line, i) => line === "watch" || i < at || i >= at + size);
      const smaller = rest.length < lines.length && await again(mode, seed, rest, kind);
      if (smaller) smallest = smaller;
      else at += size;
      if (options.verbose) console.error(size, at, smallest.lines.length);
    }
  }
  console.log(`  ${JSON.stringify(settingOf(mode, seed))}`);
  console.log(`  ${smallest.lines.join("\n  ")}`);
  const [reader] = /\d\.\d/.exec(smallest.wrong[0]) ?? [""];
  console.log(`  ${smallest.trace.filter((line) => line.startsWith(reader)).join("\n  ")}`);
  console.log(`  ${smallest.wrong.join("\n  ")}`);
}

async function again(
  mode: string,
  seed: number,
  lines: readonly string[],
  kind: string,
): Promise<Run | undefined> {
  for (let i = 0; i < Number(options.times); i++) {
    const outcome = await run(mode, seed, lines);
    if (outcome.wrong.length > 0 && kindOf(outcome) === kind) return outcome;
  }
  return undefined;
}

/** The kind of the first difference. */
function kindOf({ wrong }: Outcome): string {
  return /(late: )?(\d\.\d: )?(\w+)/.exec(wrong[0])![0];
}
