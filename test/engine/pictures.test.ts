/** `since` and `Watcher.snapshot()`: what has changed while nobody watched. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type Watcher, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { exchange } from "../helpers/exchange.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** The snapshot of some paths. */
async function snapshotOf(
  paths: string | string[],
  options: WatchOptions = {},
): Promise<Uint8Array> {
  await using watcher = watch(paths, options);
  return await within(watcher.snapshot());
}

/** What a watcher reports before it is ready. */
async function reported(
  paths: string | string[],
  options: WatchOptions,
): Promise<WatchEvent[]> {
  await using watcher = watch(paths, options);
  const [events, ended] = collect(watcher);
  await within(watcher.ready);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await ended;
  return events;
}

function collect(watcher: Watcher): [events: WatchEvent[], ended: Promise<void>] {
  const events: WatchEvent[] = [];
  return [
    events,
    (async () => {
      for await (const event of watcher) events.push(event);
    })(),
  ];
}

function lines(events: readonly WatchEvent[], directory: string): string[] {
  const shown = (path: string) => path.slice(directory.length + 1) || ".";
  return events.map((event) => {
    if (event.kind === "rename") {
      return `rename ${shown(event.from)} -> ${shown(event.path)}${
        event.replaced ? " replaced" : ""
      }`;
    }
    return event.kind + ("path" in event ? ` ${shown(event.path)}` : "");
  });
}

/** What is reported of changes between two runs. */
async function between(
  before: (at: (path: string) => string) => void,
  change: (at: (path: string) => string) => void,
  options: WatchOptions = {},
  roots: string[] = [""],
): Promise<string[]> {
  const directory = tmpDir(fastest);
  const at = (path: string) => join(directory, path);
  before(at);
  const since = await snapshotOf(roots.map(at), options);
  change(at);
  return lines(await reported(roots.map(at), { ...options, since }), directory);
}

const write = (path: string, text = "") => writeFileSync(path, text);

test("since reports nothing if nothing has changed", async () => {
  const events = await between((at) => {
    mkdirSync(at("a/b"), { recursive: true });
    write(at("a/b/f"), "x");
    symlinkSync("a", at("link"));
  }, () => {});
  assert.deepEqual(events, []);
});

test("since reports creations, removals and changes", async () => {
  const events = await between(
    (at) => ["removed", "changed", "same"].forEach((name) => write(at(name), name)),
    (at) => {
      write(at("created"));
      rmSync(at("removed"));
      appendFileSync(at("changed"), "more");
      mkdirSync(at("d"));
      write(at("d/f"));
    },
  );
  assert.deepEqual(events.sort(), [
    ...["create created", "create d", "create d/f", "modify changed", "remove removed"],
  ]);
});

test("since reports a change that keeps the size and the modification time", async () => {
  const events = await between((at) => write(at("f"), "before"), (at) => {
    write(at("f"), "after!");
    utimesSync(at("f"), 1, 1);
  });
  assert.deepEqual(events, ["modify f"]);
});

test("since reports renames of files and directories, with what changed in them", async () => {
  const events = await between((at) => {
    mkdirSync(at("d/e"), { recursive: true });
    write(at("d/e/f"));
    write(at("g"));
    mkdirSync(at("other"));
  }, (at) => {
    renameSync(at("d"), at("other/d"));
    renameSync(at("g"), at("h"));
    appendFileSync(at("other/d/e/f"), "x");
  });
  assert.deepEqual(events.sort(), ["modify other/d/e/f", "rename d -> other/d", "rename g -> h"]);
});

test("since reports a rename and a change of one file as both", async () => {
  const events = await between((at) => write(at("a"), "x"), (at) => {
    appendFileSync(at("a"), "y");
    renameSync(at("a"), at("b"));
  });
  assert.deepEqual(events, ["rename a -> b", "modify b"]);
});

test("since reports a chain of renames, and an exchange", async () => {
  const events = await between(
    (at) => ["a", "b", "x", "y"].forEach((name) => write(at(name), name)),
    (at) => {
      renameSync(at("b"), at("c"));
      renameSync(at("a"), at("b"));
      exchange(at("x"), at("y"));
    },
  );
  assert.deepEqual(events.filter((line) => /[abc]$/.test(line)), [
    "rename b -> c",
    "rename a -> b",
  ]);
  const swap = events.filter((line) => /[xy]/.test(line));
  assert.equal(swap.length, 3);
  assert.match(swap.join(), /^rename (\w) -> (\w)~,rename (\w) -> \1,rename \2~ -> \3$/);
});

test("since reports another hard link as created", async () => {
  const events = await between((at) => write(at("a")), (at) => linkSync(at("a"), at("b")));
  assert.deepEqual(events.sort(), ["create b", "modify a"]); // the number of links is a status
});

test("since finds no rename where renames are not requested", async () => {
  const options: WatchOptions = { events: ["create", "remove", "modify"] };
  const events = await between(
    (at) => write(at("a")),
    (at) => renameSync(at("a"), at("b")),
    options,
  );
  assert.deepEqual(events.sort(), ["create b", "remove a"]);
});

test("since reports changes by each kind that is requested", async () => {
  const options: WatchOptions = { events: ["closeWrite", "attrib"] };
  const events = await between((at) => write(at("a")), (at) => write(at("a"), "x"), options);
  assert.deepEqual(events, ["attrib a", "closeWrite a"]);
});

test("since reports the coming, going and replacing of given paths", async () => {
  const events = await between(
    (at) => {
      write(at("file"));
      write(at("removed"));
      mkdirSync(at("directory"));
      write(at("directory/f"));
    },
    (at) => {
      appendFileSync(at("file"), "x");
      rmSync(at("removed"));
      renameSync(at("directory"), at("moved"));
      mkdirSync(at("late"));
      write(at("late/f"));
    },
    {},
    ["file", "removed", "directory", "late"],
  );
  assert.deepEqual(events.sort(), [
    ...["create late", "create late/f", "modify file", "remove directory", "remove removed"],
  ]);
});

test("since reports an entry once if it is a given path below another one", async () => {
  const before = (at: (path: string) => string) => {
    for (const name of ["a/b", "a/c"]) mkdirSync(at(name), { recursive: true });
    for (const name of ["a/b/f", "a/c/g"]) write(at(name));
  };
  const roots = ["a", "a/b", "a/c", "a/d"];
  const removed = await between(before, (at) => rmSync(at("a/b"), { recursive: true }), {}, roots);
  assert.deepEqual(removed, ["remove a/b"]);
  const renamed = await between(before, (at) => renameSync(at("a/b"), at("a/d")), {}, roots);
  assert.deepEqual(renamed, ["rename a/b -> a/d"]);
  const gone = await between(before, (at) => rmSync(at("a"), { recursive: true }), {}, roots);
  assert.deepEqual(gone, ["remove a"]);
  const flat = await between(before, (at) => write(at("a/b/f"), "x"), { recursive: false }, [
    "a",
    "a/b/f",
  ]);
  assert.deepEqual(flat, ["modify a/b/f"]);
});

test("since treats a path that the snapshot does not have as without since", async () => {
  const directory = tmpDir(fastest);
  const [a, b] = ["a", "b"].map((name) => join(directory, name));
  for (const path of [a, b]) mkdirSync(path);
  const since = await snapshotOf(a);
  for (const path of [a, b]) write(join(path, "f"));
  assert.deepEqual(lines(await reported([a, b], { since }), directory), ["create a/f"]);
});

test("since leaves out what is ignored now, and reports what no longer is", async () => {
  const directory = tmpDir(fastest);
  for (const name of ["a.tmp", "b.log"]) write(join(directory, name));
  const since = await snapshotOf(directory, { ignore: "*.log" });
  const events = await reported(directory, { since, ignore: "*.tmp" });
  assert.deepEqual(lines(events, directory), ["create b.log"]);
});

test("since with followSymlinks reports what has happened to linked files", async () => {
  const [directory, outside] = [tmpDir(fastest), tmpDir(fastest)];
  const [at, out] = [directory, outside].map((base) => (name: string) => join(base, name));
  for (const name of ["a", "b", "c", "d", "same"]) write(out(name));
  for (const name of ["a", "b", "c", "gone", "same"]) symlinkSync(out(name), at(name));
  const options = { followSymlinks: true };
  const before = await snapshotOf(directory, options);
  assert.deepEqual(await reported(directory, { ...options, since: before }), []);
  write(out("a"), "x");
  rmSync(out("b"));
  renameSync(out("d"), out("c"));
  write(out("gone"));
  const events = await reported(directory, { ...options, since: before });
  assert.deepEqual(lines(events, directory).sort(), [
    ...["modify a", "modify b", "modify c", "modify gone"],
  ]);
  const later = await snapshotOf(directory, options);
  assert.deepEqual(await reported(directory, { ...options, since: later }), []);
  renameSync(out("a"), at("moved")); // the inode of the linked file, but not that of the link
  assert.deepEqual(
    lines(await reported(directory, { ...options, since: later }), directory).sort(),
    [
      ...["create moved", "modify a"],
    ],
  );
});

test("since with include: a file comes by its name, and goes by it", async () => {
  const directory = tmpDir(fastest);
  const at = (name: string) => join(directory, name);
  mkdirSync(at("d"));
  for (const name of ["a.ts", "b.tmp", "d/c.ts", "d/e.tmp"]) write(at(name));
  const since = await snapshotOf(directory, { include: "*.ts" });
  renameSync(at("a.ts"), at("a.tmp"));
  renameSync(at("b.tmp"), at("b.ts"));
  renameSync(at("d/c.ts"), at("c.ts"));
  write(at("d/e.tmp"), "x");
  const events = await reported(directory, { since, include: "*.ts" });
  assert.deepEqual(lines(events, directory).sort(), [
    ...["create b.ts", "remove a.ts", "rename d/c.ts -> c.ts"],
  ]);
  assert.deepEqual(
    lines(await reported(directory, { since, include: "*.tmp" }), directory).sort(),
    [
      ...["create d/e.tmp", "rename a.ts -> a.tmp"],
    ],
  );
});

test("since with another recursive than that of the snapshot", async () => {
  const directory = tmpDir(fastest);
  mkdirSync(join(directory, "d"));
  write(join(directory, "d/f"));
  const [deep, flat] = [
    await snapshotOf(directory),
    await snapshotOf(directory, { recursive: false }),
  ];
  assert.deepEqual(await reported(directory, { since: flat }), []);
  assert.deepEqual(await reported(directory, { since: deep, recursive: false }), []);
});

test("since with initial reports all that is there after the differences", async () => {
  const events = await between(
    (at) => ["a", "b"].forEach((name) => write(at(name))),
    (at) => rmSync(at("a")),
    { initial: true },
  );
  assert.deepEqual(events, ["remove a", "exists .", "exists b"]);
});

test("since and names that are not UTF-8", async () => {
  const directory = tmpDir(fastest);
  const name = (text: string) =>
    Buffer.concat([Buffer.from(`${directory}/${text}`), Buffer.from([0xff])]);
  if ("Deno" in globalThis) return; // its node:fs takes no such name
  writeFileSync(name("a"), "");
  const since = await snapshotOf(directory);
  renameSync(name("a"), name("b"));
  const [event] = await reported(directory, { since });
  assert.ok(event.kind === "rename");
  assert.deepEqual(Buffer.from(event.rawPath!), name("b"));
  assert.deepEqual(Buffer.from(event.rawFrom!), name("a"));
});

test("since reports more differences than the queue holds, without an overflow", async () => {
  const events = await between(() => {}, (at) => {
    for (let i = 0; i < 50; i++) write(at(`f${i}`));
  }, { maxQueue: 10 });
  assert.equal(events.length, 50);
  assert.ok(events.every((line) => line.startsWith("create ")));
});

test("since reports what happens during the set-up, once", async () => {
  const directory = tmpDir(fastest);
  const model = new Model();
  {
    await using watcher = watch(directory, { since: undefined, initial: true });
    const [events] = collect(watcher);
    await within(watcher.ready);
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (const event of events) model.apply(event);
  }
  const since = await snapshotOf(directory);
  for (let i = 0; i < 20; i++) mkdirSync(join(directory, `d${i}`));
  await using watcher = watch(directory, { since });
  const [events, ended] = collect(watcher);
  for (let i = 0; i < 20; i++) {
    write(join(directory, `d${i}/f`));
    renameSync(join(directory, `d${i}`), join(directory, `e${i}`));
  }
  await within(watcher.ready);
  await within(watcher.sync());
  await watcher.close();
  await ended;
  for (const event of events) model.apply(event);
  assert.deepEqual([...model.paths].sort(), [...onDisk(directory)].sort());
  assert.deepEqual(model.contradictions, []);
});

test("since and a path that is added while the watcher is set up, or waited for by sync()", async () => {
  const directory = tmpDir(fastest);
  const since = await snapshotOf(directory);
  write(join(directory, "f"));
  await using watcher = watch(directory, { since });
  await within(watcher.sync());
  const { value } = await within(watcher[Symbol.asyncIterator]().next());
  assert.deepEqual(lines([value as WatchEvent], directory), ["create f"]);
});

for (
  const [what, since, message] of [
    ["text", "state", /since must be the bytes of a snapshot, a Uint8Array, not "state"/],
    ["null", null, /since must be the bytes of a snapshot, a Uint8Array, not null/],
    ["other bytes", new Uint8Array(8), /since must be what snapshot\(\) has given, not 8 bytes/],
  ] as const
) {
  test(`watch() throws a TypeError if since is ${what}`, () => {
    const options = { since } as unknown as WatchOptions;
    assert.throws(
      () => watch(".", options),
      (error) => error instanceof TypeError && message.test(error.message),
    );
  });
}

// What a snapshot has

test("Watcher.snapshot() has what the loops have taken, and not what is queued for one of them", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory);
  const [fast, slow] = [watcher[Symbol.asyncIterator](), watcher[Symbol.asyncIterator]()];
  await within(watcher.ready);
  for (const name of ["a", "b"]) mkdirSync(join(directory, name));
  await within(watcher.sync());
  for (const loop of [fast, fast, slow]) await loop.next();
  const since = await within(watcher.snapshot());
  assert.deepEqual(lines(await reported(directory, { since }), directory), ["create b"]);
  await slow.next();
  const later = await within(watcher.snapshot());
  assert.deepEqual(await reported(directory, { since: later }), []);
});

test("Watcher.snapshot() does not have what batches() still keeps", async () => {
  const directory = tmpDir(fastest);
  await using watcher = watch(directory);
  const batches = watcher.batches({ settle: 200 });
  await within(watcher.ready);
  const next = batches.next();
  mkdirSync(join(directory, "a"));
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 20));
  const since = await within(watcher.snapshot());
  assert.deepEqual(lines(await reported(directory, { since }), directory), ["create a"]);
  assert.equal((await within(next)).value?.length, 1);
  const later = await within(watcher.snapshot());
  assert.deepEqual(await reported(directory, { since: later }), []);
});

test("Watcher.snapshot() of a loop that is losing events has what was before its loss", async () => {
  const directory = tmpDir(fastest);
  for (const name of ["a", "b", "c"]) mkdirSync(join(directory, name));
  await using watcher = watch(directory, { maxQueue: 2 });
  const loop = watcher[Symbol.asyncIterator]();
  await within(watcher.ready);
  for (const name of ["a", "b", "c"]) rmSync(join(directory, name), { recursive: true });
  await within(watcher.sync());
  const { value } = await loop.next();
  const since = await within(watcher.snapshot());
  const rest = lines(await reported(directory, { since }), directory);
  assert.deepEqual([...lines([value!], directory), ...rest].sort(), [
    "remove a",
    "remove b",
    "remove c",
  ]);
});

test("Watcher.snapshot() after a loop was left has what the loop has taken", async () => {
  const directory = tmpDir(fastest);
  const watcher = watch(directory, { since: undefined });
  await within(watcher.ready);
  for (const name of ["a", "b"]) mkdirSync(join(directory, name));
  await within(watcher.sync());
  for await (const _ of watcher) break;
  mkdirSync(join(directory, "c"));
  const since = await within(watcher.snapshot());
  const events = lines(await reported(directory, { since }), directory);
  assert.deepEqual(events.sort(), ["create b", "create c"]);
});

test("Watcher.snapshot() rejects if the watcher was closed before it was ready", async () => {
  const watcher = watch(tmpDir(fastest));
  const closed = watcher.close();
  await assert.rejects(within(watcher.snapshot()), /was closed before/);
  await closed;
});

test("Watcher.snapshot() leaves nothing open", async () => {
  const directory = tmpDir(fastest);
  for (let i = 0; i < 20; i++) mkdirSync(join(directory, `d${i}`));
  await using watcher = watch(directory);
  const first = await within(watcher.snapshot());
  const open = () => readdirSync("/proc/self/fd").length;
  const before = open();
  for (let i = 0; i < 5; i++) assert.deepEqual(await within(watcher.snapshot()), first);
  assert.equal(open(), before);
});
