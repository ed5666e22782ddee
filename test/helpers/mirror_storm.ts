/**
 * Runs a storm of changes, made by another process, and compares the copies that consumers make from the
 * events alone with the disk: paths, types and bytes.
 */

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits, watch, type WatchEvent } from "../../mod.ts";
import { inSmallPieces, losing } from "./interpose.ts";
import type { Setting } from "./mirror_modes.ts";
import { unmountBelow } from "./mounts.ts";
import { Observer } from "./observer.ts";
import { type Running, start } from "./program.ts";
import { generator } from "./random.ts";
import { isMountChange, OUTSIDE, stormLines } from "./storm_lines.ts";
import { fastest, tmpDir } from "./tmp.ts";

/** The result of a storm. */
export interface Outcome {
  /** The differences, each with its watcher and loop. */
  readonly wrong: readonly string[];
  /** The changes that succeeded. */
  readonly lines: readonly string[];
  readonly events: number;
  readonly overflows: number;
}

/** The parameters of a storm. */
export interface Storm {
  readonly seed: number;
  readonly setting: Setting;
  readonly changes: number;
  /** The changes before there is a watcher. @default generated from the seed */
  readonly population?: readonly string[];
  /** The changes of the storm. @default generated from the seed */
  readonly lines?: readonly string[];
  /** Gets each reported event as text. */
  readonly trace?: (line: string) => void;
  /** Whether to keep an event from the consumers, to test that this is found. */
  readonly misses?: (event: WatchEvent) => boolean;
}

/** Runs a storm. */
export async function mirrorStorm(storm: Storm): Promise<Outcome> {
  const directory = tmpDir(storm.setting.onDisk ? tmpdir() : fastest);
  const base = join(directory, "base"); // nothing else is above it, where a link ".." may lead
  mkdirSync(base);
  const writer = start("mirror_writer.ts", [base]);
  try {
    return await new StormRun(base, writer, storm).run();
  } finally {
    writer.end();
    if (storm.setting.flavour.mounts) unmountBelow(base);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The setting, the changes, the trace and the differences, a line each. */
export function transcript(setting: Setting, outcome: Outcome, trace: readonly string[]): string {
  return [JSON.stringify(setting), ...outcome.lines, ...trace, ...outcome.wrong, ""].join("\n");
}

/** The number of changes before there is a watcher. */
const POPULATION = 60;
/** The longest time for which a flood blocks the event loop, in milliseconds. */
const DEADLINE = 10_000;
/** The number of rounds in which unentered links are replaced: each may reveal others. */
const ROUNDS = 6;
/** The changes between these are made while the event loop is blocked. */
const [BEGUN, DONE] = ["mark begun", "mark done"];
/** The last changes: close what is still open. */
const FINAL: readonly string[] = ["close 0", "close 1", "close 2", "let", "bare"];

class StormRun {
  readonly #base: string;
  readonly #writer: Running;
  readonly #storm: Storm;
  readonly #random: () => number;
  readonly #done: string[] = [];
  readonly #wrong: string[] = [];
  #observers: Observer[] = [];
  /** Whether the writer has nothing to do. */
  #ended = true;

  constructor(base: string, writer: Running, storm: Storm) {
    this.#base = base;
    this.#writer = writer;
    this.#storm = storm;
    this.#random = generator(storm.seed);
  }

  async run(): Promise<Outcome> {
    const { seed, setting } = this.#storm;
    const { flavour, watchers, pieces } = setting;
    for (
      const top of [
        "t",
        "u",
        OUTSIDE,
        ...["k0", "k1", "k2", "L0"].map((name) => `${OUTSIDE}/${name}`),
      ]
    ) {
      mkdirSync(join(this.#base, top));
    }
    await this.#write(this.#storm.population ?? stormLines(seed, POPULATION, flavour));
    this.#done.push("watch");
    using _pieces = pieces ? inSmallPieces() : undefined;
    using _losing = setting.losing > 0 ? losing(setting.losing, this.#random) : undefined;
    this.#observers = watchers.map((watching, i) =>
      new Observer(this.#base, `${i}`, watching, this.#storm)
    );
    try {
      await this.#play();
      if (watchers.some(({ followSymlinks }) => followSymlinks === true)) {
        await this.#replaceUnenteredLinks();
      }
    } finally {
      for (const observer of this.#observers) await observer.end();
    }
    const mirrors = this.#observers.flatMap((observer) => observer.mirrors);
    return {
      wrong: this.#wrong,
      lines: this.#done,
      events: mirrors.reduce((sum, { count }) => sum + count, 0),
      overflows: mirrors.reduce((sum, { overflows }) => sum + overflows, 0),
    };
  }

  async #play(): Promise<void> {
    const { early, burst } = this.#storm.setting;
    const bursts = [...inBursts(this.#storm.lines ?? this.#lines(), burst)];
    let writing = early ? this.#startWriting(bursts.shift()!) : undefined;
    for (const observer of this.#observers) await observer.begin();
    while (this.#wrong.length === 0 && (writing !== undefined || bursts.length > 0)) {
      await Promise.all([writing ?? this.#startWriting(bursts.shift()!), this.#disturb()]);
      writing = undefined;
      await this.#compare();
    }
    this.#writer.send(JSON.stringify(FINAL));
    await this.#writer.line();
    if (this.#wrong.length === 0) await this.#compare();
  }

  #lines(): string[] {
    const { seed, changes } = this.#storm;
    const { flavour, flood, stopped } = this.#storm.setting;
    const lines = stormLines(seed, changes, flavour, POPULATION);
    if (flood) {
      const middle = Math.floor(lines.length / 3);
      const all = lines.splice(middle, Math.floor(changes / 3));
      const some = all.splice(0, all.length / 2);
      lines.splice(
        middle,
        0,
        stopped ? "stop" : BEGUN,
        ...some,
        `flood t ${Math.ceil(limits().maxQueuedEvents * 0.6)}`, // each is created and removed
        ...all,
        stopped ? "cont" : DONE,
      );
    }
    return lines;
  }

  #startWriting(lines: readonly string[]): Promise<void> {
    this.#ended = false;
    return this.#write(lines).finally(() => this.#ended = true);
  }

  async #write(lines: readonly string[]): Promise<void> {
    this.#writer.send(JSON.stringify(lines));
    const done = await this.#writer.line<boolean[]>();
    this.#done.push(...lines.filter((_, i) => done[i]));
  }

  /** Blocks the event loop, changes roots and opens other watchers while the writer writes. */
  async #disturb(): Promise<void> {
    const { blocked, churn, others } = this.#storm.setting;
    while (!this.#ended) {
      await sleep(this.#random() * 10);
      if (this.#ended) return;
      if (blocked > 0 && this.#random() < 0.5) block(() => false, blocked);
      if (this.#isMarked(BEGUN)) block(() => this.#isMarked(DONE), DEADLINE);
      if (churn && this.#random() < 0.5) {
        const index = Math.floor(this.#random() * this.#observers.length);
        await this.#observers[index].churn(this.#random);
      }
      if (others && this.#random() < 0.3) {
        await using other = watch(join(this.#base, this.#random() < 0.5 ? "t" : "t/a"));
        await other.ready.catch(() => {}); // the path may not exist now
      }
    }
  }

  #isMarked(line: string): boolean {
    return existsSync(join(this.#base, line.split(" ")[1]));
  }

  async #compare(): Promise<void> {
    for (const observer of this.#observers) await observer.settle();
    const wrong = this.#observers.flatMap((observer) => observer.differences());
    if (wrong.length === 0) return;
    for (const observer of this.#observers) await observer.settle();
    const still = this.#observers.flatMap((observer) => observer.differences());
    this.#wrong.push(...still.length === 0 ? wrong.map((line) => `late: ${line}`) : still);
  }

  /** Replaces the links whose targets were created later, since they are only resolved then. */
  async #replaceUnenteredLinks(): Promise<void> {
    for (let rounds = 0; this.#wrong.length === 0; rounds++) {
      const links = new Map(this.#observers.flatMap((observer) => observer.unentered()));
      if (links.size === 0) return;
      if (rounds === ROUNDS) return void this.#wrong.push(`not entered: ${[...links.keys()]}`);
      await this.#write([...links].map(([path, target]) => {
        const to = target.startsWith(`${this.#base}/`)
          ? `@${target.slice(this.#base.length + 1)}`
          : target;
        return `relink ${to} ${path.slice(this.#base.length + 1)}`;
      }));
      await this.#compare();
    }
  }
}

/** Changes between which the writer waits for all mirrors. */
function* inBursts(lines: readonly string[], size: number): Generator<string[]> {
  let burst: string[] = [];
  for (const line of lines) {
    burst.push(line);
    if (burst.length < size && !isMountChange(line)) continue;
    yield burst;
    burst = [];
  }
  if (burst.length > 0) yield burst;
}

/** Blocks the event loop until a condition holds or the time is over. */
function block(isOver: () => boolean, milliseconds: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (const end = performance.now() + milliseconds; performance.now() < end && !isOver();) {
    Atomics.wait(clock, 0, 0, 1);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
