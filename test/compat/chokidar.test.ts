/**
 * The API of chokidar: the events of what is done, each option, and what chokidar loses.
 *
 * INOTIFY_SEEDS=FROM-TO runs other storms than 1 and 2.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import chokidar, { FSWatcher, watch, type WatchOptions } from "../../src/compat/chokidar.ts";
import { onDisk } from "../helpers/model.ts";
import { command } from "../helpers/runtime.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { type At, fill, Watched } from "../helpers/watched.ts";
import { until } from "../helpers/within.ts";

/** What is done in a directory with the file `old` and the directory `d` with the file `f`; and the events. */
const DEEDS: Record<string, readonly [(at: At) => void, string]> = {
  "a new file": [(at) => writeFileSync(at("a"), "1"), "add a"],
  "an empty file": [(at) => writeFileSync(at("empty"), ""), "add empty"],
  "other content": [(at) => writeFileSync(at("a"), "2"), "change a"],
  "more content": [(at) => appendFileSync(at("a"), "3"), "change a"],
  "another mode": [(at) => chmodSync(at("a"), 0o600), "change a"],
  "other times": [(at) => utimesSync(at("a"), 1, 1), "change a"],
  "a hard link": [(at) => linkSync(at("old"), at("hard")), "add hard"],
  "a rename": [(at) => renameSync(at("a"), at("b")), "add b, unlink a"],
  "a rename over a file": [(at) => renameSync(at("b"), at("old")), "change old, unlink b"],
  "a save by a temporary file": [
    (at) => {
      writeFileSync(at("new"), "3");
      renameSync(at("new"), at("old"));
    },
    "add new, change old, unlink new",
  ],
  "a save by a backup": [
    (at) => {
      renameSync(at("old"), at("old~"));
      writeFileSync(at("old"), "4");
      unlinkSync(at("old~"));
    },
    "change old",
  ],
  "a swap file": [
    (at) => {
      writeFileSync(at(".old.swp"), "");
      writeFileSync(at(".subl5f4.tmp"), "");
    },
    "",
  ],
  "a file that comes and goes": [
    (at) => {
      writeFileSync(at("short"), "");
      unlinkSync(at("short"));
    },
    "add short, unlink short",
  ],
  "a directory": [(at) => mkdirSync(at("e/e"), { recursive: true }), "addDir e, addDir e/e"],
  "a file in it": [(at) => writeFileSync(at("e/e/x"), "1"), "add e/e/x"],
  "its rename": [
    (at) => renameSync(at("e"), at("g")),
    "add g/e/x, addDir g, addDir g/e, unlink e/e/x, unlinkDir e, unlinkDir e/e",
  ],
  "a move out": [
    (at) => renameSync(at("g"), at("../out")),
    "unlink g/e/x, unlinkDir g, unlinkDir g/e",
  ],
  "a move in": [(at) => renameSync(at("../out"), at("g")), "add g/e/x, addDir g, addDir g/e"],
  "the removal of a tree": [
    (at) => rmSync(at("g"), { recursive: true }),
    "unlink g/e/x, unlinkDir g, unlinkDir g/e",
  ],
  "a directory in the place of a file": [
    (at) => {
      unlinkSync(at("hard"));
      mkdirSync(at("hard"));
    },
    "addDir hard, unlink hard",
  ],
  "a link to a file": [(at) => symlinkSync("old", at("link")), "add link"],
  "the content of that file": [(at) => appendFileSync(at("old"), "4"), "change link, change old"],
  "a link to a directory": [(at) => symlinkSync("d", at("to-d")), "add to-d/f, addDir to-d"],
  "what is in it": [(at) => appendFileSync(at("d/f"), "2"), "change d/f, change to-d/f"],
  "a new file in it": [(at) => writeFileSync(at("d/new"), ""), "add d/new, add to-d/new"],
  "the link to a file instead": [
    (at) => {
      unlinkSync(at("to-d"));
      symlinkSync("d/f", at("to-d"));
    },
    "add to-d, unlink to-d/f, unlink to-d/new, unlinkDir to-d",
  ],
  "a link that leads nowhere": [(at) => symlinkSync("nowhere", at("lost")), ""],
  "what it leads to": [(at) => mkdirSync(at("nowhere")), "addDir lost, addDir nowhere"],
  "a link to the directory above": [(at) => symlinkSync("..", at("d/up")), "addDir d/up"],
  "the end of that link": [(at) => unlinkSync(at("d/up")), "unlinkDir d/up"],
  "a removal": [(at) => unlinkSync(at("old")), "unlink link, unlink old"],
};

test("the events of what is done", async () => {
  await using watched = new Watched();
  await watched.ready();
  for (const [name, [deed, lines]] of Object.entries(DEEDS)) {
    deed(watched.at);
    assert.equal((await watched.lines()).join(", "), lines, name);
  }
});

/** Fills a directory, with links. */
function fillWithLinks(at: At): void {
  fill(at);
  symlinkSync("d", at("link"));
  symlinkSync("old", at("file"));
  symlinkSync("nowhere", at("lost"));
}

test("what exists already is emitted before `ready`, unless with `ignoreInitial`", async () => {
  await using watched = new Watched({}, undefined, fillWithLinks);
  const old = "add d/f, add file, add link/f, add old, addDir ., addDir d, addDir link";
  assert.equal((await watched.ready()).join(", "), old);
  await using silent = new Watched({ ignoreInitial: true }, undefined, fillWithLinks);
  assert.deepEqual(await silent.ready(), []);
  silent.watcher.add(watched.directory);
  assert.deepEqual(await silent.lines(), []);
  appendFileSync(watched.at("d/f"), "2");
  await silent.until((lines) => lines.includes(`change ${watched.at("link/f")}`));
});

test("`followSymlinks: false` takes links for files", async () => {
  await using watched = new Watched(
    { followSymlinks: false },
    (at) => [at(""), at("../link")],
    (at) => {
      fillWithLinks(at);
      symlinkSync("watched", at("../link"));
    },
  );
  const old = "add d/f, add file, add link, add lost, add old, addDir ., addDir d".split(", ");
  assert.deepEqual(await watched.ready(), ["add " + watched.at("../link"), ...old].sort());
  unlinkSync(watched.at("link"));
  symlinkSync("old", watched.at("link"));
  assert.deepEqual(await watched.lines(), ["change link"]);
});

const IGNORED: Record<string, readonly [WatchOptions["ignored"], string]> = {
  "a path": ["d", "add old, addDir ."],
  "an absolute path": ["/d", "add d/f, add old, addDir ., addDir d"],
  "a RegExp": [/f$/, "add old, addDir ., addDir d"],
  "a function": [(path: string) => path.endsWith("/d"), "add old, addDir ."],
  "a function of the status": [
    (_path, stats) => stats?.isFile() === true,
    "addDir ., addDir d",
  ],
  "an object": [{ path: "d" }, "add old, addDir ."],
  "a glob": ["**/f", "add old, addDir ., addDir d"],
  "a glob of a directory": ["**/d/**", "add old, addDir ."],
  "a list": [["old", /f$/], "addDir ., addDir d"],
  "everything": [() => true, ""],
};

for (const [name, [ignored, lines]] of Object.entries(IGNORED)) {
  test(`\`ignored\` takes ${name}`, async () => {
    await using watched = new Watched((at) => ({ ignored: ignored!, cwd: at("") }));
    assert.equal((await watched.ready()).join(", "), lines);
  });
}

test("what is in a directory with a dot in its name is no temporary file of an editor", async () => {
  await using watched = new Watched({}, undefined, (at) => {
    mkdirSync(at(".config.sublime"));
    for (const name of ["x.swp", "x.tmp", ".x.swp"]) {
      writeFileSync(at(`.config.sublime/${name}`), "");
    }
  });
  const files = [".config.sublime/x.swp", ".config.sublime/x.tmp"].map((path) => `add ${path}`);
  assert.deepEqual(await watched.ready(), [...files, "addDir .", "addDir .config.sublime"]);
});

test("a glob in `ignored` is relative to a `cwd` of any name", async () => {
  const name = "[d]{e,f}*?\\";
  const options = (at: At) => ({ cwd: at(name), ignored: ["*.tmp", "../*.tmp", "{a,b}/**"] });
  await using watched = new Watched(options, () => [".", ".."], (at) => {
    for (const directory of [name, `${name}/a`, `${name}/c`]) mkdirSync(at(directory));
    for (const file of ["x.tmp", "x.js", "a/x.js", "c/x.tmp"]) {
      writeFileSync(at(`${name}/${file}`), "");
    }
    writeFileSync(at("y.tmp"), "");
  });
  assert.deepEqual(await watched.ready(), [
    "add c/x.tmp",
    "add x.js",
    "addDir .",
    "addDir ..",
    "addDir c",
  ]);
});

test("a given file that `ignored` leaves out by its status has no events, also if it comes later", async () => {
  for (const followSymlinks of [true, false]) {
    const options: WatchOptions = {
      followSymlinks,
      ignored: (path, stats) => stats?.isFile() === true && path.endsWith("late"),
    };
    await using watched = new Watched(options, (at) => [at("late"), at("")]);
    await watched.ready();
    for (const content of ["1", "2"]) {
      writeFileSync(watched.at("late"), content);
      assert.deepEqual(await watched.lines(), [], `followSymlinks: ${followSymlinks}`);
    }
  }
});

test("a RegExp and a function get the path as it was given", async () => {
  const seen = new Set<string>();
  const ignored = (path: string, _stats?: unknown) => {
    seen.add(path);
    return false;
  };
  const given = (at: At) => relative("", at("d"));
  await using watched = new Watched({ ignored }, given);
  await watched.ready();
  const path = given(watched.at);
  assert.deepEqual([...seen].sort(), [path, `${path}/f`]);
});

test("a function gets the status of what exists", async () => {
  const sizes = new Map<string, number | undefined>();
  const ignored = (path: string, stats?: Stats) => {
    if (stats?.isFile()) sizes.set(basename(path), stats.size);
    return false;
  };
  await using watched = new Watched({ ignored });
  await watched.ready();
  writeFileSync(watched.at("new"), "123");
  await watched.lines();
  assert.deepEqual([sizes.get("f"), sizes.get("old"), sizes.has("new")], [1, 1, true]);
});

test("paths are emitted as they are given, or relative to `cwd`", async () => {
  const lines = async (given: (at: At) => string, cwd?: (at: At) => string) => {
    await using watched = new Watched((at) => cwd ? { cwd: cwd(at) } : {}, given);
    return await watched.ready();
  };
  assert.deepEqual(await lines((at) => at("d/")), ["add d/f", "addDir d"]);
  assert.deepEqual(await lines(() => "d", (at) => at("")), ["add d/f", "addDir d"]);
  assert.deepEqual(await lines((at) => at("d"), (at) => at("d")), ["add f", "addDir ."]);
  assert.deepEqual(await lines(() => ".", (at) => at("d")), ["add f", "addDir ."]);
  assert.deepEqual(await lines((at) => at("old"), (at) => at("d")), ["add ../old"]);
  await using relativeOne = new Watched({}, (at) => relative("", at("d")));
  const path = relative("", relativeOne.at("d"));
  assert.deepEqual(await relativeOne.ready(), [`add ${path}/f`, `addDir ${path}`]);
  appendFileSync(relativeOne.at("d/f"), "2");
  await relativeOne.until((lines) => lines.includes(`change ${path}/f`));
});

test("`depth` limits the levels of directories, also behind links", async () => {
  const before = (at: At) => {
    mkdirSync(at("a/b/c"), { recursive: true });
    for (const name of ["f", "a/f", "a/b/f"]) writeFileSync(at(name), "");
    symlinkSync("a", at("link"));
  };
  await using none = new Watched({ depth: 0 }, undefined, before);
  assert.deepEqual(await none.ready(), ["add f", "addDir .", "addDir a", "addDir link"]);
  writeFileSync(none.at("a/new"), "");
  mkdirSync(none.at("new"));
  assert.deepEqual(await none.lines(), ["addDir new"]);
  await using one = new Watched({ depth: 1 }, undefined, before);
  const ofOne = ["add a/f", "add f", "add link/f", "addDir .", "addDir a", "addDir a/b"];
  assert.deepEqual(await one.ready(), [...ofOne, "addDir link", "addDir link/b"]);
  writeFileSync(one.at("a/b/new"), "");
  writeFileSync(one.at("a/new"), "");
  assert.deepEqual(await one.lines(), ["add a/new", "add link/new"]);
});

test("`stats` come with what is new or has changed, and with `alwaysStat` from the start", async () => {
  for (const alwaysStat of [false, true]) {
    await using watched = new Watched({ alwaysStat });
    const sizes = new Map<string, number | undefined>();
    watched.watcher.on("all", (event, path, stats) => {
      sizes.set(`${event} ${basename(path)}`, stats?.size);
    });
    await watched.ready();
    assert.equal(sizes.get("add old"), alwaysStat ? 1 : undefined);
    writeFileSync(watched.at("new"), "123");
    writeFileSync(watched.at("old"), "12");
    unlinkSync(watched.at("d/f"));
    await watched.lines();
    const expected = [3, 2, undefined];
    assert.deepEqual(
      ["add new", "change old", "unlink f"].map((line) => sizes.get(line)),
      expected,
    );
    assert.ok(sizes.has("unlink f"));
  }
});

test("a file is emitted when it is closed", async () => {
  await using watched = new Watched();
  const sizes: (number | undefined)[] = [];
  watched.watcher.on("all", (_, path, stats) => {
    if (path.endsWith("big")) sizes.push(stats?.size);
  });
  await watched.ready();
  for (const flag of ["w", "r+"]) {
    const fd = openSync(watched.at("big"), flag);
    for (let i = 0; i < 1000; i++) writeSync(fd, "0123456789");
    closeSync(fd);
    await watched.lines();
  }
  assert.deepEqual(sizes, [10_000, 10_000]);
});

test("a file that stays open is emitted, too", async () => {
  await using watched = new Watched();
  await watched.ready();
  const fd = openSync(watched.at("log"), "w");
  try {
    await watched.until((lines) => lines.includes("add log"), () => writeSync(fd, "1"));
    await watched.until((lines) => lines.includes("change log"), () => writeSync(fd, "2"));
  } finally {
    closeSync(fd);
  }
});

test("`awaitWriteFinish` waits until a file has not changed for that long", async () => {
  const awaitWriteFinish = { stabilityThreshold: 300 };
  await using watched = new Watched({ awaitWriteFinish, ignoreInitial: true });
  const sizes: string[] = [];
  watched.watcher.on("all", (event, path, stats) => {
    sizes.push(`${event} ${basename(path)} ${stats?.size}`);
  });
  await watched.ready();
  for (let i = 0; i < 5; i++) {
    appendFileSync(watched.at("new"), "12345");
    appendFileSync(watched.at("old"), "12345");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  writeFileSync(watched.at("short"), "1");
  await new Promise((resolve) => setTimeout(resolve, 100));
  unlinkSync(watched.at("short"));
  await watched.until((lines) => lines.includes("add new") && lines.includes("change old"));
  assert.deepEqual(sizes.sort(), ["add new 25", "change old 26"]);
});

test("`atomic` makes one change of a removal and a creation, for so many milliseconds", async () => {
  const again = (at: At) => {
    unlinkSync(at("old"));
    writeFileSync(at("old"), "2");
  };
  await using short = new Watched({ atomic: false });
  await short.ready();
  again(short.at);
  assert.deepEqual(await short.lines(), ["add old", "unlink old"]);
  writeFileSync(short.at("backup~"), "");
  assert.deepEqual(await short.lines(), ["add backup~"]);
  await using long = new Watched({ atomic: 1000 });
  await long.ready();
  unlinkSync(long.at("old"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeFileSync(long.at("old"), "2");
  await long.until((lines) => lines.join() === "change old");
});

test("what was removed in a directory is emitted before the directory", async () => {
  await using watched = new Watched();
  await watched.ready();
  const events: string[] = [];
  watched.watcher.on("all", (event) => events.push(event));
  rmSync(watched.at("d"), { recursive: true });
  mkdirSync(watched.at("d"));
  writeFileSync(watched.at("d/f"), "");
  await watched.lines();
  assert.deepEqual(events.slice(0, 4), ["unlink", "unlinkDir", "addDir", "add"]);
});

test("unwatch() ends the events of a path until it is added again", async () => {
  await using watched = new Watched({ ignoreInitial: true });
  await watched.ready();
  watched.watcher.unwatch([watched.at("d"), relative("", watched.at("old"))]);
  writeFileSync(watched.at("d/new"), "");
  unlinkSync(watched.at("old"));
  assert.deepEqual(await watched.lines(), []);
  assert.deepEqual(
    Object.keys(watched.watcher.getWatched()).map((path) => basename(path)).sort(),
    [
      basename(dirname(watched.directory)),
      "watched",
    ].sort(),
  );
  watched.watcher.add(watched.at("d"));
  await watched.until((lines) => {
    appendFileSync(watched.at("d/f"), "2"); // it is not known when what exists is watched
    return lines.includes("change d/f");
  });
});

test("getWatched() has the names in each directory", async () => {
  await using watched = new Watched();
  await watched.ready();
  assert.deepEqual(watched.watcher.getWatched(), {
    [dirname(watched.directory)]: ["watched"],
    [watched.directory]: ["d", "old"],
    [watched.at("d")]: ["f"],
  });
  await using relativeOne = new Watched((at) => ({ cwd: at("") }));
  await relativeOne.ready();
  const expected = { "..": ["watched"], ".": ["d", "old"], d: ["f"] };
  assert.deepEqual(relativeOne.watcher.getWatched(), expected);
});

test("close() ends all, and returns the same promise", async () => {
  await using watched = new Watched();
  await watched.ready();
  const { watcher } = watched;
  const events: string[] = [];
  watcher.on("all", (event) => events.push(event));
  writeFileSync(watched.at("new"), "");
  assert.equal(watcher.close(), watcher.close());
  await watcher.close();
  assert.deepEqual([watcher.closed, watcher.listenerCount("all"), events], [true, 0, []]);
  assert.throws(() => watcher.add("."), /closed/);
  assert.equal(watcher.unwatch("."), watcher);
});

test("a path need not exist, and a file may be given", async () => {
  const paths = (at: At) => [at("old"), at("later"), at("d/f")];
  await using watched = new Watched({}, paths);
  assert.deepEqual(await watched.ready(), ["add d/f", "add old"]);
  mkdirSync(watched.at("later"));
  writeFileSync(watched.at("later/f"), "");
  await watched.until((lines) => lines.length >= 2);
  appendFileSync(watched.at("d/f"), "2");
  writeFileSync(watched.at("d/other"), "2");
  await watched.until((lines) => lines.includes("change d/f"), () => unlinkSync(watched.at("old")));
  await watched.until((lines) => lines.length >= 4);
});

test("polling sees what the kernel does not report", async () => {
  await using watched = new Watched({ usePolling: true, interval: 20 });
  await watched.ready();
  assert.deepEqual([watched.watcher.options.usePolling, watched.watcher.options.interval], [
    true,
    20,
  ]);
  writeFileSync(watched.at("new"), "");
  assert.deepEqual(await watched.lines(), ["add new"]);
});

test("CHOKIDAR_USEPOLLING and CHOKIDAR_INTERVAL decide", () => {
  const { CHOKIDAR_USEPOLLING, CHOKIDAR_INTERVAL } = process.env;
  try {
    for (const [value, isPolling] of [["1", true], ["FALSE", false], ["0", false], ["x", true]]) {
      process.env["CHOKIDAR_USEPOLLING"] = `${value}`;
      assert.equal(new FSWatcher({ usePolling: !isPolling }).options.usePolling, isPolling);
    }
    process.env["CHOKIDAR_INTERVAL"] = "250";
    assert.equal(new FSWatcher({ interval: 100 }).options.interval, 250);
  } finally {
    restore("CHOKIDAR_USEPOLLING", CHOKIDAR_USEPOLLING);
    restore("CHOKIDAR_INTERVAL", CHOKIDAR_INTERVAL);
  }
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

test("an invalid path or option is an error that names it", () => {
  const invalid: readonly [unknown, unknown, RegExp][] = [
    [["a", 1], {}, /Non-string provided as watch path: 1/],
    ["a", { depth: -1 }, /depth .* not -1/],
    ["a", { interval: 0 }, /interval .* not 0/],
    ["a", { awaitWriteFinish: { stabilityThreshold: "1" } }, /stabilityThreshold .* not 1/],
    ["a", { ignored: [1] }, /ignored .* not 1/],
  ];
  for (const [paths, options, message] of invalid) {
    assert.throws(() => watch(paths as string, options as WatchOptions), {
      name: "TypeError",
      message,
    });
  }
});

test("the default export has the functions, and lists of paths may be nested", async () => {
  assert.deepEqual(chokidar, { watch, FSWatcher });
  const directory = tmpDir();
  const watcher = chokidar.watch([[directory], []]);
  assert.ok(watcher instanceof FSWatcher);
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  await watcher.close();
});

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-2").split("-").map(Number);
for (let seed = from; seed <= to; seed++) {
  test(`after storm ${seed}, what the events add up to is what is on the disk`, async () => {
    const root = tmpDir(fastest);
    const outside = tmpDir(fastest);
    const paths = new Set<string>();
    const contradictions: string[] = [];
    const watcher = watch(root, { atomic: false, followSymlinks: false });
    watcher.on("error", (error) => contradictions.push(String(error)));
    watcher.on("all", (event, path) => {
      if (paths.has(path) === event.startsWith("add")) contradictions.push(`${event} ${path}`);
      if (event.startsWith("add")) paths.add(path);
      else if (event !== "change") paths.delete(path);
    });
    const [program, args] = command("storm.ts", [root, outside, `${seed}`, "2000", "0"]);
    const code = await new Promise((resolve) =>
      spawn(program, args, { stdio: "inherit" }).on("exit", resolve)
    );
    assert.equal(code, 0);
    const disk = new Set([...onDisk(root)].map((path) => `${Buffer.from(path, "latin1")}`));
    await until(() => paths.symmetricDifference(disk).size === 0, () => ({
      missing: [...disk.difference(paths)],
      notThere: [...paths.difference(disk)],
    }));
    assert.deepEqual(contradictions, []);
    await watcher.close();
  });
}
