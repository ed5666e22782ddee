/**
 * What is known of the trees of a watcher, which is what its loops were told: the one writer of entries, and
 * the one reporter.
 *
 * An entry is written first, and reported then. A loss may begin in any report, and takes what is
 * known at that moment for what its loop knows.
 *
 * @module
 */

import { debug } from "../kernel/debug.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  type EntryKind,
  renameEvent,
  type WatchEvent,
} from "./event.ts";
import { IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY } from "../kernel/mask.ts";
import { Directory, type Entry } from "./directory.ts";
import { Loss, type Tops } from "./loss.ts";

/** What is reported. */
export interface Wanted {
  /** The content events wanted: bits that say nothing of an entry's coming and going. */
  readonly content: number;
  /** Whether renames are; else each is a removal and a creation. */
  readonly renames: boolean;
  /** Whether creations are. */
  readonly creations: boolean;
}

/** The kinds by which it is reported that a file may have changed unseen, by their bit. */
const CHANGES: readonly [number, EntryKind][] = [
  [IN_MODIFY, "modify"],
  [IN_CLOSE_WRITE, "closeWrite"],
  [IN_ATTRIB, "attrib"],
];

/** Writes and reports. */
export class Entries {
  readonly #report: (events: readonly WatchEvent[]) => void;
  readonly #wanted: Wanted;
  /** {@link CHANGES} that are wanted. */
  readonly #changes: readonly EntryKind[];
  /** The kinds by which another file in the place of one is reported. */
  readonly #replacement: readonly EntryKind[];
  readonly #losses = new Set<Loss>();

  /** @param report takes events that belong together: each list is of one change */
  constructor(report: (events: readonly WatchEvent[]) => void, wanted: Wanted) {
    this.#report = report;
    this.#wanted = wanted;
    this.#changes = CHANGES.filter(([bit]) => wanted.content & bit).map(([, kind]) => kind);
    const others: readonly EntryKind[] = wanted.creations ? ["remove", "create"] : [];
    this.#replacement = this.#changes.length > 0 ? this.#changes : others;
  }

  // Losses

  /** Begins a loss. @param tops what is known of the roots */
  lose(tops: Tops): Loss {
    const loss = new Loss(tops);
    this.#losses.add(loss);
    return loss;
  }

  /** Ends a loss. @returns what differs */
  recover(loss: Loss, tops: Tops): WatchEvent[] {
    this.#losses.delete(loss);
    return loss.end(tops, this.#replacement);
  }

  /** Forgets a loss of which nobody wants to know. */
  forget(loss: Loss): void {
    this.#losses.delete(loss);
  }

  // What is known. Of a root the directory is `undefined`, and the name is its path.

  /** Something is at a name that was not there. @param kind how it is reported, if it is */
  add(directory: Directory, name: string, entry: Entry, kind: EntryKind | ""): void {
    if (kind === "") return this.know(directory, name, entry);
    this.#write(directory, name, entry);
    this.#appeared(directory, name, entry, kind);
  }

  /** Something is at a name that is reported already, or that nobody is told of. */
  know(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) loss.know(directory, name, entry);
    directory.entries.set(name, entry);
  }

  /** Nothing is at a name any more; whoever calls this reports it. */
  delete(directory: Directory, name: string): void {
    for (const loss of this.#losses) {
      loss.keep(directory);
      loss.unmark(directory, name);
    }
    directory.entries.delete(name);
  }

  /** Of what is at a name nothing is to be known any more, or reported. */
  leaveOut(directory: Directory, name: string): void {
    for (const loss of this.#losses) loss.leaveOut(directory, name);
    directory.entries.delete(name);
  }

  /** An entry has another path. @param replaced what was there, and is gone */
  rename(
    source: Directory,
    from: string,
    target: Directory,
    to: string,
    entry: Entry,
    replaced: Entry | undefined,
  ): void {
    const fromPath = source.pathOf(from);
    const path = target.pathOf(to);
    const isDirectory = entry !== false;
    this.delete(source, from);
    this.#write(target, to, entry);
    if (entry instanceof Directory) entry.moveTo(target, to);
    if (!this.#wanted.renames && !this.#wanted.creations && replaced === false && !isDirectory) {
      // Nobody could know by a removal that another file is there.
      return this.report(
        entryEvent("remove", fromPath, false),
        ...this.#changes.map((kind) => entryEvent(kind, path, false)),
      );
    }
    const removed = replaced === undefined ? [] : [entryEvent("remove", path, replaced !== false)];
    if (!this.#wanted.renames) {
      return this.report(
        ...removed,
        entryEvent("remove", fromPath, isDirectory),
        ...created(path, entry),
      );
    }
    // Of what it replaces a rename says no type: it is its own, unless the two have changed places.
    const isOfType = replaced === undefined || (replaced !== false) === isDirectory;
    const rename = renameEvent(fromPath, path, isDirectory, isOfType && replaced !== undefined);
    this.report(...isOfType ? [] : removed, rename);
  }

  /** A root is there. @param kind how it is reported, if it is */
  addRoot(path: string, entry: Entry, kind: EntryKind | ""): void {
    if (kind === "") {
      for (const loss of this.#losses) loss.knowTop(path, entry);
      return;
    }
    // If something was there, this is another entry.
    if (kind === "create") { for (const loss of this.#losses) loss.mark(undefined, path, [kind]); }
    this.#appeared(undefined, path, entry, kind);
  }

  /** A root is watched no longer. */
  forgetRoot(path: string): void {
    for (const loss of this.#losses) loss.forgetTop(path);
  }

  /** What is known of a root becomes an entry. */
  moveIn(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) loss.moveIn(directory, name);
    directory.entries.set(name, entry);
  }

  /** What is known of an entry becomes what is known of a root. */
  moveOut(directory: Directory, name: string, root: string): void {
    for (const loss of this.#losses) loss.moveOut(directory, name, root);
  }

  // What happened to what is there

  /** The kernel tells it by a bit of a mask; an event has one (inotify(7)). */
  content(
    directory: Directory | undefined,
    name: string,
    mask: number,
    isDirectory: boolean,
  ): void {
    const kind = CONTENT_KINDS.get(mask & this.#wanted.content);
    if (kind !== undefined) this.#happened(directory, name, [kind], isDirectory);
  }

  /** Another file is in its place. */
  replaced(directory: Directory | undefined, name: string): void {
    for (const loss of this.#losses) loss.mark(directory, name, ["create"]);
    const path = pathOf(directory, name);
    this.report(...this.#replacement.map((kind) => entryEvent(kind, path, false)));
  }

  /** Its attributes may have changed, and the content of a file. */
  mayHaveChanged(directory: Directory | undefined, name: string, isDirectory: boolean): void {
    const kinds = isDirectory ? this.#changes.filter((kind) => kind === "attrib") : this.#changes;
    this.#happened(directory, name, kinds, isDirectory);
  }

  /** Reports a change, by one or several events that belong together. */
  report(...events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    if (debug) { for (const event of events) debug("report", JSON.stringify(event)); }
    this.#report(events);
  }

  #happened(
    directory: Directory | undefined,
    name: string,
    kinds: readonly EntryKind[],
    isDirectory: boolean,
  ): void {
    for (const loss of this.#losses) loss.mark(directory, name, kinds);
    const path = pathOf(directory, name);
    this.report(...kinds.map((kind) => entryEvent(kind, path, isDirectory)));
  }

  #appeared(
    directory: Directory | undefined,
    name: string,
    entry: Entry,
    kind: EntryKind,
  ): void {
    if (kind === "exists") { for (const loss of this.#losses) loss.mark(directory, name, [kind]); }
    this.report(entryEvent(kind, pathOf(directory, name), entry !== false));
  }

  #write(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) {
      loss.keep(directory);
      // If something was there, this is another entry; or the same, which has been away.
      loss.mark(directory, name, ["create"]);
    }
    directory.entries.set(name, entry);
  }
}

function pathOf(directory: Directory | undefined, name: string): string {
  return directory === undefined ? name : directory.pathOf(name);
}

/** An entry, and all that is known below it. */
function* created(path: string, entry: Entry): Generator<WatchEvent> {
  yield entryEvent("create", path, entry !== false);
  if (!(entry instanceof Directory)) return;
  entry.initial = false; // what is still to be found in it is reported, too
  for (const [name, inner] of entry.entries) yield* created(`${path}/${name}`, inner);
}
