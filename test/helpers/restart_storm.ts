/**
 * A storm across several runs of a watcher: each begins with a snapshot that the one before has taken at a random
 * moment, and the mirror as it was then. Between two runs nobody watches.
 */

import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watch, type Watcher, type WatchEvent } from "../../mod.ts";
import { readAll, type View } from "./disk.ts";
import { Mirror } from "./mirror.ts";
import { IGNORES, type Ignoring } from "./mirror_modes.ts";
import { type Running, start } from "./program.ts";
import { generator } from "./random.ts";
import { type Flavour, OUTSIDE, stormLines } from "./storm_lines.ts";
import { fastest, tmpDir } from "./tmp.ts";
import { within } from "./within.ts";

/** How a watcher is run, and how it is stopped. */
export interface Restarts {
  /** Relative paths. */
  readonly roots: readonly string[];
  readonly flavour: Flavour;
  readonly onDisk: boolean;
  readonly batches: boolean;
  readonly ignore: Ignoring | undefined;
  readonly maxQueue: number;
  /** How many levels of directories are watched. */
  readonly depth: number;
  /** Whether changes go on while a watcher begins. */
  readonly early: boolean;
  /** Whether a snapshot is taken once a loop was left, and not in it. */
  readonly atEnd: boolean;
  /** Whether nothing changes when a snapshot is taken. */
  readonly quiet: boolean;
  readonly runs: number;
}

/** The restarts of a seed. */
export function restartsOf(seed: number): Restarts {
  const random = generator(seed);
  const often = (share: number) => random() < share;
  const ignoring: Ignoring[] = [
    "name",
    "glob",
    "path",
    "function",
    "included name",
    "included path",
  ];
  const restarts: Restarts = {
    roots: ["t"],
    flavour: {
      tops: ["t"],
      depth: 1 + Math.floor(random() * 4),
      links: often(0.5) ? "any" : "none",
      hardLinks: often(0.2),
      exchanges: often(0.4),
      swaps: often(0.3),
      held: often(0.2),
      whole: often(0.3) ? ["t"] : [],
      relinked: [],
      mounts: false,
      pauses: often(0.7),
    },
    onDisk: often(0.5),
    batches: often(0.3),
    ignore: often(0.3) ? ignoring[Math.floor(random() * ignoring.length)] : undefined,
    maxQueue: often(0.3) ? 20 : 65536,
    early: often(0.4),
    atEnd: often(0.3),
    runs: 4,
    quiet: often(0.4),
    depth: Infinity,
  };
  // A write by a name that is out of sight is not reported.
  const isLimited = often(0.4) && !restarts.flavour.hardLinks;
  if (!isLimited) return restarts;
  const limited = { ...restarts, depth: Math.floor(random() * 4) };
  if (often(0.5)) return limited;
  const flavour = { ...restarts.flavour, links: "none", whole: [] } as const; // or a root may be rejected
  return { ...limited, flavour, roots: ["t", "t/a"] };
}

/** The number of changes between two runs, and during each. */
const CHANGES = 60;

/** Runs a storm. @returns how a mirror differs from the disk */
export async function restartStorm(
  seed: number,
  restarts: Restarts,
  trace: (line: string) => void = () => {},
): Promise<string[]> {
  const directory = tmpDir(restarts.onDisk ? tmpdir() : fastest);
  const base = join(directory, "base");
  for (const top of ["t", OUTSIDE, `${OUTSIDE}/k0`]) {
    mkdirSync(join(base, top), { recursive: true });
  }
  const writer = start("mirror_writer.ts", [base]);
  try {
    return await new Runs(base, writer, seed, restarts, trace).play();
  } finally {
    writer.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

class Runs {
  readonly #base: string;
  readonly #writer: Running;
  readonly #seed: number;
  readonly #restarts: Restarts;
  readonly #trace: (line: string) => void;
  readonly #random: () => number;
  readonly #view: View;
  #written = 0;
  /** The last snapshot, and the mirror at that moment. */
  #since: Uint8Array | undefined;
  #mirror: Mirror;

  constructor(
    base: string,
    writer: Running,
    seed: number,
    restarts: Restarts,
    trace: (line: string) => void,
  ) {
    const ignore = restarts.ignore && IGNORES[restarts.ignore];
    this.#base = base;
    this.#writer = writer;
    this.#seed = seed;
    this.#restarts = restarts;
    this.#trace = trace;
    this.#random = generator(seed + 1);
    this.#view = {
      roots: new Set(restarts.roots.map((root) => join(base, root))),
      depth: restarts.depth,
      followSymlinks: false,
      ignores: (path, isDirectory, root) =>
        ignore?.test(path.slice(root.length + 1), isDirectory, path) ?? false,
    };
    this.#mirror = new Mirror(this.#view, true);
  }

  async play(): Promise<string[]> {
    await this.#write();
    for (let run = 0; run < this.#restarts.runs; run++) {
      const wrong = await this.#run();
      if (wrong.length > 0) return wrong.map((line) => `run ${run}: ${line}`);
      this.#trace("away");
      await this.#write();
    }
    return [];
  }

  async #run(): Promise<string[]> {
    const { ignore, maxQueue, depth, early, atEnd, batches, quiet } = this.#restarts;
    const writing = early ? this.#write() : undefined;
    this.#trace("watch");
    const watcher = watch([...this.#view.roots], {
      since: this.#since,
      initial: this.#since === undefined,
      maxQueue,
      recursive: depth,
      ...ignore === undefined ? {} : IGNORES[ignore].options,
    });
    // While something else happens, another entry may have been read at the old path of a renamed one.
    const mirror = this.#copyOf(this.#mirror, early || !quiet);
    const loop = new Loop(watcher, mirror, batches, this.#trace, this.#base);
    await within(watcher.ready, () => "ready");
    await writing;
    let wrong = await this.#compare(watcher, loop, mirror);
    if (wrong.length > 0) return wrong;
    const busy = this.#copyOf(mirror, true);
    loop.mirror = busy;
    const storm = this.#write();
    if (quiet) await storm;
    if (quiet) await this.#compare(watcher, loop, busy);
    await sleep(this.#random() * 40);
    if (atEnd) {
      loop.leave();
      await Promise.race([storm.then(() => sleep(50)), loop.ended]);
      await watcher.close();
      await loop.ended;
      await storm;
      this.#since = await within(watcher.snapshot(), () => "snapshot at the end");
      this.#mirror = busy;
      return [];
    }
    loop.onTurn = async () => {
      this.#since = await within(watcher.snapshot(), () => "snapshot");
      this.#mirror = this.#copyOf(busy, true);
      this.#trace("snapshot");
    };
    await storm;
    wrong = await this.#compare(watcher, loop, busy);
    if (loop.onTurn !== undefined) { // the storm was over
      await loop.onTurn();
      loop.onTurn = undefined;
    }
    await watcher.close();
    await loop.ended;
    return wrong;
  }

  #copyOf(mirror: Mirror, rereads: boolean): Mirror {
    const copy = new Mirror(this.#view, rereads);
    for (const [path, entry] of mirror.entries) copy.entries.set(path, entry);
    return copy;
  }

  async #compare(watcher: Watcher, loop: Loop, mirror: Mirror): Promise<string[]> {
    await within(watcher.sync(), () => "sync");
    await loop.drained();
    return mirror.differences(readAll(this.#view), true)
      .concat(mirror.errors.map(({ error }) => String(error)), loop.error ?? [])
      .map((line) => line.replaceAll(`${this.#base}/`, ""));
  }

  async #write(): Promise<void> {
    const lines = stormLines(this.#seed, CHANGES, this.#restarts.flavour, this.#written)
      .filter((line) => !/^(same|touch) /.test(line)); // a modification time that is set back hides a change
    this.#written += CHANGES;
    this.#writer.send(JSON.stringify(lines));
    const done = await this.#writer.line<boolean[]>();
    for (const [i, line] of lines.entries()) if (done[i]) this.#trace(line);
  }
}

/** Applies the events of a watcher to a mirror. */
class Loop {
  readonly ended: Promise<void>;
  mirror: Mirror;
  error: string | undefined;
  /** Called once, after the next event, before another one is taken. */
  onTurn: (() => Promise<void>) | undefined;
  #isLeft = false;
  #taken = 0;

  constructor(
    watcher: Watcher,
    mirror: Mirror,
    batches: boolean,
    trace: (line: string) => void,
    base: string,
  ) {
    this.mirror = mirror;
    const apply = (event: WatchEvent) => {
      trace(JSON.stringify(event).replaceAll(base, ""));
      this.mirror.apply(event);
      this.#taken++;
    };
    const turn = async () => {
      const { onTurn } = this;
      this.onTurn = undefined;
      await onTurn?.();
      return this.#isLeft;
    };
    const run = async () => {
      if (batches) {
        for await (const events of watcher.batches({ settle: 5, maxWait: 20 })) {
          for (const event of events) apply(event);
          if (await turn()) return;
        }
      } else {
        for await (const event of watcher) {
          apply(event);
          if (await turn()) return;
        }
      }
    };
    this.ended = run().catch((error) => void (this.error = `the loop has ended: ${error}`));
  }

  /** Leaves the loop after the next event. */
  leave(): void {
    this.#isLeft = true;
  }

  /** Resolves when no event has come for a while. */
  async drained(): Promise<void> {
    for (let quiet = 0, taken = this.#taken; quiet < 20; quiet++) {
      await sleep(2);
      if (taken !== this.#taken) quiet = 0;
      taken = this.#taken;
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
