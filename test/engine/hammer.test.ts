/** The usual ways to lose an event, or to report a wrong path, thousands of times. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { start } from "../helpers/program.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { ownUse } from "../helpers/usage.ts";
import { within } from "../helpers/within.ts";

for (let round = 1; round <= 10; round++) {
  test(`500 × mkdir -p n/a/b/c && touch n/a/b/c/f: each entry is reported once (${round})`, async () => {
    const count = 500;
    const directory = tmpDir(fastest);
    await using watcher = watch(directory);
    const lines: string[] = [];
    const loop = forEach(watcher, (event) => lines.push(line(event)));
    await within(watcher.ready);
    const program = start("chains.ts", [directory, String(count)]);
    assert.equal(await program.line(), count);
    await taken(watcher);
    await watcher.close();
    await loop;
    const chain = ["", "/a", "/a/b", "/a/b/c", "/a/b/c/f"];
    const expected = Array.from(
      { length: count },
      (_, i) => chain.map((name) => `create ${directory}/${i}${name}`),
    );
    assert.deepEqual(lines.sort(), expected.flat().sort());
  });
}

test("the set-up of a large tree lets timers run, and resolves `ready` at the end", async () => {
  const directory = tmpDir(fastest);
  const program = start("chains.ts", [directory, "2000"]);
  await program.line();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await using watcher = watch(directory);
  await within(watcher.ready);
  clearInterval(timer);
  assert.equal(watcher.watched().length, 1 + 4 * 2000);
  assert.ok(turns > 2, `${turns} turns of the timer`);
});

/** Renames directories 20,000 times and writes files in them. @returns the number of reported renames */
async function rename(growth: number): Promise<number> {
  const directory = tmpDir(fastest);
  const program = start("moves.ts", [directory, "1", String(growth)]);
  assert.equal(await program.line(), 40);
  await using watcher = watch(directory, { initial: true });
  const model = new Model();
  const wrong: string[] = [];
  let renames = 0;
  const loop = forEach(watcher, (event) => {
    if (event.kind === "create" && !model.paths.has(dirname(event.path))) wrong.push(line(event));
    if (event.kind === "modify" && !model.paths.has(event.path)) wrong.push(line(event));
    if (event.kind === "rename") renames++;
    model.apply(event);
  });
  await within(watcher.ready);
  for (let lot = 0; lot < 20; lot++) {
    program.send("1000"); // fewer than the kernel's queue has room for
    assert.equal(await program.line(), 1000);
    await taken(watcher);
  }
  program.end();
  await watcher.close();
  await loop;
  assert.deepEqual([...wrong, ...model.contradictions, ...model.errors], []);
  assert.deepEqual(model.paths, onDisk(directory));
  return renames;
}

test("20,000 renames of directories with writes in between are all reported, with the right paths", async () => {
  assert.equal(await rename(0), 20_000);
});

test("20,000 renames of directories while others are created are reported with the right paths", async () => {
  await rename(0.01);
});

test("1,000 watchers of one tree share an instance and its watches", async () => {
  const directory = tmpDir(fastest);
  const sub = join(directory, "a/b");
  mkdirSync(sub, { recursive: true });
  await using last = watch(directory);
  await within(last.ready);
  const alone = ownUse();
  assert.equal(alone.instances, 1);
  const others = Array.from({ length: 999 }, () => watch(directory));
  const watchers = [last, ...others];
  const lines: string[][] = watchers.map(() => []);
  const loops = watchers.map((watcher, i) =>
    forEach(watcher, (event) => lines[i].push(line(event)))
  );
  await within(Promise.all(others.map(({ ready }) => ready)));
  assert.deepEqual(ownUse(), alone);
  mkdirSync(join(sub, "c"));
  await within(Promise.all(watchers.map((watcher) => watcher.sync())));
  await within(Promise.all(others.map((watcher) => watcher.close())));
  assert.deepEqual(ownUse(), { instances: 1, watches: alone.watches + 1 });
  mkdirSync(join(sub, "c/d"));
  await taken(last);
  await within(last.close());
  await within(Promise.all(loops));
  const [first, second] = ["c", "c/d"].map((name) => `create ${join(sub, name)}`);
  assert.deepEqual(lines, [[first, second], ...others.map(() => [first])]);
});
