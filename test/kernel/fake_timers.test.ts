/** Fake timers and clocks of a user's tests do not stop the module. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";
import { IN_CREATE, Inotify, watch } from "../../mod.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

/** Replaces functions. @returns a function that restores them */
function replace<T extends object>(holder: T, fakes: Partial<T>): () => void {
  const originals = Object.getOwnPropertyDescriptors(holder) as Record<string, PropertyDescriptor>;
  const names = Object.keys(fakes).filter((name) => name in holder);
  for (const name of names) {
    const value = fakes[name as keyof T];
    Object.defineProperty(holder, name, { configurable: true, writable: true, value });
  }
  return () => {
    for (const name of names) {
      if (originals[name] === undefined) delete holder[name as keyof T];
      else Object.defineProperty(holder, name, originals[name]);
    }
  };
}

const never = (() => 0) as never;

/** A clock that is stopped. */
class FakeDate extends Date {
  constructor() {
    super(0);
  }
  static override now(): number {
    return 0;
  }
}

const timers = {
  setTimeout: never,
  clearTimeout: never,
  setInterval: never,
  clearInterval: never,
  setImmediate: never,
  clearImmediate: never,
};

interface BunTest {
  readonly jest: { useFakeTimers(options?: { now: number }): void; useRealTimers(): void };
}

const bunTest = "bun:test";
const { jest } = runtimeName === "bun" ? await import(bunTest) as BunTest : {};

/** Ways to fake timers. Each returns a function that ends it. */
const FAKES: Record<string, () => () => void> = {
  "setTimeout replaced": () => replace(globalThis, { setTimeout: never }),
  // Not process.nextTick: the runtimes' own streams need it, and with them the test's output.
  "all timers and clocks replaced, and queueMicrotask": () => {
    const undo = [
      replace(globalThis, { ...timers, queueMicrotask: never, Date: FakeDate as DateConstructor }),
      replace(performance, { now: () => 0 }),
    ];
    return () => undo.forEach((one) => one());
  },
  "mock.timers of node:test": () => {
    mock.timers.enable();
    return () => mock.timers.reset();
  },
  ...jest && {
    "jest.useFakeTimers() of Bun": () => {
      jest.useFakeTimers();
      return () => jest.useRealTimers();
    },
    "jest.useFakeTimers() of Bun, in 1970": () => {
      jest.useFakeTimers({ now: 0 });
      return () => jest.useRealTimers();
    },
  },
};

/** What must not hang. */
const ACTIONS: Record<string, (directory: string) => Promise<void>> = {
  async "Inotify.read() returns single events and a burst"(directory) {
    await using inotify = new Inotify();
    inotify.addWatch(directory, IN_CREATE);
    for (let i = 0; i < 40; i++) {
      const read = inotify.read();
      mkdirSync(join(directory, `${i}`));
      assert.equal((await read)[0].name, `${i}`);
    }
    const long = "x".repeat(200);
    const count = 400; // more than Bun reads at once
    let events = 0;
    const first = inotify.read();
    for (let i = 0; i < count; i++) writeFileSync(join(directory, `${long}${i}`), "");
    for (events += (await first).length; events < count;) events += (await inotify.read()).length;
  },

  async "watch() follows a storm with renames out of the tree"(directory) {
    const tree = join(directory, "tree");
    mkdirSync(tree);
    await using watcher = watch(tree);
    await watcher.ready;
    for (let i = 0; i < 500; i++) {
      mkdirSync(join(tree, `${i}`));
      writeFileSync(join(tree, `${i}/file`), "");
      if (i % 10 === 0) renameSync(join(tree, `${i}`), join(directory, `out-${i}`));
      if (i % 50 === 0) await watcher.sync();
    }
    await watcher.sync();
    const left = readdirSync(tree).map((name) => join(tree, name));
    assert.deepEqual(watcher.watched().sort(), [tree, ...left].sort());
  },

  async "Watcher.batches() settles in real time"(directory) {
    await using watcher = watch(directory);
    await watcher.ready;
    const batches = watcher.batches({ settle: 20, maxWait: 200 });
    const first = batches.next();
    mkdirSync(join(directory, "a"));
    assert.deepEqual((await first).value, [
      { kind: "create", path: join(directory, "a"), isDirectory: true },
    ]);
  },
};

for (const [how, fake] of Object.entries(FAKES)) {
  for (const [what, action] of Object.entries(ACTIONS)) {
    test(`${how}: ${what}`, async () => {
      const directory = tmpDir(fastest);
      const end = fake();
      try {
        await withinRealTime(action(directory));
      } finally {
        end();
      }
    });
  }
}

/** As `within()`, by a wait that no fake stops. */
async function withinRealTime(promise: Promise<void>): Promise<void> {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const late = Promise.resolve(Atomics.waitAsync(nobody, 0, 0, 20_000).value);
  if (await Promise.race([promise, late]) !== undefined) throw new Error("not within 20 s");
}
