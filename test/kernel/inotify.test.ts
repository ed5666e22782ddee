/**
 * `Inotify` on the real kernel: it rules out the five ways in which asynchronous reading fails, each of which is
 * a section. Together they are longer than 300 lines.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_IGNORED,
  IN_MODIFY,
  IN_MOVE,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONESHOT,
  IN_Q_OVERFLOW,
  Inotify,
  InotifyError,
  type InotifyEvent,
  limits,
} from "../../mod.ts";
import { command } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const isBusy = (error: unknown) =>
  error instanceof InotifyError && error.code === "EBUSY" && error.syscall === "read" &&
  error.message ===
    "Cannot read events: another read() or iterator is reading this instance (EBUSY)";

function touch(directory: string, ...names: string[]): void {
  for (const name of names) writeFileSync(join(directory, name), "");
}

function names(events: readonly InotifyEvent[]): string[] {
  return events.map(({ name }) => name);
}

/**
 * Queues `count` events of files whose names have `length` bytes. No two neighbours are equal, since the
 * kernel would merge them.
 *
 * @returns the names in order
 */
function queueMany(directory: string, count: number, length: number): string[] {
  const files = Array.from({ length: 97 }, (_, i) => `${i}-`.padEnd(length, "n"));
  touch(directory, ...files);
  return Array.from({ length: count }, (_, i) => {
    const name = files[i % files.length];
    utimesSync(join(directory, name), i, i);
    return name;
  });
}

async function readAll(inotify: Inotify, count: number): Promise<InotifyEvent[]> {
  const events: InotifyEvent[] = [];
  while (events.length < count) {
    events.push(...await within(inotify.read(), () => `${events.length} of ${count}`));
  }
  return events;
}

// 1. Reading before the descriptor is ready

test("Inotify.fd is nonblocking and closed on exec", async () => {
  await using inotify = new Inotify();
  const info = readFileSync(`/proc/self/fdinfo/${inotify.fd}`, "utf8");
  const flags = parseInt(/^flags:\s+(\d+)/m.exec(info)![1], 8);
  assert.equal(flags & 0o4000, 0o4000, "O_NONBLOCK");
  assert.equal(flags & 0o2000000, 0o2000000, "O_CLOEXEC");
});

test("readSync() of an empty queue returns no events, repeatedly", async () => {
  await using inotify = new Inotify();
  inotify.addWatch(tmpDir(), IN_CREATE);
  for (let i = 0; i < 100; i++) assert.deepEqual(inotify.readSync(), []);
});

test("read() of an empty queue waits for the next event", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE);
  let settled = false;
  const read = inotify.read().finally(() => settled = true);
  await setTimeout(20);
  assert.equal(settled, false);
  touch(directory, "a");
  assert.deepEqual(await within(read), [{ wd, mask: IN_CREATE, cookie: 0, name: "a" }]);
});

// 2. One read, one event

test("read() returns all queued events in order", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  touch(directory, "a", "b", "c", "d", "e");
  assert.deepEqual(names(await within(inotify.read())), ["a", "b", "c", "d", "e"]);
  assert.deepEqual(inotify.readSync(), []);
});

test("readSync() continues where read() ended", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const seen: string[] = [];
  for (let round = 0; round < 50; round++) {
    const read = inotify.read();
    touch(directory, `${round}-a`);
    seen.push(...names(await within(read)));
    touch(directory, `${round}-b`, `${round}-c`);
    await setTimeout(1);
    seen.push(...names(inotify.readSync()));
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 50 }, (_, i) => [`${i}-a`, `${i}-b`, `${i}-c`]).flat(),
  );
});

test("read() and readSync() in turn miss nothing while another process writes", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE | IN_DELETE);
  const count = 5000; // fewer events than a queue holds
  const [file, args] = command("count.ts", [directory, String(count)]);
  const writer = spawn(file, args, { stdio: "inherit" });
  const seen: string[] = [];
  const note = (events: readonly InotifyEvent[]) => {
    for (const { mask, name } of events) seen.push(`${mask === IN_CREATE ? "+" : "-"}${name}`);
  };
  while (seen.length < 2 * count) {
    note(await within(inotify.read(), () => seen.length));
    for (let events; (events = inotify.readSync()).length > 0;) note(events);
  }
  assert.deepEqual(seen, Array.from({ length: count }, (_, i) => [`+${i}`, `-${i}`]).flat());
  assert.equal(writer.exitCode ?? 0, 0);
});

test("read() returns events in order when the queue overflows during the wait", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE | IN_DELETE);
  touch(directory, "first");
  await within(inotify.read());
  const pending = inotify.read();
  await setTimeout(50); // so that the runtime waits for the descriptor
  const { maxQueuedEvents } = limits();
  const count = Math.ceil(maxQueuedEvents / 2) + 1; // one more file than the queue has room for
  for (let i = 0; i < count; i++) {
    writeFileSync(join(directory, `${i}`), "");
    rmSync(join(directory, `${i}`));
  }
  const seen: string[] = [];
  for (let events = await within(pending); !seen.includes("lost");) {
    for (const { mask, name } of events) {
      seen.push(mask & IN_Q_OVERFLOW ? "lost" : `${mask & IN_CREATE ? "+" : "-"}${name}`);
    }
    await setTimeout(2); // turns of the event loop, in which the runtime must not read ahead
    events = inotify.readSync();
  }
  const all = Array.from({ length: count }, (_, i) => [`+${i}`, `-${i}`]).flat();
  assert.deepEqual(seen, [...all.slice(0, maxQueuedEvents), "lost"]);
});

test("read() returns both halves of a rename with one cookie", async () => {
  const directory = tmpDir();
  touch(directory, "old");
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_MOVE);
  renameSync(join(directory, "old"), join(directory, "new"));
  const [from, to] = await within(inotify.read());
  assert.deepEqual([from.mask, from.name, to.mask, to.name], [
    IN_MOVED_FROM,
    "old",
    IN_MOVED_TO,
    "new",
  ]);
  assert.notEqual(from.cookie, 0);
  assert.equal(from.cookie, to.cookie);
});

// 3. A small buffer, and 4. fixed-size parsing

const LONGEST = 255;
/** The size of a record with a name of 255 bytes, and the smallest `bufferSize`. */
const LONGEST_RECORD = 272;

for (
  const [bufferSize, why] of [
    [LONGEST_RECORD, "fits one event"],
    [LONGEST_RECORD + 1, "one byte more"],
    [4 * LONGEST_RECORD, "fits four events"],
    [4 * LONGEST_RECORD - 1, "one byte less than four events"],
    [65536, "is the default"],
    [1 << 20, "is large"],
  ] as const
) {
  test(`read() returns 16,000 events with long names; bufferSize ${bufferSize} ${why}`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify({ bufferSize });
    const wd = inotify.addWatch(directory, IN_ATTRIB);
    const expected = queueMany(directory, 16_000, LONGEST);
    const events = await readAll(inotify, expected.length);
    assert.deepEqual(names(events), expected);
    assert.ok(events.every((event) => event.wd === wd && event.mask === IN_ATTRIB));
    assert.deepEqual(inotify.readSync(), []);
  });
}

test("read() returns names of every length from 1 to 255", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const expected = Array.from({ length: LONGEST }, (_, i) => "n".repeat(i + 1));
  touch(directory, ...expected);
  assert.deepEqual(names(await readAll(inotify, LONGEST)), expected);
});

test("read() mixes events of a directory's entry with nameless ones of a watched file", async () => {
  const directory = tmpDir();
  const file = join(directory, "file");
  touch(directory, "file");
  await using inotify = new Inotify();
  const directoryWd = inotify.addWatch(directory, IN_MODIFY);
  const fileWd = inotify.addWatch(file, IN_MODIFY);
  writeFileSync(file, "x", { flag: "a" });
  const events = await within(inotify.read());
  assert.deepEqual(events.map(({ wd, name }) => [wd, name]), [[directoryWd, "file"], [fileWd, ""]]);
});

test("read() returns an overflow with wd -1, after all events that were queued", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_ATTRIB);
  const { maxQueuedEvents } = limits();
  const queued = queueMany(directory, maxQueuedEvents + 100, 20);
  const events = await readAll(inotify, maxQueuedEvents + 1);
  assert.deepEqual(names(events.slice(0, -1)), queued.slice(0, maxQueuedEvents));
  assert.deepEqual(events.at(-1), { wd: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: "" });
  touch(directory, "after");
  utimesSync(join(directory, "after"), 1, 1);
  assert.deepEqual(names(await within(inotify.read())).at(-1), "after");
});

// 5. Several readers, and closing under one

for (
  const [what, second] of [
    ["read()", (inotify: Inotify) => inotify.read()],
    ["readSync()", (inotify: Inotify) => Promise.resolve().then(() => inotify.readSync())],
    ["an iterator", (inotify: Inotify) => inotify[Symbol.asyncIterator]().next()],
    ["batches()", (inotify: Inotify) => inotify.batches().next()],
  ] as [what: string, second: (inotify: Inotify) => Promise<unknown>][]
) {
  test(`${what} during a pending read() fails with EBUSY, and the read() continues`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    inotify.addWatch(directory, IN_CREATE);
    const first = inotify.read();
    await assert.rejects(within(second(inotify)), isBusy);
    touch(directory, "a");
    assert.deepEqual(names(await within(first)), ["a"]);
  });

  test(`${what} during an iteration fails with EBUSY, and the iteration continues`, async () => {
    const directory = tmpDir();
    await using inotify = new Inotify();
    inotify.addWatch(directory, IN_CREATE);
    const iterator = inotify[Symbol.asyncIterator]();
    touch(directory, "a", "b");
    assert.equal((await within(iterator.next())).value?.name, "a");
    await assert.rejects(within(second(inotify)), isBusy);
    assert.equal((await within(iterator.next())).value?.name, "b");
  });
}

test("return() of an iterator that failed with EBUSY does not close the instance", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const first = inotify.read();
  const refused = inotify.batches();
  await assert.rejects(within(refused.next()), isBusy);
  await within(refused.return!());
  touch(directory, "a");
  assert.deepEqual(names(await within(first)), ["a"]);
});

test("close() ends a pending read() without events", async () => {
  const inotify = new Inotify();
  inotify.addWatch(tmpDir(), IN_CREATE);
  const read = inotify.read();
  await setTimeout(5);
  await within(inotify.close());
  assert.deepEqual(await within(read), []);
});

test("close() ends a read() that does not wait yet", async () => {
  const inotify = new Inotify();
  const read = inotify.read();
  await within(inotify.close());
  assert.deepEqual(await within(read), []);
});

test("close() returns the same promise again", async () => {
  const inotify = new Inotify();
  assert.equal(inotify.close(), inotify.close());
  await within(inotify.close());
});

test("close() discards queued events", async () => {
  const directory = tmpDir();
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  touch(directory, "a");
  await within(inotify.close());
  assert.deepEqual(await within(inotify.read()), []);
  assert.deepEqual(inotify.readSync(), []);
});

test("close() inside a loop ends it, and discards the rest of the batch", async () => {
  const directory = tmpDir();
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  touch(directory, "a", "b", "c");
  const seen: string[] = [];
  await within((async () => {
    for await (const { name } of inotify) {
      seen.push(name);
      await inotify.close();
    }
  })());
  assert.deepEqual(seen, ["a"]);
});

test("break closes the instance", async () => {
  const directory = tmpDir();
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  touch(directory, "a", "b");
  await within((async () => {
    for await (const _ of inotify) break;
  })());
  assert.throws(() => inotify.addWatch(directory, IN_CREATE), { code: "EBADF" });
});

test("return() ends a pending next()", async () => {
  const inotify = new Inotify();
  const iterator = inotify.batches();
  const next = iterator.next();
  await within(iterator.return!());
  assert.deepEqual(await within(next), { done: true, value: undefined });
  assert.deepEqual(await within(iterator.next()), { done: true, value: undefined });
});

test("concurrent next() calls resolve in order, each with an event", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const iterator = inotify[Symbol.asyncIterator]();
  const results = Array.from({ length: 5 }, () => iterator.next());
  touch(directory, "a", "b", "c");
  await within(results[2]);
  touch(directory, "d", "e");
  const seen = await within(Promise.all(results));
  assert.deepEqual(seen.map(({ value }) => value?.name), ["a", "b", "c", "d", "e"]);
});

test("using and await using close the instance", async () => {
  const directory = tmpDir();
  let kept: Inotify;
  {
    await using inotify = kept = new Inotify();
    inotify.addWatch(directory, IN_CREATE);
  }
  assert.throws(() => kept.addWatch(directory, IN_CREATE), { code: "EBADF" });
  {
    using inotify = kept = new Inotify();
    inotify.addWatch(directory, IN_CREATE);
  }
  assert.throws(() => kept.addWatch(directory, IN_CREATE), { code: "EBADF" });
  await within(kept.close());
});

// What the kernel promises for a watch

test("rmWatch() leaves the queued events, followed by IN_IGNORED", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE);
  touch(directory, "a");
  inotify.rmWatch(wd);
  touch(directory, "b");
  assert.deepEqual(await within(inotify.read()), [
    { wd, mask: IN_CREATE, cookie: 0, name: "a" },
    { wd, mask: IN_IGNORED, cookie: 0, name: "" },
  ]);
});

test("IN_ONESHOT, the sign bit, ends the watch after one event", async () => {
  const directory = tmpDir();
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE | IN_ONESHOT);
  touch(directory, "a", "b");
  assert.deepEqual(await within(inotify.read()), [
    { wd, mask: IN_CREATE, cookie: 0, name: "a" },
    { wd, mask: IN_IGNORED, cookie: 0, name: "" },
  ]);
});

test("addWatch() accepts a string, a file: URL and bytes", async () => {
  const directory = join(tmpDir(), "with space");
  mkdirSync(directory);
  await using inotify = new Inotify();
  const wd = inotify.addWatch(directory, IN_CREATE);
  assert.equal(inotify.addWatch(new URL(`file://${directory.replace(" ", "%20")}`), IN_CREATE), wd);
  assert.equal(inotify.addWatch(new TextEncoder().encode(directory), IN_CREATE), wd);
  touch(directory, "a");
  assert.deepEqual(names(await within(inotify.read())), ["a"]);
});
