/**
 * Who holds each watch.
 *
 * @module
 */

/** Any number of watches, each with any number of holders; mostly it is one, which needs no set. */
export class Owners<Holder extends object> {
  readonly #holders = new Map<number, Holder | Set<Holder>>();

  /** Whether anybody holds a watch. */
  has(wd: number): boolean {
    return this.#holders.has(wd);
  }

  /** Those who hold a watch, in the order in which they came to. */
  of(wd: number): Iterable<Holder> {
    const holders = this.#holders.get(wd);
    if (holders === undefined) return NONE;
    return holders instanceof Set ? holders : [holders];
  }

  /** The one who holds a watch; `undefined` if nobody does, or several. */
  only(wd: number): Holder | undefined {
    const holders = this.#holders.get(wd);
    if (!(holders instanceof Set)) return holders;
    return holders.size === 1 ? [...holders][0] : undefined;
  }

  /** Makes somebody a holder of a watch. */
  add(wd: number, holder: Holder): void {
    const holders = this.#holders.get(wd);
    if (holders === undefined) this.#holders.set(wd, holder);
    else if (holders instanceof Set) holders.add(holder);
    else if (holders !== holder) this.#holders.set(wd, new Set([holders, holder]));
  }

  /** Makes somebody a holder no longer. @returns whether that was the last one */
  delete(wd: number, holder: Holder): boolean {
    const holders = this.#holders.get(wd);
    if (holders === holder) return this.#holders.delete(wd);
    if (!(holders instanceof Set) || !holders.delete(holder) || holders.size > 0) return false;
    return this.#holders.delete(wd);
  }

  /** Forgets a watch that has ended, and all who hold it. */
  end(wd: number): void {
    this.#holders.delete(wd);
  }

  /** The watches that somebody holds. */
  *heldBy(holder: Holder): Generator<number> {
    for (const [wd, holders] of this.#holders) {
      if (holders === holder || holders instanceof Set && holders.has(holder)) yield wd;
    }
  }
}

const NONE: readonly never[] = [];
