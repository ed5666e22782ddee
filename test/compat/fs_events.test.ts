/** `watch()` of ./fs beside that of node:fs: the events of the same deeds. */

import assert from "node:assert/strict";
import * as nodeFs from "node:fs";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../src/compat/fs.ts";
import { listen, opened } from "../helpers/fs_events.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

type Watch = typeof nodeFs.watch;
type Deed = (at: (name: string) => string) => void;

/** Deeds in a directory with the file `old`, in order, each with its events; and those of `recursive`, if others. */
const DEEDS: Record<string, [deed: Deed, lines: string, recursive?: string]> = {
  "a new file": [(at) => writeFileSync(at("a"), "1"), "rename a, change a"],
  "other content": [(at) => writeFileSync(at("a"), "2"), "change a"],
  "more content": [(at) => appendFileSync(at("a"), "3"), "change a"],
  "another mode": [(at) => chmodSync(at("a"), 0o600), "change a"],
  "other times": [(at) => utimesSync(at("a"), 1, 1), "change a"],
  "another name of it": [(at) => linkSync(at("a"), at("link")), "rename link"],
  "a symbolic link": [(at) => symlinkSync("nowhere", at("symlink")), "rename symlink"],
  "a rename": [(at) => renameSync(at("a"), at("b")), "rename a, rename b"],
  "a directory": [(at) => mkdirSync(at("d")), "rename d"],
  "its mode": [(at) => chmodSync(at("d"), 0o700), "rename d", ""],
  "a file in it": [(at) => writeFileSync(at("d/x"), "1"), "", "rename d/x, change d/x"],
  "more of it": [(at) => appendFileSync(at("d/x"), "2"), "", "change d/x"],
  "a rename of the directory": [
    (at) => renameSync(at("d"), at("e")),
    "rename d, rename e",
    "rename d, rename e, rename e/x",
  ],
  "more of the file": [(at) => appendFileSync(at("e/x"), "3"), "", "change e/x"],
  "a move out": [(at) => renameSync(at("e"), at("../out")), "rename e"],
  "a move in": [(at) => renameSync(at("../out"), at("in")), "rename in", "rename in, rename in/x"],
  "a removed tree": [
    (at) => rmSync(at("in"), { recursive: true }),
    "rename in",
    "rename in/x, rename in",
  ],
  "a removed file": [(at) => rmSync(at("old")), "rename old"],
  "a read": [(at) => nodeFs.readFileSync(at("b")), ""],
  "the mode of the directory itself": [(at) => chmodSync(at(""), 0o700), "rename watched", ""],
};

/** Does everything in DEEDS. */
async function checkDeeds(watch: Watch, recursive: boolean): Promise<void> {
  const directory = join(tmpDir(), "watched");
  const at = (name: string) => join(directory, name);
  mkdirSync(directory);
  writeFileSync(at("old"), "");
  using watcher = opened(watch(directory, { recursive }));
  const { lines, taken } = listen(watcher);
  const expected = Object.fromEntries(
    Object.entries(DEEDS).map(([name, [, lines, ofRecursive = lines]]) => [
      name,
      recursive ? ofRecursive : lines,
    ]),
  );
  const actual: Record<string, string> = {};
  for (const [i, [name, [deed]]] of Object.entries(DEEDS).entries()) {
    deed(at);
    mkdirSync(at(`done ${i}`)); // its event comes after those of the deed
    const done = `rename done ${i}`;
    const last = expected[name].split(", ").at(-1)!;
    await until(() => lines.includes(done) && (last === "" || lines.includes(last)), () => lines);
    actual[name] = taken().filter((line) => line !== done).join(", ");
  }
  assert.deepEqual(actual, expected);
}

for (const recursive of [false, true]) {
  test(`watch() with recursive: ${recursive} reports the events of node:fs`, async () => {
    await checkDeeds(watch as Watch, recursive);
  });

  test(`node:fs with recursive: ${recursive} reports these events`, {
    skip: runtimeName !== "node" && "only that of Node.js counts",
  }, async () => {
    await checkDeeds(nodeFs.watch, recursive);
  });

  test(`watch() with recursive: ${recursive} reports everything from the call on`, async () => {
    const directory = tmpDir();
    for (let i = 0; i < 100; i++) mkdirSync(join(directory, `${i}`));
    await using watcher = watch(directory, { recursive });
    const { lines, upTo } = listen(watcher);
    for (let i = 0; i < 100; i++) mkdirSync(join(directory, `${i}/in`));
    mkdirSync(join(directory, "end"));
    const seen = await upTo("rename end");
    const expected = recursive ? Array.from({ length: 100 }, (_, i) => `rename ${i}/in`) : [];
    assert.deepEqual(seen, [...expected, "rename end"], `${lines}`);
  });
}

/** What is done to a watched file, each with its events. */
const DEEDS_TO_FILE: Record<string, [deed: Deed, lines: string]> = {
  "content": [(at) => writeFileSync(at("f"), "1"), "change f"],
  "a mode": [(at) => chmodSync(at("f"), 0o600), "change f"],
  "another name": [(at) => linkSync(at("f"), at("link")), "change f"],
  "another file": [(at) => writeFileSync(at("other"), "1"), ""],
  "the other file renamed over it": [(at) => renameSync(at("other"), at("f")), "change f"],
};

async function checkFile(watch: Watch, more: typeof DEEDS_TO_FILE): Promise<void> {
  const directory = tmpDir();
  const at = (name: string) => join(directory, name);
  for (const name of ["f", "mark"]) writeFileSync(at(name), "");
  using watcher = opened(watch(at("f")));
  using mark = opened(watch(at("mark")));
  const { lines, taken } = listen(watcher);
  const marks = listen(mark);
  const actual: Record<string, string> = {};
  for (const [name, [deed, expected]] of Object.entries({ ...DEEDS_TO_FILE, ...more })) {
    deed(at);
    const last = expected.split(", ").at(-1)!;
    await until(() => last === "" || lines.includes(last), () => ({ name, lines }));
    appendFileSync(at("mark"), "x");
    await marks.upTo("change mark");
    actual[name] = taken().join(", ");
  }
  const expected = Object.entries({ ...DEEDS_TO_FILE, ...more }).map(([name, [, line]]) => [
    name,
    line,
  ]);
  assert.deepEqual(actual, Object.fromEntries(expected));
}

test("watch() reports the events of node:fs for a file, and follows its path", async () => {
  await checkFile(watch as Watch, {
    "content of the new file": [(at) => writeFileSync(at("f"), "2"), "change f"],
    "a rename": [(at) => renameSync(at("f"), at("g")), "rename f"],
    "and back": [(at) => renameSync(at("g"), at("f")), "rename f"],
    "a removal": [(at) => rmSync(at("f")), "change f, rename f"],
    "a new file": [(at) => nodeFs.closeSync(nodeFs.openSync(at("f"), "w")), "rename f"],
  });
});

test("node:fs reports these events for a file, and follows its inode", {
  skip: runtimeName !== "node" && "only that of Node.js counts",
}, async () => {
  await checkFile(nodeFs.watch, {
    "content of the new file": [(at) => writeFileSync(at("f"), "2"), ""],
  });
});

for (const watch_ of [watch as Watch, nodeFs.watch]) {
  const isOurs = watch_ === watch;
  test(`${isOurs ? "watch()" : "node:fs"} reports the removal of the directory`, {
    skip: !isOurs && runtimeName !== "node" && "only that of Node.js counts",
  }, async () => {
    for (const [recursive, name] of [[false, "watched"], [true, ""]] as const) {
      const directory = join(tmpDir(), "watched");
      mkdirSync(directory);
      using watcher = opened(watch_(directory, { recursive }));
      const { upTo } = listen(watcher);
      rmSync(directory, { recursive: true });
      assert.deepEqual(await upTo(`rename ${name}`), [`rename ${name}`]);
    }
  });
}
