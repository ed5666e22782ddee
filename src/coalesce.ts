/**
 * Brings what a batch says down to the least that says the same.
 *
 * @module
 */

import {
  type EntryEvent,
  entryEvent,
  type EntryKind,
  type RenameEvent,
  renameEvent,
  type WatchEvent,
} from "./event.ts";
import { fromBytes } from "./lossless.ts";

/**
 * Leaves out what later events make needless. Whoever applies the result to a set of paths gets the same
 * set as by applying the events, and is told of every file that may have changed.
 *
 * Created and changed is created, created and removed is nothing, a file that is removed and created, or
 * that another new one is renamed over, is changed, and two renames in a row are one. The rename of a
 * directory, and an overflow, are not passed: what is before and what is after is by itself.
 */
export function coalesce(events: readonly WatchEvent[]): WatchEvent[] {
  const batch = new Batch();
  for (const event of events) batch.add(event);
  return batch.events();
}

/** What the batch has said so far of a path. */
interface Said {
  /** How what is there came there, or that it is gone; "there" if it has been there all along. */
  how: "there" | "created" | "renamed" | "removed";
  /** Where the event that says so is in the list. */
  readonly at: number;
  /** For "renamed", the path before; and whether something else was there. */
  readonly from: string;
  readonly replaced: boolean;
  /** Where the events are that say that it has changed, by their kind. */
  readonly changes: Map<EntryKind, number>;
}

class Batch {
  /** In order; what has become needless is `undefined`. */
  readonly #list: (WatchEvent | undefined)[] = [];
  readonly #said = new Map<string, Said>();
  /** The paths in {@link #said}, and those above them, by the path of their directory. */
  readonly #below = new Map<string, Set<string>>();

  events(): WatchEvent[] {
    return this.#list.filter((event) => event !== undefined);
  }

  add(event: WatchEvent): void {
    switch (event.kind) {
      case "overflow":
        this.#append(event);
        return this.#forget();
      case "error":
      case "unmount":
        this.#append(event);
        return;
      case "exists":
      case "create":
        return this.#create(event);
      case "remove":
        return this.#remove(event);
      case "rename":
        return this.#rename(event);
      default:
        return this.#change(event);
    }
  }

  #create(event: EntryEvent): void {
    const path = keyOf(event.path, event.rawPath);
    const before = this.#said.get(path);
    if (before?.how === "removed" && !event.isDirectory && this.#isFile(before.at)) {
      this.#list[before.at] = undefined;
      this.#sayChanged(this.#say(path, "there"), path, ["modify"]);
    } else {
      this.#say(path, "created", this.#append(event));
    }
  }

  #change(event: EntryEvent): void {
    const { kind } = event;
    const path = keyOf(event.path, event.rawPath);
    const said = this.#said.get(path) ?? this.#say(path, "there");
    const isNew = said.how === "created" && (kind === "modify" || kind === "attrib");
    if (isNew || said.changes.has(kind)) return;
    said.changes.set(kind, this.#append(event));
  }

  #remove(event: EntryEvent): void {
    const path = keyOf(event.path, event.rawPath);
    if (event.isDirectory) this.#removeBelow(path);
    if (this.#undo(path)) this.#say(path, "removed", this.#append(event));
    else this.#said.delete(path);
  }

  /** What is below a directory that is gone is gone too, and needs no event. */
  #removeBelow(directory: string): void {
    for (const path of this.#below.get(directory) ?? []) {
      this.#removeBelow(path);
      const said = this.#said.get(path);
      if (said === undefined) continue;
      if (said.how !== "removed") this.#undo(path);
      else if (this.#isRemoval(said.at)) this.#list[said.at] = undefined;
      this.#said.delete(path);
    }
    this.#below.delete(directory);
  }

  /**
   * Takes back what was said of an entry that is no longer at a path.
   *
   * @returns whether something was at the path before the batch, and is to be said to be gone
   */
  #undo(path: string): boolean {
    const said = this.#said.get(path);
    if (said === undefined) return true;
    this.#dropChanges(said);
    if (said.how === "created") this.#list[said.at] = undefined;
    if (said.how === "renamed") {
      this.#list[said.at] = entryEvent("remove", said.from, false);
      return said.replaced;
    }
    return said.how === "there";
  }

  #rename(event: RenameEvent): void {
    const from = keyOf(event.from, event.rawFrom);
    const path = keyOf(event.path, event.rawPath);
    if (event.isDirectory) {
      this.#append(event);
      return this.#forget();
    }
    const source = this.#said.get(from);
    const changes = source === undefined ? [] : this.#dropChanges(source);
    const target = this.#said.get(path);
    const replaced = event.replaced && this.#undo(path);
    if (source?.how === "created") {
      this.#list[source.at] = undefined;
      this.#said.delete(from);
      this.#arrive(path, replaced, target, changes);
      return;
    }
    let origin = from;
    if (source?.how === "renamed" && !source.replaced) {
      const gone = this.#said.get(source.from);
      // Only while nothing else has come to where it was, can it be said to come from there now.
      if (gone?.how === "removed" && gone.at === source.at) {
        this.#list[source.at] = undefined;
        this.#said.delete(from);
        origin = source.from;
      }
    }
    if (origin === path) {
      return this.#sayChanged(this.#say(path, "there"), path, changes);
    }
    const at = this.#append(renameEvent(origin, path, false, replaced));
    this.#say(origin, "removed", at);
    this.#sayChanged(this.#say(path, "renamed", at, origin, replaced), path, changes);
  }

  /** A file that is new in this batch has come to a path. */
  #arrive(
    path: string,
    replaced: boolean,
    before: Said | undefined,
    changes: readonly EntryKind[],
  ): void {
    const wasRemoved = before?.how === "removed" && this.#isFile(before.at);
    if (wasRemoved) this.#list[before.at] = undefined;
    if (replaced || wasRemoved) {
      const others = changes.filter((kind) => kind !== "modify");
      this.#sayChanged(this.#say(path, "there"), path, ["modify", ...others]);
    } else {
      const said = this.#say(path, "created", this.#append(entryEvent("create", path, false)));
      this.#sayChanged(said, path, changes);
    }
  }

  #sayChanged(said: Said, path: string, kinds: readonly EntryKind[]): void {
    for (const kind of kinds) {
      said.changes.set(kind, this.#append(entryEvent(kind, path, false)));
    }
  }

  /** @returns of which kinds there were any */
  #dropChanges({ changes }: Said): EntryKind[] {
    for (const at of changes.values()) this.#list[at] = undefined;
    return [...changes.keys()];
  }

  #isRemoval(at: number): boolean {
    return this.#list[at]?.kind === "remove";
  }

  /** Whether the event there is the removal of a file. */
  #isFile(at: number): boolean {
    const event = this.#list[at];
    return event?.kind === "remove" && !event.isDirectory;
  }

  #append(event: WatchEvent): number {
    return this.#list.push(event) - 1;
  }

  #say(path: string, how: Said["how"], at = -1, from = "", replaced = false): Said {
    const said: Said = { how, at, from, replaced, changes: new Map() };
    this.#said.set(path, said);
    for (let entry = path; entry !== "";) {
      const directory = entry.slice(0, entry.lastIndexOf("/"));
      const entries = this.#below.get(directory);
      if (entries?.has(entry)) break;
      if (entries === undefined) this.#below.set(directory, new Set([entry]));
      else entries.add(entry);
      entry = directory;
    }
    return said;
  }

  #forget(): void {
    this.#said.clear();
    this.#below.clear();
  }
}

function keyOf(path: string, raw: Uint8Array | undefined): string {
  return raw === undefined ? path : fromBytes(raw);
}
