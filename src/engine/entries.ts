/**
 * The entries that are known of the trees of a watcher: their only writer, and the only reporter of differences.
 *
 * An entry is written before it is reported. So whatever runs inside a report finds the entries as the loop knows
 * them after it: a loss may begin there, and roots may be added and removed, or the watcher closed. So writing and
 * reporting are one file, longer than 300 lines.
 *
 * @module
 */

import { debug } from "../kernel/debug.ts";
import { markByRename } from "./by_rename.ts";
import type { Candidates } from "./candidates.ts";
import { type ChangeKinds, changeKinds, type Wanted } from "./change_kinds.ts";
import {
  CONTENT_KINDS,
  entryEvent,
  type EntryKind,
  existsEvent,
  renameEvent,
  type WatchEvent,
} from "./event.ts";
import { Directory, type Entry } from "./directory.ts";
import type { Listing } from "./listing.ts";
import { Loss, type Tops } from "./loss.ts";

/** Follows which entries change. */
export interface Toucher {
  /** Something happens to an entry. @param directory `undefined` for a root, whose path is the name */
  touch(directory: Directory | undefined, name: string): void;
}

/** Writes and reports entries. */
export class Entries {
  readonly #report: (events: readonly WatchEvent[]) => void;
  readonly #wanted: Wanted;
  readonly #candidates: Candidates | undefined;
  /** How changes are reported. */
  readonly kinds: ChangeKinds;
  #losses: readonly Loss[] = [];
  #touchers: readonly Toucher[] = [];

  /**
   * @param report called with the events of one change
   * @param candidates if complete files are wanted
   */
  constructor(
    report: (events: readonly WatchEvent[]) => void,
    wanted: Wanted,
    candidates?: Candidates,
  ) {
    this.#report = report;
    this.#wanted = wanted;
    this.#candidates = candidates;
    this.kinds = changeKinds(wanted);
  }

  // Losses

  /** Begins a loss. @param tops the followed roots */
  lose(tops: Tops): Loss {
    const loss = new Loss(tops);
    this.#losses = [...this.#losses, loss];
    return loss;
  }

  /** What differs since a loss began. */
  missed(loss: Loss, tops: Tops): WatchEvent[] {
    return loss.difference(tops, this.kinds);
  }

  /** Ends a loss. */
  forget(loss: Loss): void {
    this.#losses = this.#losses.filter((one) => one !== loss);
  }

  /** Touches what changes from now on. */
  begin(toucher: Toucher): void {
    this.#touchers = [...this.#touchers, toucher];
  }

  /** Ends {@link begin}. */
  end(toucher: Toucher): void {
    this.#touchers = this.#touchers.filter((one) => one !== toucher);
  }

  /** Something happens to an entry, or there is more to be seen of it. */
  touch(directory: Directory | undefined, name: string): void {
    for (const toucher of this.#touchers) toucher.touch(directory, name);
  }

  // For a root the directory is `undefined`, and the name is its path.

  /**
   * Adds an entry.
   *
   * @param kind how it is reported, if it is
   * @param isLink whether it is a symbolic link, if that is known
   */
  add(
    directory: Directory,
    name: string,
    entry: Entry,
    kind: EntryKind | "",
    isLink?: boolean,
  ): void {
    if (kind === "") return this.know(directory, name, entry);
    this.#write(directory, name, entry);
    this.#appeared(directory, name, entry, kind, isLink);
  }

  /** Adds an entry that is not reported. */
  know(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) loss.know(directory, name, entry);
    directory.entries.set(name, entry);
    this.touch(directory, name);
  }

  /**
   * Takes a listing for the entries of a directory that has none, and reports nothing.
   *
   * @param directories in the listing, that are watched
   */
  adopt(directory: Directory, listing: Listing, directories: readonly Directory[]): void {
    for (const loss of this.#losses) {
      for (const child of directories) loss.know(directory, child.name, child);
    }
    directory.adopt(listing, directories);
  }

  /** A directory is watched from now on, or no longer, and is the same entry. */
  become(directory: Directory, name: string, entry: Entry): void {
    const before = directory.entries.get(name);
    for (const loss of this.#losses) loss.become(directory, name, before, entry);
    directory.entries.set(name, entry);
  }

  /** Deletes an entry. The caller reports it. */
  delete(directory: Directory, name: string): void {
    this.touch(directory, name);
    this.#candidates?.delete(directory, name);
    for (const loss of this.#losses) {
      loss.keep(directory);
      loss.unmark(directory, name);
    }
    directory.entries.delete(name);
  }

  /** Deletes an entry that is ignored from now on, which is not reported. */
  leaveOut(directory: Directory, name: string): void {
    this.touch(directory, name);
    this.#candidates?.delete(directory, name);
    for (const loss of this.#losses) loss.leaveOut(directory, name);
    directory.entries.delete(name);
  }

  /** Moves an entry, and reports it. @param replaced what it overwrites */
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
      // The loop would not know by a removal that another file is there.
      this.#hasChanged(target, to);
      return this.report(
        entryEvent("remove", fromPath, false),
        ...this.kinds.changes.map((kind) => entryEvent(kind, path, false)),
      );
    }
    if (isDirectory) this.#candidates?.delete(target, to); // of a file that has changed places with it
    else this.#candidates?.add(target, to, "renamed");
    const removed = replaced === undefined ? [] : [entryEvent("remove", path, replaced !== false)];
    if (!this.#wanted.renames) {
      return this.report(
        ...removed,
        entryEvent("remove", fromPath, isDirectory),
        ...created(path, entry),
      );
    }
    // A rename has no type for what it replaces: it has to be its own.
    const isOfType = replaced === undefined || (replaced !== false) === isDirectory;
    const rename = renameEvent(fromPath, path, isDirectory, isOfType && replaced !== undefined);
    this.report(...isOfType ? [] : removed, rename);
  }

  /** Adds a root. @param kind how it is reported, if it is */
  addRoot(path: string, entry: Entry, kind: EntryKind | ""): void {
    this.touch(undefined, path);
    if (kind === "") {
      for (const loss of this.#losses) loss.knowTop(path, entry);
      return;
    }
    // If something was there, this is another one.
    if (kind === "create") { for (const loss of this.#losses) loss.mark(undefined, path, [kind]); }
    this.#appeared(undefined, path, entry, kind);
  }

  /** A root is no longer watched. */
  forgetRoot(path: string): void {
    this.#candidates?.delete(undefined, path);
    for (const loss of this.#losses) loss.forgetTop(path);
  }

  /** A root becomes an entry. */
  moveIn(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) loss.moveIn(directory, name);
    directory.entries.set(name, entry);
    this.touch(directory, name);
    this.#candidates?.transfer(undefined, directory.pathOf(name), directory, name);
  }

  /** An entry becomes a root. */
  moveOut(directory: Directory, name: string, root: string): void {
    this.touch(directory, name);
    this.touch(undefined, root);
    for (const loss of this.#losses) loss.moveOut(directory, name, root);
    this.#candidates?.transfer(directory, name, undefined, root);
  }

  // Changes of what is there

  /** Reports a content event of the kernel, which has one bit of {@link CONTENT_KINDS}. */
  content(
    directory: Directory | undefined,
    name: string,
    mask: number,
    isDirectory: boolean,
  ): void {
    const kind = CONTENT_KINDS.get(mask & this.#wanted.content);
    if (kind === undefined) return;
    if (kind === "closeWrite") this.#candidates?.delete(directory, name);
    this.touch(directory, name);
    for (const loss of this.#losses) loss.mark(directory, name, [kind]);
    const path = directory === undefined ? name : directory.pathOf(name);
    this.report(entryEvent(kind, path, isDirectory));
  }

  /** Reports a file that took the place of another one. */
  replaced(directory: Directory | undefined, name: string): void {
    this.touch(directory, name);
    for (const loss of this.#losses) loss.mark(directory, name, ["create"]);
    this.#hasChanged(directory, name);
    const path = pathOf(directory, name);
    this.report(...this.kinds.replacement.map((kind) => entryEvent(kind, path, false)));
  }

  /** Reports that the attributes of an entry, and the content of a file, may have changed. */
  mayHaveChanged(directory: Directory | undefined, name: string, isDirectory: boolean): void {
    const { changes } = this.kinds;
    const kinds = isDirectory ? changes.filter((kind) => kind === "attrib") : changes;
    if (!isDirectory) this.#hasChanged(directory, name);
    this.touch(directory, name);
    for (const loss of this.#losses) loss.mark(directory, name, kinds);
    const path = pathOf(directory, name);
    this.report(...kinds.map((kind) => entryEvent(kind, path, isDirectory)));
  }

  /** Reports that a file is complete. @param byRename whether that is by a rename */
  complete(directory: Directory | undefined, name: string, byRename: boolean = false): void {
    for (const loss of this.#losses) loss.mark(directory, name, ["closeWrite"]);
    const event = entryEvent("closeWrite", pathOf(directory, name), false);
    this.report(byRename ? markByRename(event) : event);
  }

  /** Reports one change. */
  report(...events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    if (debug) { for (const event of events) debug("report", JSON.stringify(event)); }
    this.#report(events);
  }

  /** A link has no content to be complete. It is reported all the same if no other kind does. */
  #hasChanged(directory: Directory | undefined, name: string): void {
    this.#candidates?.add(directory, name, this.kinds.changes.length > 0 ? undefined : "any type");
  }

  #appeared(
    directory: Directory | undefined,
    name: string,
    entry: Entry,
    kind: EntryKind,
    isLink?: boolean,
  ): void {
    const path = pathOf(directory, name);
    if (kind === "exists") {
      for (const loss of this.#losses) loss.mark(directory, name, [kind]);
      return this.report(existsEvent(path, entry !== false, isLink));
    }
    if (entry === false) this.#candidates?.add(directory, name);
    this.report(entryEvent(kind, path, entry !== false));
  }

  #write(directory: Directory, name: string, entry: Entry): void {
    for (const loss of this.#losses) {
      loss.keep(directory);
      // If something was there, this is another entry; or the same one, which has been away.
      loss.mark(directory, name, ["create"]);
    }
    directory.entries.set(name, entry);
    this.touch(directory, name);
  }
}

function pathOf(directory: Directory | undefined, name: string): string {
  return directory === undefined ? name : directory.pathOf(name);
}

/** The creation of an entry, and of all that is known below it. */
function* created(path: string, entry: Entry): Generator<WatchEvent> {
  yield entryEvent("create", path, entry !== false);
  if (!(entry instanceof Directory)) return;
  entry.initial = false; // what is found in it later is reported, too
  for (const [name, inner] of entry.entries) yield* created(`${path}/${name}`, inner);
}
