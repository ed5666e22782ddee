/** When `Watcher.batches()` hands out a batch; what is in one is in coalesce.test.ts. */

import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch, type Watcher } from "../../mod.ts";
import { mkdirs } from "../helpers/directories.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

test("Watcher.batches() reports a new file as create, and saves as modify", async () => {
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

test("Watcher.batches() ends a batch after maxWait while events keep coming", async () => {
  const directory = tmpDir();
  await using watcher = watch(directory);
  await within(watcher.ready);
  let made = 0;
  const busy = setInterval(() => mkdirs(directory, String(made++)), 5);
  try {
    const { value } = await within(watcher.batches({ settle: 1000, maxWait: 60 }).next());
    assert.ok(value!.length > 1);
  } finally {
    clearInterval(busy);
  }
});

for (
  const [name, end] of Object.entries<(watcher: Watcher, batches: AsyncIterator<unknown>) => void>({
    "close()": (watcher) => void watcher.close(),
    "return()": (_, batches) => void batches.return!(),
  })
) {
  test(`${name} ends a pending next() of batches() without a batch`, async () => {
    const directory = tmpDir();
    await using watcher = watch(directory);
    await within(watcher.ready);
    const batches = watcher.batches({ settle: 1e10, maxWait: Infinity });
    const next = batches.next();
    mkdirs(directory, "made");
    await within(watcher.sync());
    assert.equal(
      await Promise.race([next, new Promise((r) => setTimeout(r, 50, "waits"))]),
      "waits",
    );
    end(watcher, batches);
    assert.deepEqual(await within(next), { done: true, value: undefined });
  });
}
