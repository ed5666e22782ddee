/** `EventQueue`: how its readers wait, take and end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../src/watch/event_queue.ts";
import { within } from "../helpers/within.ts";

function numbers(): EventQueue<number> {
  const noLoss = () => assert.fail("the queue is not full");
  return new EventQueue<number>(100, noLoss, () => Promise.resolve());
}

test("wait() goes on if somebody else takes the values before it resolves", async () => {
  const queue = numbers();
  const reader = queue.reader();
  const waiting = reader.wait();
  queue.put([1]);
  assert.deepEqual(reader.take(), [1]);
  await Promise.resolve();
  queue.put([2]);
  assert.equal(await within(waiting), true);
  assert.deepEqual(reader.take(), [2]);
  const last = reader.wait();
  queue.end();
  assert.equal(await within(last), false);
});

test("each pending wait() resolves", async () => {
  const queue = numbers();
  const reader = queue.reader();
  const waiting = [reader.wait(), reader.wait()];
  queue.put([1]);
  assert.deepEqual(await within(Promise.all(waiting)), [true, true]);
  reader.take();
  const failing = [reader.wait(), reader.wait()];
  queue.end({ error: new Error("mine") });
  for (const one of failing) await assert.rejects(() => within(one), /mine/);
});

test("each reader gets every value, and the first one those before it", async () => {
  const queue = numbers();
  queue.put([1]);
  const [a, b] = [queue.reader(), queue.reader()];
  queue.put([2, 3]);
  assert.deepEqual([a.take(), b.take()], [[1, 2, 3], [2, 3]]);
  queue.put([4]);
  assert.deepEqual(queue.untaken(), [4]);
  assert.deepEqual(await b.next(), { done: false, value: 4 });
  await b.return();
  assert.equal(await b.wait(), false);
  assert.deepEqual(a.take(), [4]);
});
