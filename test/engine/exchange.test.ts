/**
 * RENAME_EXCHANGE of rename(2): the kernel reports it with the events of two renames, the second of which
 * reverses the first.
 */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { exchange } from "../helpers/exchange.ts";
import { before } from "../helpers/interpose.ts";
import { Model, onDisk } from "../helpers/model.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const cases: Record<string, (inside: (name: string) => string, outside: string) => void> = {
  "two directories": (inside) => exchange(inside("a"), inside("b")),
  "two files": (inside) => exchange(inside("x"), inside("y")),
  "a file and a directory": (inside) => exchange(inside("x"), inside("b")),
  "entries of two directories": (inside) => exchange(inside("a/in-a"), inside("b/in-b")),
  "a directory and one outside": (inside, outside) => exchange(inside("a"), outside),
  "one outside and a directory": (inside, outside) => exchange(outside, inside("b")),
  "two directories, twice": (inside) => {
    exchange(inside("a"), inside("b"));
    exchange(inside("a"), inside("b"));
  },
  "nothing (a rename over an empty directory and back)": (inside) => {
    renameSync(inside("a"), inside("empty"));
    renameSync(inside("empty"), inside("a"));
  },
};

for (const [what, change] of Object.entries(cases)) {
  test(`an exchange of ${what} is reported`, async () => {
    const base = tmpDir();
    const directory = join(base, "watched");
    const inside = (name: string) => join(directory, name);
    for (
      const name of ["outside/in-outside", "watched/a/in-a", "watched/b/in-b", "watched/empty"]
    ) {
      mkdirSync(join(base, name), { recursive: true });
    }
    writeFileSync(inside("x"), "");
    writeFileSync(inside("y"), "");
    await using watcher = watch(directory, { initial: true });
    const model = new Model();
    const modified: string[] = [];
    const loop = (async () => {
      for await (const event of watcher) {
        model.apply(event);
        if (event.kind === "modify") modified.push(event.path);
      }
    })();
    await within(watcher.ready);
    change(inside, join(base, "outside"));
    await within(watcher.sync());
    const files: string[] = [];
    for (const path of onDisk(directory)) {
      if (statSync(path).isDirectory()) mkdirSync(join(path, "new"));
      else files.push(path);
    }
    for (const path of files) writeFileSync(path, "changed");
    await within(watcher.sync());
    await new Promise((resolve) => setTimeout(resolve, 0)); // lets the loop take the queued events
    const disk = onDisk(directory);
    await watcher.close();
    await loop;
    assert.deepEqual([...model.paths].sort(), [...disk].sort());
    assert.deepEqual(model.contradictions, []);
    for (const path of files) assert.ok(modified.includes(path), path);
  });
}

test("an atomic save right after an exchange is reported", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  for (const name of ["a", "b", "saved"]) writeFileSync(at(name), "before");
  await using watcher = watch(directory);
  await within(watcher.ready);
  const reported: string[] = [];
  const loop = (async () => {
    for await (const event of watcher) if ("path" in event) reported.push(event.path);
  })();
  exchange(at("a"), at("b"));
  writeFileSync(at("new"), "after");
  renameSync(at("new"), at("saved"));
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0)); // lets the loop take the queued events
  await watcher.close();
  await loop;
  assert.ok(reported.includes(at("saved")), String(reported));
});

test(
  "an exchange with an entry of a new directory is reported, before any system call",
  async () => {
    let calls = 0;
    for (let happened = true; happened; calls += 2) {
      const base = tmpDir(fastest);
      const at = (name: string) => join(base, name);
      mkdirSync(at("root"));
      mkdirSync(at("other/entry"), { recursive: true });
      writeFileSync(at("root/file"), "");
      await using watcher = watch(at("root"), { initial: true });
      const model = new Model();
      const loop = forEach(watcher, (event) => model.apply(event));
      await within(watcher.ready);
      using interposed = before(calls, () => exchange(at("root/file"), at("root/new/entry")));
      renameSync(at("other"), at("root/new"));
      await taken(watcher);
      interposed[Symbol.dispose]();
      await taken(watcher); // sync() does not cover changes made after the call
      await watcher.close();
      await loop;
      assert.deepEqual([...model.paths].sort(), [...onDisk(at("root"))].sort(), `call ${calls}`);
      assert.deepEqual(model.contradictions, []);
      happened = interposed.happened;
    }
    assert.ok(calls > 5);
  },
);

test("an exchange with an ignored directory is reported", async () => {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  mkdirSync(at("ignored/in"), { recursive: true });
  writeFileSync(at("file"), "");
  const ignore = (path: string, isDirectory: boolean) => isDirectory && path === at("ignored");
  await using watcher = watch(directory, { initial: true, ignore });
  const model = new Model();
  const loop = forEach(watcher, (event) => model.apply(event));
  await within(watcher.ready);
  exchange(at("file"), at("ignored"));
  await taken(watcher);
  await watcher.close();
  await loop;
  assert.deepEqual([...model.paths].sort(), [...onDisk(directory)].sort());
  assert.deepEqual(model.contradictions, []);
});

test(
  "an exchange with an entry outside, right after a rename to its name, is reported",
  async () => {
    const base = tmpDir(fastest);
    const at = (name: string) => join(base, name);
    mkdirSync(at("root/moved/a"), { recursive: true });
    mkdirSync(at("outside/b"), { recursive: true });
    await using watcher = watch(at("root"), { initial: true });
    const model = new Model();
    const loop = forEach(watcher, (event) => model.apply(event));
    await within(watcher.ready);
    renameSync(at("root/moved"), at("root/entry"));
    exchange(at("outside"), at("root/entry")); // the kernel merges the two IN_MOVED_TO
    await taken(watcher);
    await watcher.close();
    await loop;
    assert.deepEqual([...model.paths].sort(), [...onDisk(at("root"))].sort());
    assert.deepEqual(model.contradictions, []);
  },
);
