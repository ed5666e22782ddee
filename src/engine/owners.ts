/**
 * Who owns each watch of an instance: whoever added it, and whoever was given the same inode since.
 *
 * Thousands of paths may lead through one directory. So an owner may ask for the events of some names only, and is
 * found by them.
 *
 * @module
 */

/** Any number of watches, each with any number of owners. Most have one, which needs no set. */
export class Owners<Owner extends object> {
  readonly #owners = new Map<number, Owner | Set<Owner>>();
  /** The watches of which some owner asks for the events of some names only. */
  readonly #named = new Map<number, Named<Owner>>();
  /** The events that owners have asked for, where they say so. */
  readonly #masks = new Map<number, number>();
  /** How often events were asked for that had not been before. */
  additions = 0;

  /** Whether a watch has an owner. */
  has(wd: number): boolean {
    return this.#owners.has(wd);
  }

  /**
   * The owners of a watch, in the order in which they were added.
   *
   * @param name for those who get the events of this name; first those who get all
   */
  of(wd: number, name: string = ""): Iterable<Owner> {
    const named = name === "" ? undefined : this.#named.get(wd);
    if (named !== undefined) return named.of(name);
    const owners = this.#owners.get(wd);
    if (owners === undefined) return NONE;
    return owners instanceof Set ? owners : [owners];
  }

  /**
   * Adds an owner to a watch.
   *
   * @param mask the events that it asks for, if that is to count for {@link additions}
   * @param isByName whether it is to get the events of names that it {@link follow}s only, and those without a name
   */
  add(wd: number, owner: Owner, mask: number = 0, isByName: boolean = false): void {
    this.#ask(wd, mask);
    let named = this.#named.get(wd);
    if (isByName && named === undefined) {
      this.#named.set(wd, named = new Named<Owner>(this.of(wd)));
    }
    if (!isByName) named?.all.add(owner);
    const owners = this.#owners.get(wd);
    if (owners === undefined) this.#owners.set(wd, owner);
    else if (owners instanceof Set) owners.add(owner);
    else if (owners !== owner) this.#owners.set(wd, new Set([owners, owner]));
  }

  /** Whether owners of a watch have asked for all of some events. */
  asks(wd: number, mask: number): boolean {
    return ((this.#masks.get(wd) ?? 0) & mask) === mask;
  }

  /** Gives the events of a name to somebody, while the watch has an owner that is added by name. */
  follow(wd: number, name: string, owner: Owner): void {
    this.#named.get(wd)?.follow(name, owner);
  }

  /** Ends {@link follow}. */
  unfollow(wd: number, name: string, owner: Owner): void {
    this.#named.get(wd)?.unfollow(name, owner);
  }

  /** Removes an owner from a watch. @returns whether it was the last one */
  delete(wd: number, owner: Owner): boolean {
    const owners = this.#owners.get(wd);
    const isLast = owners === owner ||
      owners instanceof Set && owners.delete(owner) && owners.size === 0;
    if (isLast) this.end(wd);
    else this.#named.get(wd)?.all.delete(owner);
    return isLast;
  }

  /** Forgets a watch that has ended, with all its owners. */
  end(wd: number): void {
    this.#owners.delete(wd);
    this.#named.delete(wd);
    this.#masks.delete(wd);
  }

  #ask(wd: number, mask: number): void {
    const known = this.#masks.get(wd) ?? 0;
    if ((known | mask) === known) return;
    this.#masks.set(wd, known | mask);
    this.additions++;
  }
}

/** Who gets which events with a name. */
class Named<Owner extends object> {
  /** Those who get all. */
  readonly all: Set<Owner>;
  readonly #byName = new Map<string, Set<Owner>>();

  constructor(all: Iterable<Owner>) {
    this.all = new Set(all);
  }

  of(name: string): Iterable<Owner> {
    const some = this.#byName.get(name);
    return some === undefined ? this.all : both(this.all, some);
  }

  follow(name: string, owner: Owner): void {
    const some = this.#byName.get(name);
    if (some === undefined) this.#byName.set(name, new Set([owner]));
    else some.add(owner);
  }

  unfollow(name: string, owner: Owner): void {
    const some = this.#byName.get(name);
    if (some?.delete(owner) && some.size === 0) this.#byName.delete(name);
  }
}

/** One after the other, also what is added or deleted meanwhile; each once. */
function* both<Owner>(first: ReadonlySet<Owner>, second: ReadonlySet<Owner>): Generator<Owner> {
  yield* first;
  for (const one of second) if (!first.has(one)) yield one;
}

const NONE: readonly never[] = [];
