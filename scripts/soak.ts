/**
 * Runs storms for a long time on the current runtime, with one watcher, and compares the model of the
 * events with the disk after each.
 *
 *   soak.ts [--minutes N] [--pause MS] [--seed N] [--mirror [--save DIRECTORY]]
 *
 * With --mirror, each storm has its own watchers, in the modes of mirror_modes.ts in turn, whose mirrors
 * are compared with the disk. --save writes a transcript of each failed storm.
 *
 * Prints a line per minute, and a summary. Exits with 1 after a divergence, or if memory, descriptors or
 * threads grew. --seed is the seed of the first storm; that of a failed storm is printed.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { limits, watch } from "../mod.ts";
import { MODES } from "../test/helpers/mirror_modes.ts";
import { mirrorStorm, transcript } from "../test/helpers/mirror_storm.ts";
import { Model, onDisk } from "../test/helpers/model.ts";
import { openFiles, threads, watchMasks } from "../test/helpers/proc.ts";
import { command, runtimeName } from "../test/helpers/runtime.ts";
import { fastest, tmpDir } from "../test/helpers/tmp.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    pause: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    mirror: { type: "boolean", default: false },
    save: { type: "string" },
  },
});
const [minutes, pause, firstSeed] = [options.minutes, options.pause, options.seed].map(Number);
if (!(minutes > 0) || !(pause >= 0) || !Number.isInteger(firstSeed)) {
  throw new RangeError("--minutes takes a number above 0, --pause milliseconds, --seed an integer");
}

/** The number of changes in a storm. */
const CHANGES = 800;
const MIRROR_CHANGES = 400;
// What a storm mounts would show in the whole system.
const modes = Object.keys(MODES).filter((mode) => mode !== "mounts");
/** In one storm of so many, the event loop is blocked until the kernel's queue overflows. */
const OVERFLOW_EVERY = 20;
/** After so many storms everything is removed, so that the tree does not grow. */
const CLEAR_EVERY = 10;

/** The resources that are sampled once a minute. */
interface Sample {
  readonly rss: number;
  readonly fds: number;
  readonly threads: number;
}

/** The resources that must not grow, each with a tolerance. */
const MEASURES: readonly [string, (sample: Sample) => number, tolerance: number][] = [
  ["RSS, MiB", ({ rss }) => Math.round(rss / 2 ** 20), 1.1],
  // A few are opened and closed all the time; a leak of one per storm would be hundreds.
  ["fds", ({ fds }) => fds, 1.25],
  ["threads", ({ threads }) => threads, 1.5],
];

const directory = tmpDir(fastest);
const outside = tmpDir(fastest);
const watcher = watch(directory, { initial: true, maxQueue: 1_000_000 });
const model = new Model();
let events = 0;
const loop = (async () => {
  for await (const event of watcher) {
    events++;
    model.apply(event);
  }
})();
await watcher.ready;

const begun = performance.now();
const samples: Sample[] = [];
let [storms, divergences, counted, lag, nextLine] = [0, 0, 0, 0, begun + 60_000];
while (performance.now() < begun + minutes * 60_000) {
  const seed = firstSeed + storms++;
  if (options.mirror) {
    await mirror(seed);
  } else {
    await storm(seed);
    await using other = watch(directory); // opened and closed beside the permanent one
    await other.ready;
    await compare(seed);
  }
  if (storms % CLEAR_EVERY === 0) clear();
  if (pause > 0) await sleep(pause);
  if (performance.now() >= nextLine) print();
}
await compare(firstSeed + storms);
print();
await watcher.close();
await loop;
summarize();

async function storm(seed: number): Promise<void> {
  const overflows = seed % OVERFLOW_EVERY === 0;
  const flood = overflows ? limits().maxQueuedEvents : 0;
  const args = [directory, outside, seed, CHANGES, flood].map(String);
  const exited = once(spawn(...command("storm.ts", args), { stdio: "inherit" }), "exit");
  if (overflows) {
    await sleep(150);
    for (const end = performance.now() + 1500; performance.now() < end;);
  }
  await exited;
}

/** Runs a storm in one of the modes, with its own watchers. */
async function mirror(seed: number): Promise<void> {
  const mode = modes[seed % modes.length];
  const setting = MODES[mode](seed);
  const trace: string[] = [];
  const outcome = await mirrorStorm({
    seed,
    setting,
    changes: MIRROR_CHANGES,
    trace: (line) => void trace.push(line),
  }).catch((error) => ({ wrong: [String(error.stack)], lines: [], events: 0, overflows: 0 }));
  events += outcome.events;
  model.overflows += outcome.overflows;
  if (outcome.wrong.length === 0) return;
  divergences++;
  console.log(
    `test/programs/mirror.ts --mode ${mode} --seed ${seed} --changes ${MIRROR_CHANGES} failed:\n  ` +
      outcome.wrong.slice(0, 10).join("\n  "),
  );
  if (options.save === undefined) return;
  const file = `${options.save}/${runtimeName}-${mode}-${seed}`;
  writeFileSync(file, transcript(setting, outcome, trace));
}

async function compare(seed: number): Promise<void> {
  const before = performance.now();
  await watcher.sync();
  await sleep(0); // lets the loop take the queued events
  lag = Math.max(lag, performance.now() - before);
  const disk = onDisk(directory);
  const wrong = [
    ...model.contradictions.splice(0),
    ...model.errors.splice(0).map(String),
    ...[...disk].filter((path) => !model.paths.has(path)).map((path) => `missing ${path}`),
    ...[...model.paths].filter((path) => !disk.has(path)).map((path) => `not there ${path}`),
  ];
  if (wrong.length === 0) return;
  divergences++;
  console.log(`storm ${seed} failed:\n  ${wrong.slice(0, 10).join("\n  ")}`);
  model.paths.clear();
  for (const path of disk) model.paths.add(path);
}

/** Removes everything, with find(1), since names may not be UTF-8. */
function clear(): void {
  execFileSync("find", [directory, outside, "-mindepth", "1", "-delete"]);
}

function print(): void {
  const { inotify, pipe } = openFiles();
  const fds = readdirSync("/proc/self/fd").length - 1;
  const rss = process.memoryUsage.rss();
  samples.push({ rss, fds, threads: threads() });
  const rate = Math.round((events - counted) / (60 + (performance.now() - nextLine) / 1000));
  console.log(
    `${runtimeName} ${Math.round((performance.now() - begun) / 60_000)} min: ${storms} storms, ` +
      `${rate} events/s, lag ${Math.round(lag)} ms, RSS ${(rss / 2 ** 20).toFixed(0)} MiB, ` +
      `${fds} fds (${inotify} inotify, ${pipe} pipe), ${threads()} threads, ` +
      `${watchMasks().size} watches, ${model.overflows} overflows, ${divergences} divergences`,
  );
  counted = events;
  lag = 0;
  nextLine += 60_000;
}

/** Compares the last quarter of the run with the second; the first is the warm-up. */
function summarize(): void {
  const quarter = Math.floor(samples.length / 4);
  const middle = (from: number, to: number, of: (sample: Sample) => number) => {
    const sorted = samples.slice(from, to).map(of).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  console.log(`${runtimeName}: ${storms} storms, ${events} events, ${divergences} divergences`);
  if (divergences > 0) process.exitCode = 1;
  if (quarter === 0) return console.log("too short to tell whether memory grows");
  for (const [name, of, tolerance] of MEASURES) {
    const early = middle(quarter, 2 * quarter, of);
    const late = middle(samples.length - quarter, samples.length, of);
    const grew = late > early * tolerance;
    console.log(
      `${name}: ${early} in the second quarter, ${late} in the last${grew ? ": GREW" : ""}`,
    );
    if (grew) process.exitCode = 1;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
