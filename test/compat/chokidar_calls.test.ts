/** The API of chokidar: calls in quick turns, and in listeners; and what the user's own code throws. */

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { test } from "node:test";
import { watch, type WatchOptions } from "../../src/compat/chokidar.ts";
import { turn } from "../../ffi/time.ts";
import { generator } from "../helpers/random.ts";
import { run } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { fill, Watched } from "../helpers/watched.ts";
import { until } from "../helpers/within.ts";

test("unwatch() in a listener ends the events that are queued", async () => {
  await using watched = new Watched({}, (at) => at("d"), (at) => {
    fill(at);
    for (let i = 0; i < 50; i++) writeFileSync(at(`d/${i}`), "");
  });
  watched.watcher.once("add", () => watched.watcher.unwatch(watched.at("d")));
  const lines = await watched.ready(); // of the file, `all` follows
  assert.deepEqual(lines.map((line) => line.split(" ")[0]), ["add", "addDir"]);
});

test("add() right after unwatch() emits what is there again", async () => {
  await using watched = new Watched();
  await watched.ready();
  for (const path of ["d", "old"]) watched.watcher.unwatch(watched.at(path)).add(watched.at(path));
  const again = ["addDir d", "add d/f", "add old"];
  await watched.until((lines) => again.every((line) => lines.includes(line)));
  await watched.lines();
  for (const path of ["d/f", "old"]) appendFileSync(watched.at(path), "2");
  assert.deepEqual(await watched.lines(), ["change d/f", "change old"]);
});

test("of unwatch() and add() in quick turns, the last one counts", async () => {
  await using watched = new Watched();
  const directory = watched.at("d");
  watched.watcher.unwatch(directory).add(directory).unwatch(directory);
  assert.deepEqual(await watched.ready(), ["add old", "addDir ."]);
  watched.watcher.add(directory).unwatch(directory).add(directory).unwatch(directory);
  appendFileSync(watched.at("d/f"), "2");
  assert.deepEqual(await watched.lines(), []);
  watched.watcher.add(directory).unwatch(directory).add(directory);
  await watched.until((lines) => lines.join() === "addDir d,add d/f");
});

test("unwatch() of a directory includes a given path below what is ignored in it", async () => {
  await using watched = new Watched(
    (at) => ({ ignored: at("d/skip") }),
    (at) => [at("d"), at("d/skip/deep"), at("")],
    (at) => {
      mkdirSync(at("d/skip/deep"), { recursive: true });
      writeFileSync(at("d/skip/deep/f"), "1");
    },
  );
  const deep = ["add d/skip/deep/f", "addDir d/skip/deep"];
  assert.deepEqual(await watched.ready(), [deep[0], "addDir .", "addDir d", deep[1]]);
  const { watcher, at } = watched;
  const known = () => Object.values(watcher.getWatched()).flat().includes("deep");
  assert.equal(known(), true);
  watcher.unwatch(at("d"));
  await watched.lines();
  assert.equal(known(), false);
  watcher.add([at("d"), at("d/skip/deep")]);
  await watched.until((lines) => lines.includes("addDir d"));
  watcher.add(at("d/skip/deep"));
  await watched.until((lines) => deep.every((line) => lines.includes(line)));
});

test("events still come after calls between the promises of others", async () => {
  const random = generator(1);
  const directories = Array.from({ length: 10 }, (_, i) => `d${i}`);
  await using watched = new Watched({}, undefined, (at) => {
    for (const directory of directories) mkdirSync(at(directory));
  });
  await watched.ready();
  for (let i = 0; i < 2000; i++) {
    const path = watched.at(directories[Math.floor(random() * directories.length)]);
    if (random() < 0.5) watched.watcher.unwatch(path);
    else watched.watcher.add(path);
    for (let hops = random() * 12; hops > 0; hops--) await undefined;
    if (random() < 0.1) await turn();
  }
  await watched.lines();
});

test("a path that is given in two ways is shown in the first one", async () => {
  await using watched = new Watched({}, (at) => [at("d"), at("x/../d/"), relative("", at("d"))]);
  assert.deepEqual(await watched.ready(), ["add d/f", "addDir d"]);
  watched.watcher.add(relative("", watched.at("d")));
  appendFileSync(watched.at("d/f"), "2");
  await watched.until((lines) => lines.join() === "change d/f");
  await using above = new Watched();
  await above.ready();
  above.watcher.add(relative("", above.at("d")));
  appendFileSync(above.at("d/f"), "2");
  assert.deepEqual(await above.lines(), ["change d/f"]);
});

test("after close() in a listener, nothing is held, and nothing is watched", async () => {
  const directory = tmpDir();
  writeFileSync(`${directory}/old`, "");
  const { status, stdout, stderr } = run("chokidar_close.ts", [directory]); // within a minute
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
  await using watched = new Watched();
  await watched.ready();
  await watched.watcher.close();
  assert.deepEqual(watched.watcher.getWatched(), {});
});

test("a path that cannot be added later is an `error`, and `ready` follows", async () => {
  await using watched = new Watched();
  watched.watcher.add([watched.at("a\0b"), watched.at("d")]);
  const lines = await watched.ready();
  assert.deepEqual(lines, ["add d/f", "add old", "addDir .", "addDir d", "error undefined"]);
});

test("an entry is left out if a function in `ignored` throws, which is an `error`", async () => {
  const failure = Object.assign(new Error("mine"), { code: "MINE" });
  const throwsAt = (names: readonly string[]) => ({
    ignored: (path: string) => {
      if (names.some((name) => path.endsWith(name))) throw failure;
      return false;
    },
  });
  await using watched = new Watched(throwsAt(["/d"]));
  const lines = await watched.ready();
  await watched.until((later) => [...lines, ...later].includes("error MINE"));
  writeFileSync(watched.at("new"), "");
  const later = (await watched.lines()).filter((line) => line !== "error MINE");
  assert.deepEqual(later, ["add new"]);
  await using none = new Watched(throwsAt(["/watched"]));
  await none.until((lines) => lines.includes("error MINE"));
});

const ABSENT: Record<string, WatchOptions> = {
  "`ignored: false`": { ignored: false as never },
  "`ignored: null`": { ignored: null as never },
  "a list with nothing": { ignored: [undefined, null, false, ""] as never[] },
  "an empty `cwd`": { cwd: "" },
};

for (const [name, options] of Object.entries(ABSENT)) {
  test(`${name} counts as absent`, async () => {
    await using watched = new Watched(options);
    assert.deepEqual(await watched.ready(), ["add d/f", "add old", "addDir .", "addDir d"]);
  });
}

test("`depth` is counted from /", async () => {
  const paths = new Set<string>();
  let isReady = false;
  const watcher = watch("/", { depth: 0 })
    .on("error", () => {}) // not every link there need lead to what may be read
    .on("all", (_event, path) => void paths.add(path))
    .on("ready", () => isReady = true);
  await until(() => isReady, () => [...paths]);
  await watcher.close();
  assert.deepEqual([...paths].filter((path) => dirname(path) !== "/"), []);
  assert.ok(paths.has("/proc"));
});
