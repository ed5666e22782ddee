/** Entries with a path that is too long for a system call (PATH_MAX, 4096 bytes). */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InotifyError, watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";

const PATH_MAX = 4096;
const NAME = "n".repeat(200);

function sh(directory: string, command: string): void {
  execFileSync("sh", ["-c", command], { cwd: directory });
}

/** Creates nested directories, the last with too long a path. @returns those with a usable path */
function makeDeep(directory: string): string[] {
  sh(directory, `for i in $(seq 25); do mkdir ${NAME} && cd -P ${NAME} || exit; done; : > f`);
  const paths: string[] = [];
  for (let path = join(directory, NAME); path.length < PATH_MAX; path = join(path, NAME)) {
    paths.push(path);
  }
  return paths;
}

for (const when of ["before the watcher", "after it"]) {
  test(`a directory with too long a path is one error, and the rest is watched (created ${when})`, async () => {
    const directory = tmpDir();
    const early = when === "after it" ? undefined : makeDeep(directory);
    await using watcher = watch(directory);
    const lines: string[] = [];
    const errors: string[] = [];
    const loop = forEach(watcher, (event) => {
      if (event.kind !== "error") lines.push(line(event));
      else if (event.error instanceof InotifyError) {
        errors.push(`${event.error.code} ${event.path}`);
      }
    });
    await within(watcher.ready);
    const deep = early ?? makeDeep(directory);
    await taken(watcher);
    const uncovered = join(deep.at(-1)!, NAME);
    const created = [...deep, uncovered].map((path) => `create ${path}`);
    assert.deepEqual(lines.splice(0), early === undefined ? created : []);
    assert.deepEqual(errors, [`ENAMETOOLONG ${uncovered}`]);
    assert.deepEqual(watcher.watched(), [directory, ...deep]);

    mkdirSync(join(directory, "top"));
    mkdirSync(join(deep[1], "in"));
    sh(directory, `mv ${NAME} short`);
    await taken(watcher);
    assert.deepEqual(lines.splice(0), [
      `create ${directory}/top`,
      `create ${deep[1]}/in`,
      `rename ${directory}/short`,
    ]);

    sh(directory, "rm -r short top");
    await taken(watcher);
    assert.deepEqual(watcher.watched(), [directory]);
    assert.equal(lines.at(-1), `remove ${directory}/top`);
    assert.equal(errors.length, 1);
    await watcher.close();
    await loop;
  });
}

test("a link through a file to too long a path is an error", async () => {
  const directory = tmpDir();
  const link = join(directory, "link");
  writeFileSync(join(directory, "file"), "");
  symlinkSync(`file/${"n".repeat(4090)}`, link);
  await using watcher = watch(link);
  await assert.rejects(within(watcher.ready), { code: "ENAMETOOLONG", path: link });
});
