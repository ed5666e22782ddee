/** `Loss`, without a kernel: seeded changes, a copy kept by all events, and one by a loop that loses some. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_CLOSE_WRITE, IN_MODIFY, type WatchEvent } from "../../mod.ts";
import type { Wanted } from "../../src/engine/change_kinds.ts";
import { Entries } from "../../src/engine/entries.ts";
import type { Loss, Tops } from "../../src/engine/loss.ts";
import { entryEvent } from "../../src/engine/event.ts";
import { NOBODY } from "../helpers/nobody.ts";
import { Directory, type Entry } from "../../src/engine/directory.ts";
import { generator } from "../helpers/random.ts";

/** The entry at each path: the content of a file, or a directory. */
type Copy = Map<string, number | "directory">;

/** Applies an event to a copy, reading the content from the disk. */
function apply(copy: Copy, event: WatchEvent, disk: Copy): void {
  if (!("isDirectory" in event)) return;
  const within = (top: string) =>
    [...copy].filter(([path]) => path === top || path.startsWith(`${top}/`));
  if (event.kind === "create") assert.ok(!copy.has(event.path), `create ${event.path}: it exists`);
  if (event.kind === "remove") {
    assert.ok(copy.has(event.path), `remove ${event.path}: it does not exist`);
    for (const [path] of within(event.path)) copy.delete(path);
    return;
  }
  if (event.kind === "rename") {
    for (const [path] of within(event.path)) copy.delete(path);
    for (const [path, content] of within(event.from)) {
      copy.delete(path);
      copy.set(event.path + path.slice(event.from.length), content);
    }
    return;
  }
  const content = disk.get(event.path);
  if (content !== undefined) copy.set(event.path, content);
}

class Storm {
  readonly disk: Copy = new Map();
  readonly live: Copy = new Map();
  readonly lost: Copy = new Map();
  readonly entries: Entries;
  readonly #tops: Tops = new Map();
  readonly #next: (limit: number) => number;
  /** The events of the current change, which are applied when it is complete. */
  #events: WatchEvent[] = [];
  #loss: Loss | undefined;
  #content = 0;

  constructor(seed: number, wanted: Wanted) {
    const next = generator(seed);
    this.#next = (limit) => Math.floor(next() * limit);
    this.entries = new Entries((events) => {
      if (this.#loss === undefined) this.#events.push(...events);
      else for (const event of events) this.#loss.miss(event);
      for (const event of events) this.#live.push(event);
    }, wanted);
    this.#createRoot("/r", "");
  }

  #live: WatchEvent[] = [];

  lose(): void {
    this.#loss = this.entries.lose(new Map(this.#tops));
  }

  /** @returns the events that make up for the loss */
  recover(): WatchEvent[] {
    const events = this.entries.missed(this.#loss!, new Map(this.#tops));
    this.entries.forget(this.#loss!);
    this.#loss = undefined;
    for (const event of events) apply(this.lost, event, this.disk);
    return events;
  }

  step(): void {
    const directories = [...this.#tops.values()].flatMap((top) =>
      top instanceof Directory ? [...top.subtree()] : []
    );
    if (directories.length === 0 || this.#next(60) === 0) {
      const path = ["/r", "/s"][this.#next(2)];
      if (this.#tops.has(path)) this.#removeRoot(path);
      else this.#createRoot(path, "create");
    } else {
      this.#change(directories[this.#next(directories.length)], directories);
    }
    for (const event of this.#events.splice(0)) apply(this.lost, event, this.disk);
    for (const event of this.#live.splice(0)) apply(this.live, event, this.disk);
  }

  #createRoot(path: string, kind: "create" | ""): void {
    const root = new Directory(path, NOBODY);
    this.#tops.set(path, root);
    this.disk.set(path, "directory");
    this.entries.addRoot(path, root, kind);
    if (kind === "") { for (const copy of [this.live, this.lost]) copy.set(path, "directory"); }
  }

  #removeRoot(path: string): void {
    this.#tops.delete(path);
    this.#erase(path);
    this.entries.report(entryEvent("remove", path, true));
  }

  #change(directory: Directory, directories: readonly Directory[]): void {
    const name = "abcd"[this.#next(4)];
    const path = directory.pathOf(name);
    const entry = directory.entries.get(name);
    const action = this.#next(10);
    if (entry === undefined) {
      const made: Entry = action < 4 && new Directory(name, directory);
      this.#write(path, made);
      if (action !== 9 || this.#loss !== undefined) {
        return this.entries.add(directory, name, made, "create");
      }
      this.entries.know(directory, name, made); // like an entry that existed at the start
      for (const copy of [this.live, this.lost]) copy.set(path, this.disk.get(path)!);
    } else if (action < 2) {
      this.#erase(path);
      this.entries.delete(directory, name);
      this.entries.report(entryEvent("remove", path, entry !== false));
    } else if (action < 6) {
      const target = directories[this.#next(directories.length)];
      const to = "abcd"[this.#next(4)];
      if (entry instanceof Directory && target.isWithin(entry)) return;
      const replaced = target.entries.get(to);
      if (target === directory && to === name) return;
      if (replaced !== undefined && (replaced === false) !== (entry === false)) return;
      if (replaced instanceof Directory && (replaced.entries.size > 0 || directory === replaced)) {
        return;
      }
      const moved = [...this.disk].filter(([one]) => one === path || one.startsWith(`${path}/`));
      for (const [one] of moved) this.disk.delete(one);
      const there = target.pathOf(to);
      for (const [one, content] of moved) this.disk.set(there + one.slice(path.length), content);
      this.entries.rename(directory, name, target, to, entry, replaced);
    } else if (entry === false) {
      this.#write(path, entry);
      if (action === 6) this.entries.replaced(directory, name);
      else this.entries.content(directory, name, IN_MODIFY, false);
    }
  }

  #write(path: string, entry: Entry): void {
    this.disk.set(path, entry === false ? this.#content++ : "directory");
  }

  #erase(top: string): void {
    for (const path of this.disk.keys()) {
      if (path === top || path.startsWith(`${top}/`)) this.disk.delete(path);
    }
  }
}

const WANTED: Record<string, Wanted> = {
  "with renames": { content: IN_MODIFY | IN_CLOSE_WRITE, renames: true, creations: true },
  "without renames": { content: IN_MODIFY, renames: false, creations: true },
};

for (const [what, wanted] of Object.entries(WANTED)) {
  test(`Loss.difference() reports what makes a copy equal the disk, ${what}`, () => {
    let events = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const storm = new Storm(seed, wanted);
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 20; i++) storm.step();
        storm.lose();
        for (let i = 0; i < 5 + 30 * round; i++) storm.step();
        events += storm.recover().length;
        assert.deepEqual(storm.lost, storm.disk, `seed ${seed}, round ${round}`);
        assert.deepEqual(storm.live, storm.disk, `seed ${seed}, round ${round}`);
      }
    }
    assert.ok(events > 1000);
  });
}

/** A tree of one directory. */
function tree(wanted: Wanted): {
  readonly root: Directory;
  readonly entries: Entries;
  readonly tops: () => Tops;
} {
  const root = new Directory("/r", NOBODY);
  return { root, entries: new Entries(() => {}, wanted), tops: () => new Map([["/r", root]]) };
}

const all: Wanted = { content: IN_MODIFY | IN_CLOSE_WRITE, renames: true, creations: true };
const lines = (events: readonly WatchEvent[]) =>
  events.map((event) => "path" in event ? `${event.kind} ${event.path}` : event.kind);

test("Loss.difference() reports nothing for entries that were created and removed", () => {
  const { root, entries, tops } = tree(all);
  const loss = entries.lose(tops());
  for (let i = 0; i < 100; i++) {
    entries.add(root, `${i}`, false, "create");
    entries.content(root, `${i}`, IN_MODIFY, false);
    entries.delete(root, `${i}`);
  }
  assert.deepEqual(entries.missed(loss, tops()), []);
});

test("Loss.difference() reports each missed kind of an existing file once", () => {
  const { root, entries, tops } = tree(all);
  entries.know(root, "file", false);
  const loss = entries.lose(tops());
  for (const bit of [IN_MODIFY, IN_MODIFY, IN_CLOSE_WRITE]) {
    entries.content(root, "file", bit, false);
  }
  assert.deepEqual(lines(entries.missed(loss, tops())), ["modify /r/file", "closeWrite /r/file"]);
});

test("Loss.difference() reports a replaced file as removed and created if no content kind is requested", () => {
  const { root, entries, tops } = tree({ content: 0, renames: true, creations: true });
  entries.know(root, "file", false);
  const loss = entries.lose(tops());
  entries.replaced(root, "file");
  assert.deepEqual(lines(entries.missed(loss, tops())), ["remove /r/file", "create /r/file"]);
});

test("Loss.difference() reports what took the place of a file as removed and created if no closeWrite tells of it", () => {
  const { root, entries, tops } = tree({ content: IN_CLOSE_WRITE, renames: true, creations: true });
  entries.know(root, "file", false);
  const loss = entries.lose(tops());
  entries.delete(root, "file");
  entries.add(root, "file", false, "create"); // a link, perhaps
  assert.deepEqual(lines(entries.missed(loss, tops())), ["remove /r/file", "create /r/file"]);
  entries.complete(root, "file");
  assert.deepEqual(lines(entries.missed(loss, tops())), ["closeWrite /r/file"]);
});

test("Loss.difference() reports the last missed error of each path, and the last mount or unmount", () => {
  const { entries, tops } = tree(all);
  const loss = entries.lose(tops());
  const [first, last] = [new Error("first"), new Error("last")];
  for (const error of [first, last]) loss.miss({ kind: "error", path: "/r/x", error });
  loss.miss({ kind: "unmount", path: "/r" });
  loss.miss({ kind: "mount", path: "/r/m" });
  loss.miss({ kind: "unmount", path: "/r/m" });
  loss.miss({ kind: "mount", path: "/r" });
  assert.deepEqual(entries.missed(loss, tops()), [
    { kind: "error", path: "/r/x", error: last },
    { kind: "unmount", path: "/r/m" },
    { kind: "mount", path: "/r" },
  ]);
});

test("Loss.difference() reports nothing for entries that existed at the start and were found during the loss", () => {
  const { root, entries, tops } = tree(all);
  const added = new Directory("/s", NOBODY);
  const loss = entries.lose(tops());
  entries.add(root, "made", false, "create");
  entries.know(root, "old", false);
  entries.addRoot("/s", added, "");
  entries.know(added, "old", false);
  const now = tops().set("/s", added);
  assert.deepEqual(lines(entries.missed(loss, now)), ["create /r/made"]);
});

test("Loss.difference() reports entries found at the start as exists", () => {
  const { root, entries, tops } = tree(all);
  const loss = entries.lose(tops());
  entries.add(root, "found", false, "exists");
  entries.add(root, "made", false, "exists");
  entries.delete(root, "made");
  entries.add(root, "made", false, "create");
  assert.deepEqual(lines(entries.missed(loss, tops())), ["exists /r/found", "create /r/made"]);
});

test("Loss.difference() reports a root that is below a removed directory again", () => {
  const { root, entries } = tree(all);
  const directory = new Directory("d", root);
  entries.know(root, "d", directory);
  const loss = entries.lose(new Map<string, Entry>([["/r", root], ["/r/d/link/target", false]]));
  entries.delete(root, "d");
  const now = new Map<string, Entry>([["/r", root], ["/r/d/link/target", false]]);
  assert.deepEqual(lines(entries.missed(loss, now)), ["remove /r/d", "create /r/d/link/target"]);
});

test("Loss.difference() compares a root with its path, not with the entry in the tree above", () => {
  const { root, entries } = tree(all);
  for (const name of ["removed", "created", "kept"]) entries.know(root, name, false);
  const tops = (removed?: Entry, created?: Entry) =>
    new Map([["/r", root], ["/r/removed", removed], ["/r/created", created], [
      "/r/kept",
      undefined,
    ]]);
  const loss = entries.lose(tops(false, undefined));
  entries.add(root, "made", false, "create");
  assert.deepEqual(lines(entries.missed(loss, tops(undefined, false))), [
    "remove /r/removed",
    "create /r/created",
    "create /r/made",
  ]);
});

test("Loss.difference() reports changes of a root that became an entry", () => {
  const { root, entries } = tree(all);
  const loss = entries.lose(new Map<string, Entry>([["/r", root], ["/r/in", false]]));
  entries.content(undefined, "/r/in", IN_MODIFY, false);
  entries.moveIn(root, "in", false);
  assert.deepEqual(lines(entries.missed(loss, new Map([["/r", root]]))), ["modify /r/in"]);
});

test("Loss.difference() reports the difference of a link root that became part of the tree above", () => {
  for (const was of ["there", "not there"]) {
    const { root, entries } = tree(all);
    const link = new Directory("/r/link", NOBODY);
    entries.know(root, "link", false);
    entries.know(link, "old", false);
    const top = was === "there" ? link : undefined;
    const loss = entries.lose(new Map<string, Entry | undefined>([["/r", root], ["/r/link", top]]));
    entries.add(link, "made", false, "create");
    entries.moveIn(root, "link", link);
    link.moveTo(root, "link", true);
    entries.forgetRoot("/r/link");
    const created = ["create /r/link", "create /r/link/old", "create /r/link/made"];
    const expected = was === "there" ? created.slice(2) : created;
    assert.deepEqual(lines(entries.missed(loss, new Map([["/r", root]]))), expected);
  }
});

test("Loss.difference() reports changes of an entry that became a root", () => {
  const { root, entries } = tree(all);
  entries.know(root, "out", false);
  const loss = entries.lose(new Map([["/r", root]]));
  entries.content(root, "out", IN_MODIFY, false);
  entries.moveOut(root, "out", "/r/out");
  entries.forgetRoot("/r");
  assert.deepEqual(lines(entries.missed(loss, new Map([["/r/out", false]]))), ["modify /r/out"]);
});

test("Loss.difference() reports a replaced file root as a change of its content", () => {
  const { entries } = tree(all);
  const loss = entries.lose(new Map([["/f", false]]));
  entries.addRoot("/f", false, "create"); // its removal was missed as well
  const missed = () => lines(entries.missed(loss, new Map([["/f", false]])));
  assert.deepEqual(missed(), ["modify /f"]);
  entries.complete(undefined, "/f");
  assert.deepEqual(missed(), ["modify /f", "closeWrite /f"]);
});

test("Loss.difference() reports that a new file is complete, once it is", () => {
  const { root, entries, tops } = tree(all);
  entries.know(root, "b", false);
  const loss = entries.lose(tops());
  entries.add(root, "a", false, "create");
  entries.rename(root, "b", root, "c", false, undefined);
  const files = ["remove /r/b", "create /r/a", "create /r/c"];
  assert.deepEqual(lines(entries.missed(loss, tops())), files);
  for (const name of ["a", "c"]) entries.complete(root, name);
  assert.deepEqual(lines(entries.missed(loss, tops())), [
    "remove /r/b",
    "create /r/a",
    "closeWrite /r/a",
    "create /r/c",
    "closeWrite /r/c",
  ]);
  entries.delete(root, "a");
  entries.add(root, "a", false, "create");
  assert.ok(!lines(entries.missed(loss, tops())).includes("closeWrite /r/a"));
});

test("Loss.difference() does not report a known root below a new directory as created", () => {
  const { root, entries } = tree(all);
  const known = new Directory("/r/d/known", NOBODY);
  const loss = entries.lose(new Map<string, Entry>([["/r", root], ["/r/d/known", known]]));
  const directory = new Directory("d", root);
  entries.add(root, "d", directory, "create");
  entries.moveIn(directory, "known", known);
  assert.deepEqual(lines(entries.missed(loss, new Map([["/r", root]]))), ["create /r/d"]);
});
