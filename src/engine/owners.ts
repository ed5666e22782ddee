/**
 * Who owns each watch of an instance: whoever added it, and whoever was given the same inode since.
 *
 * @module
 */

/** Any number of watches, each with any number of owners. Most have one, which needs no set. */
export class Owners<Owner extends object> {
  readonly #owners = new Map<number, Owner | Set<Owner>>();
  /** The events that owners have asked for, where they say so. */
  readonly #masks = new Map<number, number>();
  /** How often events were asked for that had not been before. */
  additions = 0;

  /** Whether a watch has an owner. */
  has(wd: number): boolean {
    return this.#owners.has(wd);
  }

  /** The owners of a watch, in the order in which they were added. */
  of(wd: number): Iterable<Owner> {
    const owners = this.#owners.get(wd);
    if (owners === undefined) return NONE;
    return owners instanceof Set ? owners : [owners];
  }

  /** Adds an owner to a watch. @param mask the events that it asks for, if that is to count for {@link additions} */
  add(wd: number, owner: Owner, mask: number = 0): void {
    this.#ask(wd, mask);
    const owners = this.#owners.get(wd);
    if (owners === undefined) this.#owners.set(wd, owner);
    else if (owners instanceof Set) owners.add(owner);
    else if (owners !== owner) this.#owners.set(wd, new Set([owners, owner]));
  }

  /** Removes an owner from a watch. @returns whether it was the last one */
  delete(wd: number, owner: Owner): boolean {
    const owners = this.#owners.get(wd);
    const isLast = owners === owner ||
      owners instanceof Set && owners.delete(owner) && owners.size === 0;
    if (isLast) this.end(wd);
    return isLast;
  }

  /** Forgets a watch that has ended, with all its owners. */
  end(wd: number): void {
    this.#owners.delete(wd);
    this.#masks.delete(wd);
  }

  /** Every watch with each of its owners. */
  *[Symbol.iterator](): Generator<[wd: number, owner: Owner]> {
    for (const wd of [...this.#owners.keys()]) {
      for (const owner of [...this.of(wd)]) yield [wd, owner];
    }
  }

  #ask(wd: number, mask: number): void {
    const known = this.#masks.get(wd) ?? 0;
    if ((known | mask) === known) return;
    this.#masks.set(wd, known | mask);
    this.additions++;
  }
}

const NONE: readonly never[] = [];
