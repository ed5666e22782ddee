/**
 * `StateFile`: the file of `watch --since`, which has a snapshot.
 *
 * @module
 */

import { readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Watcher } from "../watch/watcher.ts";

/** A file that has a snapshot of what was reported. */
export class StateFile {
  readonly #path: string;
  readonly #temporary: string;
  /** The snapshot in the file; `undefined` if there is no file. */
  readonly snapshot: Uint8Array | undefined;
  #saving: Promise<void> | undefined;

  /** @throws {Error} if there is a file that cannot be read */
  constructor(path: string) {
    try {
      this.#path = realpathSync(path);
      this.snapshot = readFileSync(this.#path);
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      this.#path = join(realpathSync(dirname(path)), basename(path));
    }
    this.#temporary = `${this.#path}.new`;
  }

  /** Ignores the file itself, by whatever path. */
  readonly ignore = (path: string): boolean => {
    const isOwn = [this.#path, this.#temporary].some((own) => basename(own) === basename(path));
    try {
      return isOwn && realpathSync(dirname(path)) === dirname(this.#path);
    } catch {
      return false; // its directory is gone
    }
  };

  /**
   * Replaces the file by a snapshot of what the loops have taken.
   *
   * @param isValid whether to write it once it is taken
   */
  async save(watcher: Watcher, isValid: () => boolean = () => true): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
    try {
      await (this.#saving = this.#save(watcher, isValid));
    } finally {
      this.#saving = undefined;
    }
  }

  async #save(watcher: Watcher, isValid: () => boolean): Promise<void> {
    const snapshot = await watcher.snapshot();
    if (!isValid()) return;
    writeFileSync(this.#temporary, snapshot);
    renameSync(this.#temporary, this.#path);
  }
}
