/** A rule in `ignore` that leaves out every directory is reported, and no other one. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Ignore, watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

/** A directory with these entries; directories end with a slash. */
function tree(entries: string, name = "project"): string {
  const root = join(tmpDir(fastest), name);
  mkdirSync(root);
  for (const entry of entries.split(" ").filter(Boolean)) {
    if (entry.endsWith("/")) mkdirSync(join(root, entry), { recursive: true });
    else writeFileSync(join(root, entry), "");
  }
  return root;
}

/** The errors of a set-up, as their paths and messages. */
async function errors(root: string, options: WatchOptions): Promise<string[]> {
  const watcher = watch(root, options);
  const events: WatchEvent[] = [];
  const ended = (async () => {
    for await (const event of watcher) events.push(event);
  })();
  await within(watcher.ready);
  await within(watcher.sync());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await ended;
  return events.flatMap((event) =>
    event.kind === "error" ? [`${event.path}: ${event.error.message}`] : []
  );
}

function expected(root: string): string {
  return `${root}: Cannot watch the directories in "${root}": a rule in ignore leaves out each of them; ` +
    "to choose files, use include";
}

const PROJECT = "src/ src/deep/ lib/ README.md main.ts src/a.ts";

for (
  const [name, ignore] of Object.entries<Ignore | Ignore[]>({
    "a function meant for files": (path) => !path.endsWith(".ts"),
    "a function that is always true": () => true,
    "a RegExp meant for files": /(?<!\.ts)$/,
    "one of several rules": [".git", (path) => !path.endsWith(".ts")],
  })
) {
  for (
    const options of [{}, { initial: true }, { blocking: true }, { since: undefined }, {
      poll: 1e6,
    }]
  ) {
    test(`blindness by ${name} is an error, with ${Object.keys(options).join() || "no option"}`, async () => {
      const root = tree(PROJECT);
      assert.deepEqual(await errors(root, { ignore, ...options }), [expected(root)]);
    });
  }
}

for (
  const [name, [entries, ignore, options]] of Object.entries<
    [string, Ignore | Ignore[], WatchOptions?]
  >({
    "a function that leaves out some": [PROJECT, (path) => path.endsWith("/lib")],
    "a function that leaves out all that are there": [
      "node_modules/ a.ts",
      (path) => path.endsWith("/node_modules"),
    ],
    "a function that asks for directories": [PROJECT, (_, isDirectory) => isDirectory],
    "a function, without directories": ["a.ts b.md", (path) => !path.endsWith(".ts")],
    "a function, in an empty directory": ["", () => true],
    "a function that takes only what is below": [
      PROJECT,
      (path) => path.endsWith("/project") ? fail() : true,
    ],
    "a RegExp for names": [".git/ .cache/ a.ts", /\/\.[^/]*$/],
    "globs": [PROJECT, ["*", "!src"]],
    "a glob for all directories": [PROJECT, "*/"],
    "a function, with another rule that takes back": [PROJECT, [() => true, "!src/"]],
    "a function, not recursive": [PROJECT, (path) => !path.endsWith(".ts"), { recursive: false }],
    "include": [PROJECT, [], { include: (path) => path.endsWith(".none") }],
  })
) {
  test(`no blindness by ${name}`, async () => {
    assert.deepEqual(await errors(tree(entries), { ignore, ...options }), []);
  });
}

test("no blindness by a RegExp for names that matches the watched path, too", async () => {
  assert.deepEqual(await errors(tree(".a/ .b/ c", ".cache"), { ignore: /\/\.[^/]*$/ }), []);
});

test("blindness of a path that is added is an error, once", async () => {
  const [one, two] = [tree("a.ts"), tree(PROJECT)];
  await using watcher = watch(one, { ignore: (path) => !path.endsWith(".ts") });
  const loop = watcher[Symbol.asyncIterator]();
  await within(watcher.ready);
  await within(watcher.add(two));
  await within(watcher.sync());
  writeFileSync(join(one, "b.ts"), "");
  const [first, second] = [await within(loop.next()), await within(loop.next())];
  assert.equal(first.value?.kind === "error" && first.value.path, two);
  assert.equal(second.value?.kind, "create");
});

function fail(): never {
  throw new Error("this function was asked about the watched path");
}
