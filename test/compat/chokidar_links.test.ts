/** The API of chokidar and symbolic links: what its events add up to, after random changes. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { watch } from "../../src/compat/chokidar.ts";
import { generator } from "../helpers/random.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";
import { until } from "../helpers/within.ts";

const DIRECTORIES = ["d1", "d2", "d3", "d1/s"];
const NAMES = ["a", "b", "c", "x", "y"];
const TARGETS = ["d1", "d2", "d3", "d1/a", "d2/b", "d1/s", "nowhere"];

/** Changes a directory at random. */
function change(root: string, random: () => number): void {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const at = () => join(root, pick([...DIRECTORIES, "."]), pick(NAMES));
  const actions = [
    () => writeFileSync(at(), "1"),
    () => appendFileSync(at(), "2"),
    () => rmSync(at(), { recursive: true, force: true }),
    () => mkdirSync(at()),
    () => renameSync(at(), at()),
    () => symlinkSync(pick(TARGETS), join(root, pick(NAMES))),
    () => {
      symlinkSync(pick(TARGETS), join(root, "next"));
      renameSync(join(root, "next"), join(root, pick(NAMES)));
    },
    () => {
      const directory = join(root, pick(DIRECTORIES.slice(0, 3)));
      renameSync(directory, join(root, "moved"));
      renameSync(join(root, "moved"), directory);
    },
  ];
  try {
    pick(actions)();
  } catch {
    rmSync(join(root, "next"), { force: true }); // what it was to change is not as it would need
  }
}

/** What is at the paths in a directory, through links: whether each is a directory. */
function walk(top: string): { paths: Map<string, boolean>; open: Set<string> } {
  const paths = new Map([[top, true]]);
  /** Links in linked directories, which may be entered or not. */
  const open = new Set<string>();
  const enter = (directory: string, isLinked: boolean) => {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory();
      if (isDirectory === undefined) continue; // a link that leads nowhere
      paths.set(path, isDirectory);
      if (!isDirectory) continue;
      const isLink = lstatSync(path).isSymbolicLink();
      const [real, parent] = [realpathSync(path), realpathSync(dirname(path))];
      if (isLink && (parent === real || parent.startsWith(`${real}/`))) continue;
      if (isLink && isLinked) open.add(path);
      else enter(path, isLinked || isLink);
    }
  };
  enter(top, false);
  return { paths, open };
}

for (const seed of [1, 2, 3, 4]) {
  test(`after random changes ${seed}, the events add up to what is there, through links`, async () => {
    const root = tmpDir(fastest);
    for (const directory of DIRECTORIES) mkdirSync(join(root, directory));
    const random = generator(seed);
    const seen = new Map<string, boolean>();
    const contradictions: string[] = [];
    const watcher = watch(root, { atomic: seed % 2 === 0 && 30 })
      .on("error", (error) => contradictions.push(`${error}`))
      .on("all", (event, path) => {
        if (seen.has(path) === event.startsWith("add")) contradictions.push(`${event} ${path}`);
        if (event === "unlink" || event === "unlinkDir") seen.delete(path);
        else if (event !== "change") seen.set(path, event === "addDir");
      });
    for (let i = 0; i < 200; i++) {
      change(root, random);
      if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, random() * 5));
    }
    const differences = () => {
      const { paths, open } = walk(root);
      const isOpen = (path: string) => open.values().some((one) => path.startsWith(`${one}/`));
      const all = new Set([...paths.keys(), ...seen.keys()]);
      return [...all].filter((path) => !isOpen(path) && paths.get(path) !== seen.get(path));
    };
    await until(() => differences().length === 0, differences);
    assert.deepEqual(contradictions, []);
    await watcher.close();
  });
}
