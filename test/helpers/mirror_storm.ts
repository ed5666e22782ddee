/**
 * Has a storm, made by another process, and holds what consumers have copied by the events alone against
 * what is on the disk: paths, types and bytes.
 */

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits, watch, type WatchEvent } from "../../mod.ts";
import { inSmallPieces, losing } from "./interpose.ts";
import type { Setting } from "./mirror_modes.ts";
import { Observer } from "./observer.ts";
import { type Running, start } from "./program.ts";
import { generator } from "./random.ts";
import { OUTSIDE, stormLines } from "./storm_lines.ts";
import { fastest, tmpDir } from "./tmp.ts";

/** What became of a storm. */
export interface Outcome {
  /** What is wrong in the end, and in which watcher. */
  readonly wrong: readonly string[];
  /** What was done, that could be done. */
  readonly lines: readonly string[];
  readonly events: number;
  readonly overflows: number;
}

/** What may be different from what a mode says. */
export interface Storm {
  readonly seed: number;
  readonly setting: Setting;
  readonly changes: number;
  /** The first lines, before there is a watcher; and those of the storm: made up if they are not given. */
  readonly population?: readonly string[];
  readonly lines?: readonly string[];
  /** Gets what the watchers report, as text. */
  readonly trace?: (line: string) => void;
  /** Which events do not get to the consumers. */
  readonly misses?: (event: WatchEvent) => boolean;
}

/** Has a storm. */
export async function mirrorStorm(storm: Storm): Promise<Outcome> {
  const directory = tmpDir(storm.setting.onDisk ? tmpdir() : fastest);
  const base = join(directory, "base"); // above it is nothing else, wherever a link ".." is
  mkdirSync(base);
  const writer = start("mirror_writer.ts", [base]);
  try {
    return await new Weather(base, writer, storm).pass();
  } finally {
    writer.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What was done, what was reported, and what is wrong, a line each. */
export function transcript(setting: Setting, outcome: Outcome, trace: readonly string[]): string {
  return [JSON.stringify(setting), ...outcome.lines, ...trace, ...outcome.wrong, ""].join("\n");
}

/** How many changes are made before anybody watches. */
const POPULATION = 60;
/** For how long the event loop is blocked at most, in milliseconds. */
const DEADLINE = 10_000;
/** How often links are replaced, each of which may lead to others. */
const ROUNDS = 6;
/** Around what is done while the event loop does nothing. */
const [BEGUN, DONE] = ["mark begun", "mark done"];
/** What is done in the end. */
const FINAL: readonly string[] = ["close 0", "close 1", "close 2", "let"];

class Weather {
  readonly #base: string;
  readonly #writer: Running;
  readonly #storm: Storm;
  readonly #random: () => number;
  readonly #done: string[] = [];
  readonly #wrong: string[] = [];
  #observers: Observer[] = [];
  /** Whether no storm is on. */
  #ended = true;

  constructor(base: string, writer: Running, storm: Storm) {
    this.#base = base;
    this.#writer = writer;
    this.#storm = storm;
    this.#random = generator(storm.seed);
  }

  async pass(): Promise<Outcome> {
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
    await this.#do(this.#storm.population ?? stormLines(seed, POPULATION, flavour));
    this.#done.push("watch");
    using _pieces = pieces ? inSmallPieces() : undefined;
    using _losing = setting.losing > 0 ? losing(setting.losing, this.#random) : undefined;
    this.#observers = watchers.map((watching, i) =>
      new Observer(this.#base, `${i}`, watching, this.#storm)
    );
    try {
      await this.#pass();
      if (watchers.some(({ followSymlinks }) => followSymlinks)) await this.#lookAtLinks();
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

  async #pass(): Promise<void> {
    const { early, burst } = this.#storm.setting;
    const lines = this.#storm.lines ?? this.#lines();
    const bursts: string[][] = [];
    for (let i = 0; i < lines.length; i += burst) bursts.push(lines.slice(i, i + burst));
    let doing = early ? this.#begin(bursts.shift()!) : undefined;
    for (const observer of this.#observers) await observer.begin();
    while (this.#wrong.length === 0 && (doing !== undefined || bursts.length > 0)) {
      await Promise.all([doing ?? this.#begin(bursts.shift()!), this.#disturb()]);
      doing = undefined;
      await this.#compare();
    }
    this.#writer.tell(JSON.stringify(FINAL));
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
        `flood t ${Math.ceil(limits().maxQueuedEvents * 0.6)}`, // each is created, and removed
        ...all,
        stopped ? "cont" : DONE,
      );
    }
    return lines;
  }

  #begin(lines: readonly string[]): Promise<void> {
    this.#ended = false;
    return this.#do(lines).finally(() => this.#ended = true);
  }

  async #do(lines: readonly string[]): Promise<void> {
    this.#writer.tell(JSON.stringify(lines));
    const done = await this.#writer.line<boolean[]>();
    this.#done.push(...lines.filter((_, i) => done[i]));
  }

  /** What else happens while a storm is on. */
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
        await other.ready.catch(() => {}); // a path may lead nowhere just now
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

  /** A link whose target has come later is only looked at when it is replaced. */
  async #lookAtLinks(): Promise<void> {
    for (let rounds = 0; this.#wrong.length === 0; rounds++) {
      const links = new Map(this.#observers.flatMap((observer) => observer.unentered()));
      if (links.size === 0) return;
      if (rounds === ROUNDS) return void this.#wrong.push(`not entered: ${[...links.keys()]}`);
      await this.#do([...links].map(([path, target]) => {
        const to = target.startsWith(`${this.#base}/`)
          ? `@${target.slice(this.#base.length + 1)}`
          : target;
        return `relink ${to} ${path.slice(this.#base.length + 1)}`;
      }));
      await this.#compare();
    }
  }
}

/** Does nothing else, as long as that. */
function block(isOver: () => boolean, milliseconds: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (const end = performance.now() + milliseconds; performance.now() < end && !isOver();) {
    Atomics.wait(clock, 0, 0, 1);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
