/** `ScanQueue`: slices, the order of work, and tasks that are moot. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { Directory } from "../../src/engine/directory.ts";
import { KNOWN } from "../../src/engine/directory_state.ts";
import { ScanQueue } from "../../src/engine/scan_queue.ts";
import { NOBODY } from "../helpers/nobody.ts";

const directories = (count: number) =>
  Array.from({ length: count }, (_, i) => new Directory(`/${i}`, NOBODY));

/** A slice, in milliseconds, that is over after the first step. */
const ONE_STEP = 1e-6;

/** The clock that only goes on, stopped until the end of its scope. */
class Clock implements Disposable {
  /** What it shows, in milliseconds. */
  now = 1000;
  /** How often it was read. */
  readings = 0;
  readonly #libc: Libc = libc();
  readonly #clock_gettime: Libc["clock_gettime"] = this.#libc.clock_gettime;

  constructor() {
    this.#libc.clock_gettime = (_, timespec) => {
      this.readings++;
      new BigInt64Array(timespec.buffer, timespec.byteOffset).set([0n, BigInt(this.now * 1e6)]);
      return 0;
    };
  }

  [Symbol.dispose](): void {
    this.#libc.clock_gettime = this.#clock_gettime;
  }
}

/** Work of so many steps, which logs each of them and its end. */
function* logged(log: string[], name: string, steps: number): Generator<void, string> {
  try {
    for (let i = 1; i <= steps; i++) {
      log.push(`${name}${i}`);
      yield;
    }
    return name;
  } finally {
    log.push(`${name} closed`);
  }
}

test("ScanQueue.work() scans what is to come last after all others, in the order of scheduling", () => {
  const queue = new ScanQueue(libc());
  const [a, b, c, d] = directories(4);
  for (const directory of [a, b, a]) queue.schedule(directory, true);
  queue.schedule(c, false);
  const scanned: string[] = [];
  queue.work(Infinity, (directory) => {
    scanned.push(directory.path);
    if (directory === a) queue.schedule(d, false);
  });
  assert.deepEqual([scanned, queue.isEmpty], [["/2", "/0", "/3", "/1"], true]);
});

test("ScanQueue.work() scans what was scheduled last first, also what is scheduled meanwhile", () => {
  const queue = new ScanQueue(libc());
  const [a, b, c] = directories(3);
  queue.schedule(a, false);
  queue.schedule(b, false);
  const scanned: string[] = [];
  queue.work(Infinity, (directory) => {
    scanned.push(directory.path);
    if (directory === b) queue.schedule(c, false);
  });
  assert.deepEqual(scanned, ["/1", "/2", "/0"]);
  assert.equal(queue.isEmpty, true);
});

for (
  const [what, duration, slice, counts, readings] of [
    // The clock is read after 1, 2, 4, 8, 16 and 16 directories.
    ["take no time", 0, 4, [40], 7],
    ["take 1 ms each", 1, 4, [4, 8, 12, 16, 20, 24, 28, 32, 36, 40], 50],
    ["take longer than a slice each", 5, 4, Array.from({ length: 40 }, (_, i) => i + 1), 80],
  ] as const
) {
  test(`ScanQueue.work() scans ${counts[0]} in a slice of ${slice} ms where directories ${what}`, () => {
    using clock = new Clock();
    const queue = new ScanQueue(libc());
    for (const directory of directories(40)) queue.schedule(directory, false);
    const scanned: string[] = [];
    const after: number[] = [];
    while (!queue.isEmpty) {
      queue.work(slice, ({ path }) => {
        clock.now += duration;
        scanned.push(path);
      });
      after.push(scanned.length);
    }
    assert.deepEqual(after, counts);
    assert.deepEqual(scanned, directories(40).map(({ path }) => path).reverse());
    assert.ok(clock.readings <= readings, `${clock.readings} readings`);
  });
}

test("ScanQueue.work() scans fewer directories between two readings once they take long", () => {
  using clock = new Clock();
  const queue = new ScanQueue(libc());
  for (const directory of directories(100)) queue.schedule(directory, false);
  let scanned = 0;
  // The first 31 take no time.
  const counts = Array.from({ length: 5 }, () => {
    queue.work(4, () => void (clock.now += scanned++ < 31 ? 0 : 1));
    return scanned;
  });
  assert.deepEqual(counts, [
    31 + 16,
    31 + 16 + 8,
    31 + 16 + 8 + 4,
    31 + 16 + 8 + 8,
    31 + 16 + 8 + 12,
  ]);
});

test("ScanQueue.work() does one step of a task in a slice that is over", () => {
  const queue = new ScanQueue(libc());
  const [directory] = directories(1);
  const log: string[] = [];
  queue.begin({ directory, steps: logged(log, "a", 2), end: (name) => log.push(`end ${name}`) });
  assert.equal(queue.isEmpty, false);
  queue.work(ONE_STEP, () => log.push("scan"));
  assert.deepEqual(log, ["a1"]);
  queue.work(ONE_STEP, () => log.push("scan"));
  assert.deepEqual(log, ["a1", "a2"]);
  queue.work(ONE_STEP, () => log.push("scan"));
  assert.deepEqual(log, ["a1", "a2", "a closed", "end a"]);
  assert.equal(queue.isEmpty, true);
});

test("ScanQueue.work() ends a task before any directory is scanned", () => {
  const queue = new ScanQueue(libc());
  const [a, b] = directories(2);
  const log: string[] = [];
  queue.schedule(a, false);
  queue.begin({ directory: b, steps: logged(log, "b", 1), end: () => log.push("end") });
  queue.work(Infinity, ({ path }) => void log.push(`scan ${path}`));
  assert.deepEqual(log, ["b1", "b closed", "end", "scan /0"]);
});

test("ScanQueue.work() ends a task that a scan began before the next directory", () => {
  const queue = new ScanQueue(libc());
  const log: string[] = [];
  for (const directory of directories(2)) queue.schedule(directory, false);
  queue.work(Infinity, (directory) => {
    log.push(`scan ${directory.path}`);
    queue.begin({ directory, steps: logged(log, directory.path, 1), end: () => log.push("end") });
  });
  assert.deepEqual(log, [
    ...["scan /1", "/11", "/1 closed", "end"],
    ...["scan /0", "/01", "/0 closed", "end"],
  ]);
});

test("ScanQueue.work() closes a task whose directory has changed state, and does not end it", () => {
  const queue = new ScanQueue(libc());
  const [directory] = directories(1);
  const log: string[] = [];
  queue.begin({ directory, steps: logged(log, "a", 3), end: () => log.push("end") });
  queue.work(ONE_STEP, () => {});
  directory.enter(KNOWN);
  queue.work(Infinity, () => {});
  assert.deepEqual(log, ["a1", "a closed"]);
  assert.equal(queue.isEmpty, true);
});

test("ScanQueue.close() closes every task that is begun", () => {
  const queue = new ScanQueue(libc());
  const log: string[] = [];
  for (const directory of directories(2)) {
    queue.begin({ directory, steps: logged(log, directory.path, 9), end: () => log.push("end") });
    queue.work(ONE_STEP, () => {});
  }
  queue.close();
  queue.work(Infinity, () => {});
  assert.deepEqual(log, ["/01", "/11", "/0 closed", "/1 closed"]);
});
