/** `Engine`: what its client may do while it is called, on the real kernel. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_MODIFY, type WatchEvent } from "../../mod.ts";
import type { Client } from "../../src/engine/client.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Loss } from "../../src/engine/loss.ts";
import type { Scope } from "../../src/engine/scope.ts";
import { line } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

const SCOPE: Scope = {
  depth: Infinity,
  followSymlinks: false,
  followsRoots: true,
  initial: false,
  blocking: false,
  polls: false,
  content: IN_MODIFY,
  renames: true,
  creations: true,
};

/** An engine, and the lines of what it reports. */
class Subject implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly engine: Engine;

  /** @param client what the client does; else it only takes what is reported */
  constructor(scope: Partial<Scope> = {}, client: Partial<Client> = {}) {
    this.engine = new Engine({
      report: (events) => void this.lines.push(events.map(line).join(", ")),
      ignores: undefined,
      fail: (error) => this.lines.push(`fail ${error}`),
      progress() {},
      ...client,
    }, { ...SCOPE, ...scope });
  }

  settled(): Promise<void> {
    return within(this.engine.settled(), () => this.lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
  }
}

/** A directory with `a/b/c/file`. */
function deepDir(): string {
  const directory = tmpDir();
  mkdirSync(join(directory, "a/b/c"), { recursive: true });
  writeFileSync(join(directory, "a/b/c/file"), "");
  return directory;
}

test("Engine.add() returns when progress() closes a blocking engine", async () => {
  const directory = deepDir();
  let calls = 0;
  let closed: Promise<void> | undefined;
  const { engine } = new Subject({ blocking: true }, {
    progress() {
      calls++;
      closed = engine.close();
    },
  });
  engine.add(directory);
  assert.equal(calls, 1);
  await closed;
});

// What a client may do in report()

/** A place with roots of each sort, and a list of changes that has each sort of report. */
class Place {
  readonly base: string = tmpDir(fastest);
  /** A tree, a directory and a link in it, and a path at which nothing is. */
  readonly roots: readonly string[] = ["tree", "tree/in", "tree/link", "waits"].map(this.at, this);

  constructor() {
    for (const name of ["tree/in/x", "other", "added"]) {
      mkdirSync(this.at(name), { recursive: true });
    }
    for (const name of ["tree/f", "other/o", "added/a"]) writeFileSync(this.at(name), "");
    symlinkSync("../other", this.at("tree/link"));
  }

  at(name: string): string {
    return join(this.base, name);
  }

  readonly changes: readonly (() => void)[] = [
    () => mkdirSync(this.at("tree/a/b"), { recursive: true }),
    () => writeFileSync(this.at("tree/a/g"), "x"),
    () => renameSync(this.at("tree/a"), this.at("tree/c")),
    () => renameSync(this.at("tree/c/g"), this.at("tree/f")),
    () => {
      rmSync(this.at("tree/link"));
      symlinkSync("../none", this.at("tree/link"));
    },
    () => mkdirSync(this.at("none")),
    () => rmSync(this.at("tree/in"), { recursive: true }),
    () => mkdirSync(this.at("tree/in/y/z"), { recursive: true }),
    () => renameSync(this.at("tree/in"), this.at("waits")),
    () => rmSync(this.at("tree"), { recursive: true }),
    () => mkdirSync(this.at("tree/in/again"), { recursive: true }),
    () => renameSync(this.at("tree/in/again"), this.at("tree/link")),
    () => rmSync(this.at("waits"), { recursive: true }),
  ];
}

/** How the changes are made: all at once, or each when the last one is reported. */
const PACES = ["at once", "one by one"] as const;

/** What all of a place's reports did, in a run with something to do in one of them. */
interface Run extends Subject {
  readonly place: Place;
  readonly model: Model;
  /** The events from that report on. */
  readonly later: readonly WatchEvent[];
}

/**
 * Makes all changes.
 *
 * @param turn in which report something is done; those of the set-up count, too
 * @returns `undefined` if there were not as many
 */
async function run(
  pace: typeof PACES[number],
  turn: number,
  something: (subject: Run) => void,
  scope: Partial<Scope> = {},
): Promise<Run | undefined> {
  const place = new Place();
  const model = new Model(true);
  const later: WatchEvent[] = [];
  let count = -1; // until all roots are added
  const subject = Object.assign(
    new Subject({ initial: true, ...scope }, {
      report(events) {
        for (const event of events) model.apply(event);
        if (count === -1) return;
        if (count > turn) later.push(...events);
        if (count++ === turn) something(subject);
      },
    }),
    { place, model, later },
  );
  for (const root of place.roots) subject.engine.add(root);
  count = 0;
  await subject.settled();
  for (const change of place.changes) {
    change();
    if (pace === "one by one") await subject.settled();
  }
  await subject.settled();
  if (count > turn) return subject;
  await subject.engine.close();
  return undefined;
}

/** The paths that some roots lead to, and all below. */
function onDiskOf(roots: readonly string[]): string[] {
  const paths = roots.filter(existsSync).flatMap((root) =>
    [...onDisk(`${root}/.`)].map((path) => root + path.slice(`${root}/.`.length))
  );
  return [...new Set(paths)].sort();
}

for (const pace of PACES) {
  for (
    const [what, end] of [
      ["close the engine", ({ engine }) => void engine.close()],
      [
        "remove all paths",
        ({ engine, place }) => place.roots.toReversed().forEach((root) => engine.remove(root)),
      ],
    ] as [string, (run: Run) => void][]
  ) {
    test(`report() may ${what}: nothing is reported after it, and no watch stays (${pace})`, async () => {
      await using other = new Subject(); // keeps the instance open
      other.engine.add(tmpDir());
      await other.settled();
      const before = ownUse();
      let turn = 0;
      for (;; turn++) {
        await using done = await run(pace, turn, end);
        if (done === undefined) break;
        await other.settled();
        assert.deepEqual([done.later, ownUse()], [[], before], `report ${turn}`);
      }
      assert.ok(turn > 10, `${turn} reports`);
    });
  }

  test(`report() may add a path, which is reported with what is in it (${pace})`, async () => {
    for (let turn = 0;; turn++) {
      await using done = await run(
        pace,
        turn,
        ({ engine, place }) => engine.add(place.at("added")),
      );
      if (done === undefined) return assert.ok(turn > 10, `${turn} reports`);
      const { model, place } = done;
      assert.deepEqual(model.contradictions, [], `report ${turn}`);
      const expected = onDiskOf([...place.roots, place.at("added")]);
      assert.deepEqual([...model.paths].sort(), expected, `report ${turn}`);
    }
  });

  test(`report() may remove a path, of which nothing is reported after it (${pace})`, async () => {
    for (let turn = 0;; turn++) {
      await using done = await run(
        pace,
        turn,
        ({ engine, place }) => engine.remove(place.at("tree")),
      );
      if (done === undefined) return assert.ok(turn > 10, `${turn} reports`);
      const { place, engine, later, model } = done;
      const rest = place.roots.slice(1);
      const isCovered = (path: string) =>
        rest.some((root) => path === root || path.startsWith(`${root}/`));
      const paths = [...later.flatMap((event) => "path" in event ? [event.path] : [])];
      assert.deepEqual(paths.filter((path) => !isCovered(path)), [], `report ${turn}`);
      assert.deepEqual([...engine.watched()].filter((path) => !isCovered(path)), []);
      const known = [...model.paths].filter(isCovered).sort();
      assert.deepEqual(known, onDiskOf(rest), `report ${turn}`);
    }
  });

  test(`a loss may begin in report(): what it recovers follows what was reported till then (${pace})`, async () => {
    for (let turn = 0;; turn++) {
      const model = new Model();
      let loss: Loss | undefined;
      await using done = await run(pace, turn, (subject) => {
        loss = subject.engine.lose();
        for (const path of subject.model.paths) model.paths.add(path);
      });
      if (done === undefined) return assert.ok(turn > 10, `${turn} reports`);
      const { place, engine } = done;
      for (const event of engine.missed(loss!)) model.apply(event);
      assert.deepEqual(model.contradictions, [], `report ${turn}`);
      assert.deepEqual([...model.paths].sort(), onDiskOf(place.roots), `report ${turn}`);
    }
  });
}
