/**
 * `recursive` as a number of levels: whatever is renamed to another level, and however that is noticed, what a consumer
 * knows by the events is what is in sight.
 */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type Watcher, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { readAll, type View } from "../helpers/disk.ts";
import { collect, taken } from "../helpers/events.ts";
import { exchange } from "../helpers/exchange.ts";
import { withoutEvents } from "../helpers/interpose.ts";
import { Mirror } from "../helpers/mirror.ts";
import { overflowQueue } from "../helpers/overflow.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

for (const recursive of [-1, -Infinity, NaN, 0.5]) {
  test(`watch() throws a RangeError if recursive is ${recursive}`, () => {
    assert.throws(() => watch(".", { recursive }), {
      name: "RangeError",
      message: `recursive must be an integer of 0 or more, or Infinity, not ${recursive}`,
    });
  });
}

test("watch() throws a TypeError if recursive is neither a number nor a boolean", () => {
  const options = { recursive: "1" } as unknown as WatchOptions;
  assert.throws(() => watch(".", options), {
    name: "TypeError",
    message: 'recursive must be true, false or a number, not "1"',
  });
});

test("recursive is how many levels are watched: false is 0, and true is Infinity", async () => {
  const directory = tmpDir(fastest);
  const paths = ["", "/a", "/a/b", "/a/b/c"].map((path) => directory + path);
  mkdirSync(paths[3], { recursive: true });
  for (const [recursive, count] of [[false, 1], [0, 1], [1, 2], [2, 3], [Infinity, 4], [true, 4]]) {
    await using watcher = watch(directory, { recursive: recursive as boolean | number });
    await within(watcher.ready);
    assert.deepEqual(watcher.watched(), paths.slice(0, count as number), String(recursive));
  }
});

/** The levels that are watched in what follows. */
const DEPTH = 1;

type At = (path: string) => string;

/** What is there: directories at four levels, and a file in each. */
function populate(at: At): void {
  for (const path of ["a/b/c/d", "e/h/i"]) {
    mkdirSync(at(path), { recursive: true });
    for (let name = path; name !== "."; name = join(name, "..")) writeFileSync(at(`${name}/f`), "");
  }
}

function inNewDirectory(): At {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  populate(at);
  return at;
}

const CHANGES: Record<string, (at: At) => void> = {
  "a directory is renamed to a deeper level": (at) => renameSync(at("a"), at("e/a")),
  "a directory is renamed to a higher level": (at) => renameSync(at("a/b"), at("x")),
  "a directory is renamed within its level": (at) => renameSync(at("a/b"), at("e/b")),
  "a directory is renamed out of sight": (at) => renameSync(at("a/b"), at("e/h/b")),
  "a directory is renamed into sight": (at) => renameSync(at("a/b/c"), at("x")),
  "a directory is renamed up and down again": (at) => {
    renameSync(at("a/b"), at("x"));
    writeFileSync(at("x/new"), "");
    renameSync(at("x"), at("e/b"));
    writeFileSync(at("e/b/new2"), "");
  },
  "a directory is renamed down and up again": (at) => {
    renameSync(at("a"), at("e/a"));
    writeFileSync(at("e/a/new"), "");
    rmSync(at("e/a/f"));
    renameSync(at("e/a"), at("a"));
  },
  "directories of two levels change places": (at) => exchange(at("a/b"), at("e")),
  "directories of one level change places": (at) => exchange(at("a"), at("e")),
  "directories at the last level change places": (at) => exchange(at("a/b"), at("e/h")),
  "a directory out of sight and a file change places": (at) => exchange(at("a/b/c/d"), at("e/f")),
  "a directory is renamed over one of another level": (at) => {
    rmSync(at("e"), { recursive: true });
    mkdirSync(at("e"));
    renameSync(at("a/b"), at("e"));
  },
  "a directory is renamed over a given path, and back": (at) => {
    renameSync(at("a"), at("y"));
    renameSync(at("e/h"), at("a"));
    writeFileSync(at("a/new"), "");
  },
  "files are renamed across levels": (at) => {
    renameSync(at("a/f"), at("g"));
    renameSync(at("a/b/f"), at("a/g"));
    renameSync(at("e/f"), at("e/h/g"));
  },
  "what is out of sight changes": (at) => {
    rmSync(at("a/b/c"), { recursive: true });
    mkdirSync(at("e/h/j/k"), { recursive: true });
  },
};

/** Applies what is reported of a change, and whatever comes before. */
type Way = (
  paths: string[],
  options: WatchOptions,
  change: () => void,
  apply: (event: WatchEvent) => void,
) => Promise<void>;

const WAYS: Record<string, Way> = {
  "the kernel reports it": async (paths, options, change, apply) => {
    await using watcher = watch(paths, options);
    const ended = each(watcher, apply);
    await within(watcher.ready);
    change();
    await taken(watcher);
    await watcher.close();
    await ended;
  },
  "it is in a batch": async (paths, options, change, apply) => {
    await using watcher = watch(paths, options);
    await within(watcher.ready);
    const batches = watcher.batches({ settle: 20 });
    change();
    writeFileSync(join(paths[0], "last"), "");
    for (let isLast = false; !isLast;) {
      const { value = [] } = await within(batches.next());
      for (const event of value) apply(event);
      isLast = value.some((event) => "path" in event && event.path.endsWith("/last"));
    }
  },
  "its events are lost by a loop": async (paths, options, change, apply) => {
    await using watcher = watch(paths, { ...options, maxQueue: 2 });
    await within(watcher.ready);
    change();
    await within(watcher.sync());
    const ended = each(watcher, apply);
    await taken(watcher);
    await watcher.close();
    await ended;
  },
  "its events are lost by the kernel": async (paths, options, change, apply) => {
    await using watcher = watch(paths, options);
    const ended = each(watcher, apply);
    await within(watcher.ready);
    writeFileSync(join(paths[0], "file"), "");
    overflowQueue(join(paths[0], "file"));
    change();
    await taken(watcher);
    await watcher.close();
    await ended;
  },
  "nobody watches": async (paths, options, change, apply) => {
    let since: Uint8Array;
    {
      await using watcher = watch(paths, options);
      since = await within(watcher.snapshot());
    }
    change();
    await using watcher = watch(paths, { ...options, since });
    const ended = each(watcher, apply);
    await within(watcher.ready);
    await taken(watcher);
    await watcher.close();
    await ended;
  },
  "the kernel is silent": async (paths, options, change, apply) => {
    using _silence = withoutEvents();
    await using watcher = watch(paths, { ...options, poll: 1e6 });
    const ended = each(watcher, apply);
    await within(watcher.ready);
    change();
    await taken(watcher);
    await watcher.close();
    await ended;
  },
};

async function each(watcher: Watcher, apply: (event: WatchEvent) => void): Promise<void> {
  for await (const event of watcher) apply(event);
}

const ROOTS = [["."], [".", "a"], [".", "a/b"], [".", "e/h/i", "a/b/c"], [".", "a/b/f"]];

for (const [how, way] of Object.entries(WAYS)) {
  const isSlow = how.includes("by the kernel"); // its queue is filled each time
  for (const roots of isSlow ? [ROOTS[3]] : ROOTS) {
    test(`with ${DEPTH} level below ${roots}, the picture equals the disk where ${how}`, async () => {
      for (const renames of isSlow ? [true] : [true, false]) {
        const directory = tmpDir(fastest);
        const all = Object.entries(CHANGES).map(([what, change]) => {
          const at = (path: string) => join(directory, what.replaceAll(" ", "-"), path);
          populate(at);
          return { paths: roots.map(at), change: () => change(at) };
        });
        const paths = all.flatMap((one) => one.paths);
        const view: View = {
          roots: new Set(paths),
          depth: DEPTH,
          followSymlinks: false,
          ignores: () => false,
        };
        const mirror = new Mirror(view, true);
        const lines: string[] = [];
        mirror.seed(readAll(view));
        const events: WatchOptions["events"] = ["create", "modify", "remove"];
        const options: WatchOptions = {
          recursive: DEPTH,
          events: renames ? [...events, "rename"] : events,
        };
        await way(paths, options, () => all.forEach(({ change }) => change()), (event) => {
          lines.push(JSON.stringify(event).replaceAll(directory, ""));
          mirror.apply(event);
        });
        const wrong = mirror.differences(readAll(view), true).concat(mirror.contradictions);
        assert.deepEqual(wrong, [], lines.join("\n"));
      }
    });
  }
}

test("a directory that is renamed to another level is no rename in the difference of two runs", async () => {
  const at = inNewDirectory();
  const options = { recursive: DEPTH, since: undefined };
  let since: Uint8Array;
  {
    await using watcher = watch(at("."), options);
    since = await within(watcher.snapshot());
  }
  renameSync(at("a/b"), at("x"));
  renameSync(at("e"), at("y"));
  await using watcher = watch(at("."), { ...options, since });
  const { lines } = collect(watcher);
  await within(watcher.ready);
  await taken(watcher);
  assert.deepEqual(lines.map((line) => line.replace(`${at(".")}/`, "")).sort(), [
    ...["create x", "create x/c", "create x/f", "remove a/b", "rename y"],
  ]);
});

test("a path that is added below another one, or removed, during a loss changes nothing of it", async () => {
  for (const isAdded of [true, false]) {
    const at = inNewDirectory();
    const paths = isAdded ? [at(".")] : [at("."), at("a/b")];
    await using watcher = watch(paths, { recursive: DEPTH, maxQueue: 2 });
    await within(watcher.ready);
    for (const name of ["a/1", "2", "3"]) mkdirSync(at(name)); // the third one is lost
    await within(watcher.sync());
    if (isAdded) await within(watcher.add(at("a/b")));
    else watcher.remove(at("a/b"));
    writeFileSync(at("a/b/new"), "");
    mkdirSync(at("a/b/c/new"));
    await within(watcher.sync());
    const { lines } = collect(watcher);
    await taken(watcher);
    assert.deepEqual(lines.map((line) => line.replace(`${at(".")}/`, "")).slice(1).sort(), [
      "create 2",
      "create 3",
      ...isAdded ? ["create a/b/c/new", "create a/b/new"] : [],
      "overflow",
    ]);
  }
});

test("what the nearest given path ignores is not reported in the beginning, however many paths are given", async () => {
  const directory = tmpDir(fastest);
  mkdirSync(join(directory, "t/a/a/c"), { recursive: true });
  // Paths are begun with by their lengths, so these come between the two.
  const others = Array.from({ length: 900 }, (_, i) => join(directory, (400 + i).toString(36)));
  const paths = [join(directory, "t"), join(directory, "t/a"), ...others];
  await using watcher = watch(paths, { recursive: 3, initial: true, ignore: ["a/c"] });
  const { lines } = collect(watcher);
  await within(watcher.ready);
  await taken(watcher);
  const names = lines.map((line) => line.replace(`${directory}/`, ""));
  assert.deepEqual(names.sort(), ["exists t", "exists t/a", "exists t/a/a"]);
});
