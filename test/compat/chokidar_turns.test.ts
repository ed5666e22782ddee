/** The API of chokidar and random turns of unwatch() and add() while files change: what its events add up to. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { watch } from "../../src/compat/chokidar.ts";
import { generator } from "../helpers/random.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const DIRECTORIES = ["a", "b", "a/c", "b/c", "a/c/e"];
const NAMES = ["x", "y", "z"];

/** A watched directory, and what its events add up to. */
class Turns implements AsyncDisposable {
  readonly root = tmpDir(fastest);
  readonly seen = new Set<string>();
  readonly contradictions: string[] = [];
  readonly #unwatched = new Set<string>();
  readonly #random: () => number;
  readonly #watcher: ReturnType<typeof watch>;

  constructor(seed: number) {
    this.#random = generator(seed);
    for (const name of DIRECTORIES) mkdirSync(join(this.root, name));
    this.#watcher = watch(this.root, { atomic: false })
      .on("error", (error) => this.contradictions.push(`${error}`))
      .on("all", (event, path) => {
        const isUnwatched = this.#unwatched.values().some((one) => isWithin(path, one));
        const isContrary = this.seen.has(path) === event.startsWith("add");
        if (isUnwatched || isContrary) this.contradictions.push(`${event} ${path}`);
        if (event.startsWith("add")) this.seen.add(path);
        else if (event !== "change") this.seen.delete(path);
      });
  }

  /** Changes something, or calls the watcher, at random. */
  async turn(): Promise<void> {
    const file = () => join(this.root, this.#pick(DIRECTORIES), this.#pick(NAMES));
    const path = join(this.root, this.#pick([...DIRECTORIES, "a/x", "b/y"]));
    const action = this.#pick([
      () => writeFileSync(file(), "1"),
      () => unlinkSync(file()),
      () => appendFileSync(file(), "2"),
      () => renameSync(file(), file()),
      () => this.#unwatch(path),
      () => this.#add(path),
      () => this.#add(path),
    ]);
    try {
      action();
    } catch {
      // there is no such file
    }
    if (this.#random() < 0.3) {
      await new Promise((resolve) => setTimeout(resolve, this.#random() * 6));
    } else for (let i = this.#random() * 12; i > 0; i--) await undefined; // between promises of the watcher
  }

  /** Adds all that is not watched. */
  end(): void {
    for (const path of this.#unwatched) this.#add(path);
  }

  /** What is there, and what the events say is there, but not both. */
  differences(): string[] {
    const paths = readdirSync(this.root, { recursive: true }) as string[];
    const there = new Set([this.root, ...paths.map((path) => join(this.root, path))]);
    return [...there.symmetricDifference(this.seen)];
  }

  #unwatch(path: string): void {
    this.#watcher.unwatch(path);
    this.#unwatched.add(path);
    for (const one of this.seen) if (isWithin(one, path)) this.seen.delete(one);
  }

  #add(path: string): void {
    if (this.#unwatched.delete(path)) this.#watcher.add(path);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#watcher.close();
  }
}

function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-4").split("-").map(Number);
for (let seed = from; seed <= to; seed++) {
  test(`after random calls and changes ${seed}, the events add up to what is there`, async () => {
    await using turns = new Turns(seed);
    for (let i = 0; i < 500; i++) await turns.turn();
    turns.end();
    await until(() => turns.differences().length === 0, () => turns.differences());
    assert.deepEqual(turns.contradictions, []);
  });
}
