/** Every loop can be left like one over an asynchronous generator: by return(), throw() and `await using`. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IN_CREATE, Inotify, watch } from "../../mod.ts";
import { watchFs } from "../../src/compat/watchfs.ts";
import { openFiles } from "../helpers/proc.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

type Loop = AsyncIterableIterator<unknown, undefined> & AsyncDisposable;

function inotify(directory: string): Inotify {
  const instance = new Inotify();
  instance.addWatch(directory, IN_CREATE);
  return instance;
}

const LOOPS: [name: string, open: (directory: string) => AsyncIterable<unknown>][] = [
  ["Inotify", inotify],
  ["Inotify.batches()", (directory) => inotify(directory).batches()],
  ["Watcher", (directory) => watch(directory, { blocking: true })],
  ["Watcher.batches()", (directory) => watch(directory, { blocking: true }).batches({ settle: 1 })],
  ["watchFs()", watchFs],
];

const DONE = { done: true, value: undefined };

for (const [name, open] of LOOPS) {
  /** A loop with an event in its queue. */
  const begin = () => {
    const directory = tmpDir();
    const loop = open(directory)[Symbol.asyncIterator]() as Loop;
    mkdirSync(join(directory, "a"));
    return loop;
  };

  const isClosed = async (loop: Loop, before: number) => {
    assert.deepEqual(await within(loop.next()), DONE);
    assert.equal(openFiles().inotify, before);
  };

  test(`${name}: an error thrown into a yield* closes the loop, and is rethrown`, async () => {
    const { inotify: before } = openFiles();
    const loop = begin();
    const outer = (async function* () {
      yield* loop;
    })();
    assert.equal((await within(outer.next())).done, false);
    const error = new Error("the caller's own");
    await assert.rejects(within(outer.throw(error)), (reason) => reason === error);
    await isClosed(loop, before);
  });

  test(`${name}: throw() ends a pending next(), without a wait for it`, async () => {
    const { inotify: before } = openFiles();
    const loop = begin();
    assert.equal((await within(loop.next())).done, false);
    const pending = loop.next();
    await assert.rejects(within(loop.throw!(undefined)), (reason) => reason === undefined);
    assert.deepEqual(await within(pending), DONE);
    await isClosed(loop, before);
    await assert.rejects(within(loop.throw!("again")), (reason) => reason === "again");
  });

  test(`${name}: the end of an await using scope closes the loop`, async () => {
    const { inotify: before } = openFiles();
    const loop = begin();
    {
      await using scoped = loop;
      assert.equal((await within(scoped.next())).done, false);
    }
    await isClosed(loop, before);
  });
}
