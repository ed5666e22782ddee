/** `Watched`: a directory that is watched by the API of chokidar. */

import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FSWatcher, watch, type WatchOptions } from "../../src/compat/chokidar.ts";
import { tmpDir } from "./tmp.ts";
import { until } from "./within.ts";

/** A path in the directory. */
export type At = (name: string) => string;

/** A watcher of a directory with some entries, and its events, as lines with the names in it. */
export class Watched implements AsyncDisposable {
  readonly directory: string;
  readonly watcher: FSWatcher;
  readonly #lines: string[] = [];
  #isReady = false;
  #marks = 0;

  constructor(
    options?: WatchOptions | ((at: At) => WatchOptions),
    paths?: (at: At) => string | string[],
    before: (at: At) => void = fill,
  ) {
    this.directory = join(tmpDir(), "watched");
    mkdirSync(this.directory);
    before(this.at);
    const given = typeof options === "function" ? options(this.at) : options;
    this.watcher = watch(paths?.(this.at) ?? this.directory, given)
      .on("ready", () => this.#isReady = true)
      .on("all", (event, path) => {
        const name = path.startsWith(this.directory) ? path.slice(this.directory.length + 1) : path;
        this.#lines.push(`${event} ${name || "."}`);
      })
      .on("error", (error) => this.#lines.push(`error ${(error as { code?: string }).code}`));
  }

  readonly at = (name: string): string => join(this.directory, name);

  /** Waits until the watcher is ready. @returns the lines until then, sorted */
  async ready(): Promise<string[]> {
    await until(() => this.#isReady, () => this.#lines);
    return this.#lines.splice(0).sort();
  }

  /** Waits until all that was done is handled. @returns the lines, sorted */
  async lines(): Promise<string[]> {
    const mark = `mark${++this.#marks}`;
    await this.until((lines) => lines.some((line) => line.endsWith(`add ${mark}`)), () => {
      writeFileSync(this.at(mark), "");
    });
    await this.until((lines) => lines.some((line) => line.endsWith(`unlink ${mark}`)), () => {
      unlinkSync(this.at(mark));
    });
    return this.#lines.splice(0).filter((line) => !line.endsWith(mark)).sort();
  }

  /** Does something, and waits until the lines meet a condition. */
  async until(
    condition: (lines: readonly string[]) => boolean,
    act: () => void = () => {},
  ): Promise<void> {
    act();
    await until(() => condition(this.#lines), () => this.#lines);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.watcher.close();
  }
}

/** Makes the file `old`, and the directory `d` with the file `f`. */
export function fill(at: At): void {
  writeFileSync(at("old"), "1");
  mkdirSync(at("d"));
  writeFileSync(at("d/f"), "1");
}
