/**
 * `StateFile`: the file of `watch --since`, which has a snapshot.
 *
 * @module
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
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
    this.#path = resolve(path);
    this.#temporary = `${this.#path}.new`;
    try {
      this.snapshot = readFileSync(this.#path);
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }

  /** Ignores the file itself. */
  readonly ignore = (path: string): boolean => path === this.#path || path === this.#temporary;

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
