/** `watch()` and `Watcher` as they are called; what they tell is in scenarios/ and convergence.test.ts. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { CLOCK_REALTIME } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import {
  InotifyError,
  limits,
  type Path,
  watch,
  type Watcher,
  type WatchEvent,
  type WatchOptions,
} from "../../mod.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { openFiles } from "../helpers/proc.ts";
import { thrown } from "../helpers/thrown.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

function touch(directory: string, ...names: string[]): void {
  for (const name of names) mkdirSync(join(directory, name));
}

/** Takes events in the background. @returns their lines, as they come; and when it is over */
function collect(
  events: AsyncIterable<WatchEvent>,
  stopAfter: number = Infinity,
): { readonly lines: string[]; readonly ended: Promise<void> } {
  const lines: string[] = [];
  const ended = (async () => {
    for await (const event of events) {
      lines.push("path" in event ? `${event.kind} ${event.path}` : event.kind);
      if (lines.length === stopAfter) break;
    }
  })();
  return { lines, ended };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

// What is watched

for (
  const [name, path] of Object.entries<(directory: string) => Path>({
    "a relative path": (directory) => relative(process.cwd(), directory),
    "a file: URL": (directory) => pathToFileURL(directory),
    "bytes": (directory) => new TextEncoder().encode(directory),
    "a path with more in it than it needs": (directory) => `${directory}/./x/..//`,
  })
) {
  test(`${name} is watched, and events have absolute paths`, async () => {
    const directory = tmpDir();
    await using watcher = watch(path(directory));
    const { lines } = collect(watcher);
    await within(watcher.ready);
    assert.deepEqual(watcher.watched(), [directory]);
    touch(directory, "a");
    await within(watcher.sync());
    await turn();
    assert.deepEqual(lines, [`create ${directory}/a`]);
  });
}

test("paths are added and removed, and none is told of twice", async () => {
  const base = tmpDir();
  touch(base, "a", "a/b", "c");
  await using watcher = watch(join(base, "a"));
  const { lines } = collect(watcher);
  await within(watcher.add(join(base, "a/b")));
  await within(watcher.add(join(base, "c")));
  assert.deepEqual(watcher.watched().sort(), ["a", "a/b", "c"].map((name) => join(base, name)));
  touch(base, "a/b/1", "c/1");
  await within(watcher.sync());
  assert.equal(watcher.remove(join(base, "a")), true);
  assert.equal(watcher.remove(join(base, "a")), false);
  touch(base, "a/2", "a/b/2", "c/2");
  await within(watcher.sync());
  assert.equal(watcher.remove(join(base, "c")), true);
  touch(base, "c/3", "a/b/3");
  await within(watcher.sync());
  await turn();
  const expected = ["a/b/1", "c/1", "a/b/2", "c/2", "a/b/3"];
  assert.deepEqual(lines, expected.map((name) => `create ${base}/${name}`));
});

test("two watchers of one tree are told the same, and closing one does not blind the other", async () => {
  const directory = tmpDir();
  touch(directory, "sub");
  const outer = watch(directory);
  const inner = watch(join(directory, "sub"), { events: ["create"] });
  const twin = watch(directory);
  const seen = [outer, inner, twin].map((watcher) => collect(watcher).lines);
  await within(Promise.all([outer.ready, inner.ready, twin.ready]));
  touch(directory, "sub/1");
  await within(Promise.all([outer.sync(), inner.sync(), twin.sync()]));
  await within(inner.close());
  touch(directory, "sub/2");
  await within(outer.sync());
  await within(twin.close());
  touch(directory, "sub/3");
  await within(outer.sync());
  await turn();
  await within(outer.close());
  const made = (...numbers: number[]) => numbers.map((n) => `create ${directory}/sub/${n}`);
  assert.deepEqual(seen, [made(1, 2, 3), made(1), made(1, 2)]);
});

test("what a watcher is still to be told of is no news for one that comes after it", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  touch(directory, "goes", "moves", "stays");
  await using before = watch(directory);
  await within(before.ready);
  const first = collect(before);
  rmdirSync(at("goes"));
  renameSync(at("moves"), at("moved"));
  touch(directory, "stays/sub", "new");
  await using after = watch(directory);
  const second = collect(after);
  await within(after.sync());
  touch(directory, "stays/sub/a", "new/b", "moved/c");
  await within(after.sync());
  await turn();
  const told = (...lines: string[]) =>
    lines.map((line) => line.replace(" ", ` ${directory}/`)).toSorted();
  const later = told("create stays/sub/a", "create new/b", "create moved/c");
  assert.deepEqual(second.lines.toSorted(), later);
  const earlier = told("remove goes", "rename moved", "create stays/sub", "create new");
  assert.deepEqual(first.lines.toSorted(), [...earlier, ...later].toSorted());
});

// Bad input

for (
  const [name, paths, options, error] of [
    ["an empty path", "", {}, /must not be empty/],
    ["a path with a NUL byte", "a\0b", {}, /contain a NUL byte, and "a\\u0000b" does/],
    ["a number for a path", 5 as unknown as string, {}, /, not 5/],
    ["an unknown kind", ".", { events: ["created"] }, /events must be .*, not "created"/],
    ["a kind that is not in an array", ".", { events: "create" }, /events must .*, not "create"/],
    ["an empty glob", ".", { ignore: "" }, /ignore takes .*, and not ""/],
    ["a number to ignore", ".", { ignore: 5 }, /ignore takes .*, and not 5/],
    ["a queue for an overflow alone", ".", { maxQueue: 1 }, /maxQueue must .*, not 1/],
    ["half an event", ".", { maxQueue: 2.5 }, /maxQueue must .*, not 2.5/],
    ["a queue of a string", ".", { maxQueue: "9" }, /maxQueue must be a number, not "9"/],
    [
      "what makes signals",
      ".",
      { signal: new AbortController() },
      /signal must be .*AbortController/,
    ],
    ["null for a signal", ".", { signal: null }, /signal must be an AbortSignal, not null/],
    ["a number for a function", ".", { onProgress: 5 }, /onProgress must be a function, not 5/],
    ["a string for a flag", ".", { initial: "no" }, /initial must be true or false, not "no"/],
    ["null for options", ".", null, /options must be an object, not null/],
  ] as const
) {
  test(`${name} is refused at once`, () => {
    const { inotify } = openFiles();
    assert.throws(() => watch(paths, options as unknown as WatchOptions), error);
    assert.equal(openFiles().inotify, inotify, "nothing stays open");
  });
}

test("a watcher that is closed takes no path", async () => {
  const watcher = watch([]);
  await within(watcher.close());
  assert.deepEqual(thrown(() => watcher.add("/dev/shm")), {
    name: "InotifyError",
    message: 'Cannot watch "/dev/shm": this watcher is closed (EBADF)',
    code: "EBADF",
    errno: 9,
    syscall: "inotify_add_watch",
    path: "/dev/shm",
  });
  assert.equal(watcher.remove("/dev/shm"), false);
});

test("batches of a negative time are refused", async () => {
  await using watcher = watch(tmpDir());
  assert.throws(() => watcher.batches({ settle: -1 }), /settle must be .*, not -1/);
  assert.throws(() => watcher.batches({ maxWait: NaN }), /maxWait must be .*, not NaN/);
  const five = "5" as unknown as number;
  assert.throws(() => watcher.batches({ settle: five }), /settle must be a number, not "5"/);
});

test("what a function to ignore throws ends the watcher, and is told to its loops", async () => {
  const directory = tmpDir();
  const watcher = watch(directory, {
    ignore(path) {
      if (path.endsWith("bad")) throw new Error("no idea");
      return false;
    },
  });
  await within(watcher.ready);
  const { ended } = collect(watcher);
  touch(directory, "good", "bad");
  await assert.rejects(within(ended), /no idea/);
  assert.deepEqual(watcher.watched(), []);
  await within(watcher.close());
});

test("what onProgress throws ends the watcher, and no other one", async () => {
  const directory = tmpDir();
  await using other = watch(directory);
  await within(other.ready);
  const { lines, ended } = collect(other, 1);
  const watcher = watch(directory, {
    onProgress() {
      throw new Error("no terminal");
    },
  });
  await assert.rejects(within(watcher.ready), /no terminal/);
  await assert.rejects(within(collect(watcher).ended), /no terminal/);
  assert.deepEqual(watcher.watched(), []);
  await within(watcher.close());
  touch(directory, "file");
  await within(ended);
  assert.deepEqual(lines, [`create ${directory}/file`]);
});

test("a function to ignore may return what JavaScript takes for true or false", async () => {
  const directory = tmpDir();
  const ignore = (path: string) => path.match(/bad/) as unknown as boolean;
  await using watcher = watch(directory, { ignore });
  await within(watcher.ready);
  const { lines, ended } = collect(watcher, 1);
  touch(directory, "bad", "good");
  await within(ended);
  assert.deepEqual(lines, [`create ${directory}/good`]);
});

test("one that returns a promise, which is always true, is told so", async () => {
  const directory = tmpDir();
  const ignore = (() => Promise.resolve(false)) as unknown as () => boolean;
  const watcher = watch(directory, { ignore });
  const { ended } = collect(watcher);
  touch(directory, "file");
  await assert.rejects(within(ended), /must return a boolean, and not a promise/);
  await within(watcher.close());
});

test("a path that cannot be looked at rejects ready, and every loop", async () => {
  const watcher = watch("/dev/null/x");
  const { ended } = collect(watcher);
  const isENOTDIR = (error: unknown) =>
    error instanceof InotifyError && error.code === "ENOTDIR" && error.path === "/dev/null/x";
  await assert.rejects(within(ended), isENOTDIR);
  await assert.rejects(within(watcher.ready), isENOTDIR);
});

// Loops

test("the first loop gets what came before it, and each gets everything from its begin on", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  await within(watcher.ready);
  touch(directory, "1");
  await within(watcher.sync());
  const first = collect(watcher).lines;
  const second = collect(watcher).lines;
  touch(directory, "2");
  await within(watcher.sync());
  await turn();
  assert.deepEqual(first, ["1", "2"].map((name) => `create ${directory}/${name}`));
  assert.deepEqual(second, [`create ${directory}/2`]);
});

test("who leaves a loop leaves the others alone; the last one closes the watcher", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  const short = collect(watcher, 1);
  const long = collect(watcher, 3);
  await within(watcher.ready);
  touch(directory, "1", "2");
  await within(short.ended);
  await within(watcher.sync());
  touch(directory, "3");
  await within(long.ended);
  assert.equal(long.lines.length, 3);
  assert.deepEqual(watcher.watched(), []);
  const late = collect(watcher);
  await within(late.ended);
  assert.deepEqual(late.lines, []);
  await within(watcher.close());
});

test("once a loop is left that was the only one, nothing is watched any more", async () => {
  for (const batches of [false, true]) {
    const directory = tmpDir();
    const watcher = watch(directory);
    await within(watcher.ready);
    const { inotify } = openFiles();
    touch(directory, "a");
    if (batches) { for await (const _ of watcher.batches({ settle: 1 })) break; }
    else for await (const _ of watcher) break;
    assert.ok(openFiles().inotify < inotify);
  }
});

test("next() calls that wait together get one event each, in order", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  const events = watcher[Symbol.asyncIterator]();
  const waiting = [events.next(), events.next(), events.next()];
  await within(watcher.ready);
  touch(directory, "1", "2", "3");
  const values = (await within(Promise.all(waiting))).map(({ value }) => (value as Named).path);
  assert.deepEqual(values, ["1", "2", "3"].map((name) => join(directory, name)));
});

interface Named {
  readonly path: string;
}

test("return() ends a next() that waits", async () => {
  await using watcher = watch(tmpDir());
  const loops: AsyncIterator<unknown, undefined>[] = [
    watcher[Symbol.asyncIterator](),
    watcher.batches(),
  ];
  for (const events of loops) {
    const waiting = events.next();
    await within(events.return!());
    assert.deepEqual(await within(waiting), { done: true, value: undefined });
  }
});

// The end

test("close() ends loops, syncs and itself, as often as it is called", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  const { lines, ended } = collect(watcher);
  await within(watcher.ready);
  const sync = watcher.sync();
  const closed = watcher.close();
  assert.equal(watcher.close(), closed);
  await within(Promise.all([sync, closed, ended]));
  await within(watcher.sync());
  touch(directory, "late");
  assert.deepEqual(lines, []);
});

test("close() from inside a loop ends it, whatever waits", async () => {
  const directory = tmpDir();
  const watcher = watch(directory);
  await within(watcher.ready);
  touch(directory, "1", "2", "3");
  await within(watcher.sync());
  const seen: WatchEvent[] = [];
  for await (const event of watcher) {
    seen.push(event);
    await watcher.close();
  }
  assert.equal(seen.length, 1);
});

test("a watcher is closed at once during the set-up of a tree", async () => {
  const directory = tmpDir();
  for (let i = 0; i < 200; i++) touch(directory, String(i));
  const watcher = watch(directory);
  const { ended } = collect(watcher);
  await within(Promise.all([watcher.close(), watcher.ready, ended]));
});

test("close() ends a sync() that waits for the set-up of a tree", async () => {
  const directory = tmpDir(fastest);
  touch(directory, ...Array.from({ length: 5000 }, (_, i) => String(i)));
  const watcher = watch(directory);
  const synced = watcher.sync();
  await turn();
  await within(watcher.close());
  await within(synced);
});

test("a signal closes, also one that was given before", async () => {
  const controller = new AbortController();
  const watcher = watch(tmpDir(), { signal: controller.signal });
  const { ended } = collect(watcher);
  await within(watcher.ready);
  controller.abort();
  await within(ended);
  const late = watch(tmpDir(), { signal: controller.signal });
  await within(Promise.all([late.ready, collect(late).ended]));
  assert.deepEqual(late.watched(), []);
});

// Slow loops

test("the smallest queue that there may be tells a slow loop everything", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 2 });
  await within(watcher.ready);
  const left = new Set(Array.from({ length: 50 }, (_, i) => join(directory, `${i}`)));
  const ended = (async () => {
    for await (const event of watcher) {
      if (event.kind === "create") left.delete(event.path);
      if (left.size === 0) break;
      await turn();
    }
  })();
  for (const path of left) mkdirSync(path);
  await within(ended, () => left);
});

test("a loop that takes nothing gets an overflow, and then what has changed", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 10, initial: true });
  await within(watcher.ready);
  const events = watcher[Symbol.asyncIterator]();
  touch(directory, ...Array.from({ length: 100 }, (_, i) => String(i)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 50; i++) rmSync(join(directory, String(i)), { recursive: true });
  await within(watcher.sync());
  const model = new Model();
  const kinds: string[] = [];
  while (kinds.length < 11 || model.paths.size !== 51) {
    const { value } = await within(events.next(), () => kinds);
    kinds.push(value!.kind);
    model.apply(value!);
  }
  assert.deepEqual(kinds.slice(0, 11), ["exists", ...Array(9).fill("create"), "overflow"]);
  assert.deepEqual(model.paths, onDisk(directory));
  assert.deepEqual(model.contradictions, []);
});

for (const [name, offset] of [["", 0n], [", though the clock is set back", 3600n]] as const) {
  test(`a file that is changed while events are lost is told of, another one is not${name}`, async () => {
    const directory = tmpDir(fastest);
    const [changed, other] = ["changed", "other"].map((name) => join(directory, name));
    for (const path of [changed, other]) writeFileSync(path, "");
    await new Promise((resolve) => setTimeout(resolve, 50)); // they are older than what follows
    const c = libc();
    const { clock_gettime } = c;
    c.clock_gettime = (clockid, tp) => {
      const result = clock_gettime(clockid, tp);
      const isSet = clockid === CLOCK_REALTIME;
      if (isSet) new BigInt64Array(tp.buffer, tp.byteOffset)[0] += offset;
      return result;
    };
    await using watcher = watch(directory);
    const { lines } = collect(watcher);
    await within(watcher.ready);
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(directory, "seen"), "");
    await within(watcher.sync());
    c.clock_gettime = clock_gettime;
    for (let i = 0; i <= limits().maxQueuedEvents / 2; i++) {
      writeFileSync(join(directory, "passing"), "");
      rmSync(join(directory, "passing"));
    }
    writeFileSync(changed, "more");
    await within(watcher.sync());
    await turn();
    const afterwards = lines.slice(lines.indexOf("overflow"));
    assert.ok(afterwards.includes(`modify ${changed}`), "the change was lost");
    assert.ok(!lines.includes(`modify ${other}`), "an old file is told of");
  });
}

test("sync() does not wait for a loop that takes nothing", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory, { maxQueue: 5 });
  await within(watcher.ready);
  const events = watcher[Symbol.asyncIterator]();
  touch(directory, ...Array.from({ length: 20 }, (_, i) => String(i)));
  await within(watcher.sync());
  await within(watcher.sync());
  const model = new Model();
  while (model.paths.size < 20) model.apply((await within(events.next())).value!);
  assert.ok(model.overflows > 0);
});

// Batches

test("a batch is what has changed in the end", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  const batches = watcher.batches({ settle: 30 });
  await within(watcher.ready);
  writeFileSync(join(directory, "f"), "one");
  writeFileSync(join(directory, "gone"), "");
  rmSync(join(directory, "gone"));
  const first = await within(batches.next());
  writeFileSync(join(directory, "f.tmp"), "two");
  renameSync(join(directory, "f.tmp"), join(directory, "f"));
  const second = await within(batches.next());
  renameSync(join(directory, "f"), join(directory, "f~"));
  writeFileSync(join(directory, "f"), "three");
  rmSync(join(directory, "f~"));
  const third = await within(batches.next());
  const path = join(directory, "f");
  assert.deepEqual([first.value, second.value, third.value], [
    [{ kind: "create", path, isDirectory: false }],
    [{ kind: "modify", path, isDirectory: false }],
    [{ kind: "modify", path, isDirectory: false }],
  ]);
});

test("a batch does not wait for ever for quiet", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  await within(watcher.ready);
  let made = 0;
  const busy = setInterval(() => touch(directory, String(made++)), 5);
  try {
    const { value } = await within(watcher.batches({ settle: 1000, maxWait: 60 }).next());
    assert.ok(value!.length > 1);
  } finally {
    clearInterval(busy);
  }
});

test("progress is told while a tree is set up", async () => {
  const directory = tmpDir();
  touch(directory, "a", "b");
  const counts: number[] = [];
  await using watcher = watch(directory, { onProgress: (count) => counts.push(count) });
  await within(watcher.ready);
  assert.equal(counts.at(-1), 3);
});

for (
  const [name, end] of Object.entries<(watcher: Watcher, batches: AsyncIterator<unknown>) => void>({
    "close()": (watcher) => void watcher.close(),
    "return()": (_, batches) => void batches.return!(),
  })
) {
  test(`${name} ends batches() that wait for quiet, and gives no batch`, async () => {
    const directory = tmpDir();
    await using watcher = watch(directory);
    await within(watcher.ready);
    const batches = watcher.batches({ settle: 1e10, maxWait: Infinity });
    const next = batches.next();
    touch(directory, "made");
    await within(watcher.sync());
    assert.equal(
      await Promise.race([next, new Promise((r) => setTimeout(r, 50, "waits"))]),
      "waits",
    );
    end(watcher, batches);
    assert.deepEqual(await within(next), { done: true, value: undefined });
  });
}
