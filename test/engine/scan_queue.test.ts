/** `ScanQueue`: slices, the order of work, and tasks that are moot. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Directory } from "../../src/engine/directory.ts";
import { KNOWN } from "../../src/engine/directory_state.ts";
import { ScanQueue } from "../../src/engine/scan_queue.ts";
import { NOBODY } from "../helpers/nobody.ts";

const directories = (count: number) =>
  Array.from({ length: count }, (_, i) => new Directory(`/${i}`, NOBODY));

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

test("ScanQueue.work() scans in the order of scheduling, also what is scheduled meanwhile", () => {
  const queue = new ScanQueue();
  const [a, b, c] = directories(3);
  queue.schedule(a);
  queue.schedule(b);
  const scanned: string[] = [];
  queue.work(Infinity, (directory) => {
    scanned.push(directory.path);
    if (directory === a) queue.schedule(c);
  });
  assert.deepEqual(scanned, ["/0", "/1", "/2"]);
  assert.equal(queue.isEmpty, true);
});

test("ScanQueue.work() scans 16 directories in a slice that is over, and goes on with the others", () => {
  const queue = new ScanQueue();
  for (const directory of directories(40)) queue.schedule(directory);
  const counts: number[] = [];
  const scanned: string[] = [];
  while (!queue.isEmpty) {
    queue.work(0, ({ path }) => void scanned.push(path));
    counts.push(scanned.length);
  }
  assert.deepEqual(counts, [16, 32, 40]);
  assert.deepEqual(scanned, directories(40).map(({ path }) => path));
});

test("ScanQueue.work() does one step of a task in a slice that is over", () => {
  const queue = new ScanQueue();
  const [directory] = directories(1);
  const log: string[] = [];
  queue.begin({ directory, steps: logged(log, "a", 2), end: (name) => log.push(`end ${name}`) });
  queue.work(0, () => log.push("scan"));
  assert.deepEqual(log, ["a1"]);
  queue.work(0, () => log.push("scan"));
  assert.deepEqual(log, ["a1", "a2"]);
  queue.work(0, () => log.push("scan"));
  assert.deepEqual(log, ["a1", "a2", "a closed", "end a"]);
  assert.equal(queue.isEmpty, true);
});

test("ScanQueue.work() ends a task before any directory is scanned", () => {
  const queue = new ScanQueue();
  const [a, b] = directories(2);
  const log: string[] = [];
  queue.schedule(a);
  queue.begin({ directory: b, steps: logged(log, "b", 1), end: () => log.push("end") });
  queue.work(Infinity, ({ path }) => void log.push(`scan ${path}`));
  assert.deepEqual(log, ["b1", "b closed", "end", "scan /0"]);
});

test("ScanQueue.work() ends a task that a scan began before the next directory", () => {
  const queue = new ScanQueue();
  const log: string[] = [];
  for (const directory of directories(2)) queue.schedule(directory);
  queue.work(Infinity, (directory) => {
    log.push(`scan ${directory.path}`);
    queue.begin({ directory, steps: logged(log, directory.path, 1), end: () => log.push("end") });
  });
  assert.deepEqual(log, [
    ...["scan /0", "/01", "/0 closed", "end"],
    ...["scan /1", "/11", "/1 closed", "end"],
  ]);
});

test("ScanQueue.work() closes a task whose directory has changed state, and does not end it", () => {
  const queue = new ScanQueue();
  const [directory] = directories(1);
  const log: string[] = [];
  queue.begin({ directory, steps: logged(log, "a", 3), end: () => log.push("end") });
  queue.work(0, () => {});
  directory.enter(KNOWN);
  queue.work(Infinity, () => {});
  assert.deepEqual(log, ["a1", "a closed"]);
  assert.equal(queue.isEmpty, true);
});

test("ScanQueue.close() closes every task that is begun", () => {
  const queue = new ScanQueue();
  const log: string[] = [];
  for (const directory of directories(2)) {
    queue.begin({ directory, steps: logged(log, directory.path, 9), end: () => log.push("end") });
    queue.work(0, () => {});
  }
  queue.close();
  queue.work(Infinity, () => {});
  assert.deepEqual(log, ["/01", "/11", "/0 closed", "/1 closed"]);
});
