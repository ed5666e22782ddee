/** Thousands of watched paths, and hundreds of watchers. */

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Libc } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { watch } from "../../mod.ts";
import { collect, taken } from "../helpers/events.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

const MANY = 4_000;

/** Makes files in one directory. */
function files(count: number): string[] {
  const directory = tmpDir(fastest);
  const paths = Array.from({ length: count }, (_, i) => join(directory, `file${i}`));
  for (const path of paths) writeFileSync(path, "");
  return paths;
}

/** Counts system calls, until it is disposed. */
class Calls implements Disposable {
  count = 0;
  readonly #before: Partial<Libc> = {};

  constructor(...names: readonly ("inotify_add_watch" | "readlink" | "ftruncate" | "futimens")[]) {
    const c = libc() as unknown as Record<string, (...args: unknown[]) => number>;
    for (const name of names) {
      const call = c[name];
      Object.assign(this.#before, { [name]: call });
      c[name] = (...args) => {
        this.count++;
        return call(...args);
      };
    }
  }

  [Symbol.dispose](): void {
    Object.assign(libc(), this.#before);
  }
}

test("watch() of thousands of files returns after a slice, and resolves the way to them once", async () => {
  const paths = files(MANY);
  using calls = new Calls("inotify_add_watch", "readlink");
  await using watcher = watch(paths);
  assert.ok(calls.count < MANY, `${calls.count} calls before it returned`);
  await within(watcher.ready);
  assert.ok(calls.count < 3 * MANY, `${calls.count} calls`);
  assert.equal(watcher.watched().length, MANY);
  const { lines } = collect(watcher);
  const some = [paths[0], paths[MANY - 1]];
  for (const path of some) appendFileSync(path, "x");
  await taken(watcher);
  assert.deepEqual(lines, some.map((path) => `modify ${path}`));
});

test("watch() of many files with `blocking` watches all of them before it returns", async () => {
  const paths = files(1_000);
  await using watcher = watch(paths, { blocking: true });
  const { lines } = collect(watcher);
  assert.equal(watcher.watched().length, paths.length);
  appendFileSync(paths[999], "x");
  await taken(watcher);
  assert.deepEqual(new Set(lines), new Set([`modify ${paths[999]}`]));
});

test("a path can be removed, and the watcher closed, before it is begun with", async () => {
  const paths = files(MANY);
  const last = paths[MANY - 1];
  await using other = watch(tmpDir());
  await within(other.ready);
  const before = ownUse();
  const watcher = watch(paths);
  assert.equal(watcher.remove(last), true);
  const { lines } = collect(watcher);
  await within(watcher.ready);
  appendFileSync(last, "x");
  await taken(watcher);
  assert.deepEqual([watcher.watched().length, lines], [MANY - 1, []]);
  await watcher.close();
  const closed = watch(paths);
  await closed.close();
  assert.deepEqual([ownUse(), closed.watched()], [before, []]);
});

test("20,000 calls of add() in one turn put few marks into the kernel's queue, and each resolves", async () => {
  const paths = files(MANY);
  await using watcher = watch(tmpDir(fastest));
  await within(watcher.ready);
  const { lines } = collect(watcher);
  const calls: Promise<void>[] = [];
  {
    using marks = new Calls("ftruncate", "futimens");
    for (let i = 0; i < 20_000; i++) calls.push(watcher.add(paths[i % MANY]));
    assert.ok(marks.count <= 16, `${marks.count} marks`);
  }
  await within(Promise.all(calls));
  for (const path of paths) appendFileSync(path, "x");
  await taken(watcher);
  assert.deepEqual(lines, paths.map((path) => `modify ${path}`));
});

test("an event of one of many files in a directory takes no work of the others", async () => {
  const paths = files(MANY);
  await using watcher = watch(paths, { events: ["create", "remove", "modify"] });
  await within(watcher.ready);
  const { lines } = collect(watcher);
  using calls = new Calls("inotify_add_watch", "readlink");
  for (let i = 0; i < 100; i++) writeFileSync(`${paths[0]}.beside${i}`, "");
  await taken(watcher);
  assert.deepEqual([lines, calls.count], [[], 0]);
});

test("of watchers in one directory, each one closed releases its own watch", async () => {
  const base = tmpDir(fastest);
  const paths = Array.from({ length: 300 }, (_, i) => join(base, `${i}`));
  for (const path of paths) mkdirSync(path);
  await using first = watch(base, { recursive: false });
  await within(first.ready);
  const before = ownUse();
  const watchers = paths.map((path) => watch(path, { recursive: false }));
  await within(Promise.all(watchers.map(({ ready }) => ready)));
  assert.equal(ownUse().watches, before.watches + 300);
  const [last] = watchers.slice(-1);
  const { lines } = collect(last);
  await within(Promise.all(watchers.slice(0, -1).map((watcher) => watcher.close())));
  assert.equal(ownUse().watches, before.watches + 1);
  for (const path of paths) mkdirSync(join(path, "d"));
  await taken(last);
  assert.deepEqual(lines, [`create ${join(paths[299], "d")}`]);
  await last.close();
  assert.deepEqual(ownUse(), before);
});
