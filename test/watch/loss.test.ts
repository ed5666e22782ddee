/**
 * What changes while events are lost, by a loop that takes nothing, or by the kernel: whoever copies a file
 * again at each of its events ends with the bytes that are on the disk, by whatever kinds.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { limits, watch, type WatchEvent, type WatchKind, type WatchOptions } from "../../mod.ts";
import { exchange } from "../helpers/exchange.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until, within } from "../helpers/within.ts";

/** Where a name is, in a directory that is new each time. */
type At = (name: string) => string;

/** By path, the bytes of a file, or that it is a directory. */
type Copy = Map<string, string | "/">;

/** What is there, below a path. */
function copyOf(path: string, copy: Copy = new Map()): Copy {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return copy;
  copy.set(path, stat.isDirectory() ? "/" : readFileSync(path, "utf8"));
  if (stat.isDirectory()) { for (const name of readdirSync(path)) copyOf(join(path, name), copy); }
  return copy;
}

function apply(copy: Copy, event: WatchEvent): void {
  if (!("isDirectory" in event)) return;
  const take = (top: string) => {
    const taken = [...copy].filter(([path]) => path === top || path.startsWith(`${top}/`));
    for (const [path] of taken) copy.delete(path);
    return taken;
  };
  if (event.kind === "remove") {
    take(event.path);
  } else if (event.kind === "rename") {
    const moved = take(event.from);
    take(event.path);
    for (const [path, content] of moved) {
      copy.set(event.path + path.slice(event.from.length), content);
    }
  } else if (event.isDirectory) {
    copy.set(event.path, "/");
  } else {
    const stat = statSync(event.path, { throwIfNoEntry: false });
    if (stat?.isFile()) copy.set(event.path, readFileSync(event.path, "utf8"));
  }
}

/** What changes: each in a directory of its own, with `d` and `e` in it, and `link`, and an `other` one elsewhere. */
const changes: Record<string, (at: At, other: At) => void> = {
  "a file is written": (at) => appendFileSync(at("d/f"), "more"),
  "a file is written with as many bytes, and its times are set back": (at) => {
    writeFileSync(at("d/f"), "DIFF");
    utimesSync(at("d/f"), 1, 1);
  },
  "a file is saved by a rename": (at) => {
    writeFileSync(at("d/new"), "new");
    renameSync(at("d/new"), at("d/f"));
  },
  "a file is removed and made again": (at) => {
    rmSync(at("d/f"));
    writeFileSync(at("d/f"), "again");
  },
  "a file moves in over another one": (at, other) => renameSync(other("d/f"), at("d/f")),
  "a file makes way for a directory": (at) => {
    rmSync(at("d/f"));
    mkdirSync(at("d/f/in"), { recursive: true });
  },
  "a directory makes way for another one with the same names": (at, other) => {
    renameSync(at("d"), other("away"));
    renameSync(other("d"), at("d"));
  },
  "a directory goes, its files are written, and it comes back": (at, other) => {
    renameSync(at("d"), other("away"));
    writeFileSync(other("away/f"), "elsewhere");
    renameSync(other("away"), at("d"));
  },
  "a link that is followed is pointed elsewhere": (at, other) => {
    symlinkSync(other("d"), at("next"));
    renameSync(at("next"), at("link"));
  },
  "all makes way for something else": (at, other) => {
    renameSync(at("."), `${other(".")}-away`);
    renameSync(other("."), at("."));
  },
  "two files change places": (at) => exchange(at("d/f"), at("d/g")),
  "two directories change places": (at) => exchange(at("d"), at("e")),
};

/** What changes of files that are watched themselves. */
const changesOfFiles: Record<string, (path: string, other: string) => void> = {
  "a watched file is written": (path) => appendFileSync(path, "more"),
  "a watched file is replaced": (path, other) => renameSync(other, path),
  "a watched file is removed and made again": (path) => {
    rmSync(path);
    writeFileSync(path, "again");
  },
};

/** Kinds by which everything that comes and goes is reported, and every change of content. */
const KINDS: readonly (readonly WatchKind[])[] = [
  ["create", "modify", "remove", "rename"],
  ["create", "closeWrite", "remove", "rename"],
  ["create", "modify", "remove"],
];

interface Way {
  readonly options: WatchOptions;
  /** Has events lost, until the loop takes some. @param path in a directory that is watched, or a watched file */
  readonly lose: (path: string) => void;
}

const ways: Record<string, Way> = {
  "a loop takes nothing": {
    options: { maxQueue: 2 },
    lose(path) {
      for (let i = 0; i < 3; i++) appendFileSync(path, "");
      for (let i = 0; i < 3; i++) writeFileSync(path, "filled");
    },
  },
  "the kernel's queue is full": {
    options: { maxQueue: 1_000_000 },
    lose(path) {
      const other = join(dirname(path), "passing");
      writeFileSync(other, "");
      for (let i = 0; i <= limits().maxQueuedEvents / 4; i++) {
        renameSync(path, `${path}~`);
        renameSync(`${path}~`, path);
      }
    },
  },
};

function makeTree(at: At, content: string): void {
  for (const directory of ["d/sub", "e"]) mkdirSync(at(directory), { recursive: true });
  for (const file of ["d/f", "d/g", "d/sub/f", "e/f"]) writeFileSync(at(file), content);
  symlinkSync(at("e"), at("link"));
}

for (const [loss, { options, lose }] of Object.entries(ways)) {
  test(`watch() reports what changes while ${loss}, by whatever kinds`, async () => {
    const base = tmpDir(fastest);
    const at = (...names: string[]) => join(base, ...names);
    for (const what of Object.keys(changes)) {
      makeTree((name) => at("root", what, name), "same");
      makeTree((name) => at("other", what, name), "DIFF");
    }
    mkdirSync(at("files"));
    for (const what of Object.keys(changesOfFiles)) {
      writeFileSync(at("files", what), "same");
      writeFileSync(at("other", what), "DIFF");
    }
    writeFileSync(at("root/spare"), "");
    const files = Object.keys(changesOfFiles).map((what) => at("files", what));
    const there = () => {
      const copy = copyOf(at("root"));
      for (const file of files) copyOf(file, copy);
      return [...copy].toSorted();
    };
    await new Promise((resolve) => setTimeout(resolve, 20)); // older than a tick of the clock

    const consumers = KINDS.map((events) => {
      const watcher = watch([at("root"), ...files], { events, followSymlinks: true, ...options });
      const iterator = watcher[Symbol.asyncIterator]();
      return { events, watcher, iterator, copy: new Map(there()), lines: [] as string[] };
    });
    const synced = () => within(Promise.all(consumers.map(({ watcher }) => watcher.sync())));
    await synced();
    lose(at("root/spare"));
    if (options.maxQueue === 2) await synced();
    for (const [what, change] of Object.entries(changes)) {
      change((name) => at("root", what, name), (name) => at("other", what, name));
    }
    for (const [what, change] of Object.entries(changesOfFiles)) {
      change(at("files", what), at("other", what));
    }
    await synced();

    const loops = consumers.map(async ({ iterator, copy, lines }) => {
      for await (const event of { [Symbol.asyncIterator]: () => iterator }) {
        lines.push("path" in event ? `${event.kind} ${event.path}` : event.kind);
        apply(copy, event);
      }
    });
    await synced();
    await new Promise((resolve) => setTimeout(resolve, 0)); // the loops take what waits
    await Promise.all(consumers.map(({ watcher }) => watcher.close()));
    await Promise.all(loops);
    for (const { events, copy, lines } of consumers) {
      assert.ok(lines.includes("overflow"));
      assert.deepEqual([...copy].toSorted(), there(), `${events}:\n${lines.join("\n")}`);
    }
    rmSync(base, { recursive: true });
  });
}

test("maxQueue bounds what waits for a loop that takes nothing, after sync() too", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { maxQueue: 100 });
  await within(watcher.ready);
  const iterator = watcher[Symbol.asyncIterator]();
  const path = join(directory, "file");
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 500; i++) {
      writeFileSync(path, "");
      rmSync(path);
    }
    await within(watcher.sync());
  }
  await watcher.add(tmpDir(fastest)); // which sync() waits for, too
  let waiting = 0;
  const end = setTimeout(() => void watcher.close(), 100);
  for await (const _ of { [Symbol.asyncIterator]: () => iterator }) waiting++;
  clearTimeout(end);
  assert.ok(waiting <= 102, `${waiting} events`); // with the overflow, and what differs in the end
});

test("add() reports nothing of what is there, though a loop takes nothing", async () => {
  const [one, two] = [tmpDir(fastest), tmpDir(fastest)];
  mkdirSync(join(two, "sub"));
  writeFileSync(join(two, "sub/old"), "");
  await using watcher = watch(one, { maxQueue: 2 });
  await within(watcher.ready);
  const iterator = watcher[Symbol.asyncIterator]();
  for (const name of ["a", "b", "c"]) mkdirSync(join(one, name));
  await within(watcher.sync());
  await within(watcher.add(two));
  mkdirSync(join(two, "new"));
  await within(watcher.sync());
  const paths: string[] = [];
  while (paths.at(-1) !== join(two, "new")) {
    const { value } = await within(iterator.next(), () => paths);
    paths.push(value !== undefined && "path" in value ? value.path : "overflow");
  }
  assert.deepEqual(
    paths,
    [...["a", "b"].map((name) => join(one, name)), "overflow", join(one, "c"), join(two, "new")],
  );
});

test("a loop that takes nothing costs the other loop of its watcher no event", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory, { maxQueue: 10 });
  await within(watcher.ready);
  const idle = watcher[Symbol.asyncIterator]();
  const paths: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) paths.push("path" in event ? event.path : event.kind);
  })();
  const made: string[] = [];
  for (let i = 0; i < 50; i++) {
    for (const name of [`${i}`, `${i}+`]) {
      mkdirSync(join(directory, name));
      made.push(join(directory, name));
    }
    await within(watcher.sync());
    await until(() => paths.length === made.length, () => paths);
  }
  assert.deepEqual(paths, made);
  await idle.return!();
  await watcher.close();
  await loop;
});

test("remove() of a root while it is scanned after an overflow leaves the root below it watched", async () => {
  const base = tmpDir(fastest);
  const inner = join(base, "a/b/sub");
  mkdirSync(join(inner, "deep"), { recursive: true });
  for (let i = 0; i < 30; i++) mkdirSync(join(base, `m${i}`));
  writeFileSync(join(base, "spare"), "");
  await using watcher = watch([base, inner]);
  await within(watcher.ready);
  const paths: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) {
      if (event.kind === "overflow") watcher.remove(base);
      else if ("path" in event) paths.push(event.path);
    }
  })();
  ways["the kernel's queue is full"].lose(join(base, "spare"));
  await within(watcher.sync());
  await within(watcher.sync());
  for (const name of ["new", "deep/new"]) mkdirSync(join(inner, name));
  await within(watcher.sync());
  await until(() => paths.length >= 2, () => paths);
  assert.deepEqual(paths.slice(-2), [join(inner, "new"), join(inner, "deep/new")]);
  await watcher.close();
  await loop;
});

test("17,000 calls of sync() and add() in one turn overflow nothing, and each resolves", async () => {
  const [one, two] = [tmpDir(fastest), tmpDir(fastest)];
  await using watcher = watch(one);
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) {
      lines.push("path" in event ? `${event.kind} ${event.path}` : event.kind);
    }
  })();
  const calls: Promise<void>[] = [];
  for (let i = 0; i < 8_500; i++) calls.push(watcher.sync(), watcher.add(two));
  mkdirSync(join(two, "new"));
  await within(Promise.all(calls));
  await within(watcher.sync());
  await until(() => lines.length > 0, () => lines);
  assert.deepEqual(lines, [`create ${join(two, "new")}`]);
  await watcher.close();
  await loop;
});

test("after an overflow, attributes of a directory and a file that takes a known name are reported", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  mkdirSync(at("d/sub"), { recursive: true });
  for (const name of ["spare", "d/f", "other"]) writeFileSync(at(name), name);
  await new Promise((resolve) => setTimeout(resolve, 20)); // older than a tick of the clock
  let isLost = false;
  await using watcher = watch(directory, {
    events: ["create", "modify", "attrib"],
    ignore(path) {
      if (isLost && path === at("spare")) { // while the root is looked at again, before d is
        isLost = false;
        linkSync(at("other"), at("d/f"));
      }
      return false;
    },
  });
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) {
      lines.push("path" in event ? `${event.kind} ${event.path}` : event.kind);
    }
  })();
  ways["the kernel's queue is full"].lose(at("spare"));
  chmodSync(at("d/sub"), 0o700);
  rmSync(at("d/f"));
  isLost = true;
  await within(watcher.sync());
  await within(watcher.sync());
  await watcher.close();
  await loop;
  const later = lines.slice(lines.indexOf("overflow"));
  assert.ok(later.includes(`attrib ${at("d/sub")}`), later.join("\n"));
  assert.ok(later.includes(`modify ${at("d/f")}`), later.join("\n"));
});

test("after an overflow, of a link that is a path of its own is reported what it leads to, once", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  mkdirSync(at("t"));
  for (const name of ["file", "changed", "t/spare"]) writeFileSync(at(name), name);
  for (const name of ["file", "changed"]) symlinkSync(`../${name}`, at(`t/${name}`));
  await new Promise((resolve) => setTimeout(resolve, 20)); // older than a tick of the clock
  await using watcher = watch([at("t"), at("t/file"), at("t/changed")]);
  await within(watcher.ready);
  const lines: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) {
      lines.push("path" in event ? `${event.kind} ${event.path}` : event.kind);
    }
  })();
  ways["the kernel's queue is full"].lose(at("t/spare"));
  rmSync(at("t/file"));
  symlinkSync("../file", at("t/file"));
  appendFileSync(at("changed"), "more");
  await within(watcher.sync());
  await within(watcher.sync());
  await watcher.close();
  await loop;
  assert.deepEqual(
    lines.slice(lines.indexOf("overflow")).filter((line) => !/spare|passing/.test(line)),
    ["overflow", `modify ${at("t/changed")}`],
  );
});
