/**
 * `Refusals`: the directories that may not be read, each tried again when that may have changed.
 *
 * A directory that may not be read may not be watched either. So the way to it is watched: a change of attributes
 * (chmod(2), chown(2)) of the directory, or of one above it that may not be searched, is reported there.
 *
 * @module
 */

import type { Directory } from "./directory.ts";
import type { Instance } from "./instance.ts";
import { PathWatch } from "./path_watch.ts";

/** How often in a row a directory is tried again that may be watched, but not read. */
const TRIES = 3;

/** That a directory was refused. */
interface Refusal {
  /** Of the way to it. */
  readonly watch: PathWatch;
  /** How often in a row it could be watched all the same. */
  readonly times: number;
}

/** Any number of directories. */
export class Refusals {
  readonly #instance: Instance;
  readonly #retry: (directory: Directory) => void;
  readonly #refusals = new Map<Directory, Refusal>();

  /** @param retry has a directory tried again, once the events at hand are applied */
  constructor(instance: Instance, retry: (directory: Directory) => void) {
    this.#instance = instance;
    this.#retry = retry;
  }

  /** A directory was refused. @param before what {@link take} gave, if it was refused the last time, too */
  add(directory: Directory, before: Refusal | undefined): void {
    const retry = () => this.#retry(directory);
    const watch = new PathWatch(this.#instance, directory.path, 0, retry, () => {});
    const target = watch.look();
    const isReadable = target !== undefined && target.wd >= 0;
    const times = isReadable ? (before?.times ?? 0) + 1 : 0;
    this.#refusals.set(directory, { watch, times });
    before?.watch.close();
    // It has changed before the way was watched.
    if (isReadable && times < TRIES) retry();
  }

  /** Takes out what is known of a directory that is tried again. */
  take(directory: Directory): Refusal | undefined {
    const refusal = this.#refusals.get(directory);
    this.#refusals.delete(directory);
    return refusal;
  }

  /** A directory was read, or is not to be. */
  delete(directory: Directory): void {
    this.take(directory)?.watch.close();
  }

  /** Tries them all. */
  retryAll(): void {
    for (const directory of this.#refusals.keys()) this.#retry(directory);
  }

  /** Ends it. */
  close(): void {
    for (const { watch } of this.#refusals.values()) watch.close();
    this.#refusals.clear();
  }
}
