/** `since` and `poll` on other file systems: with coarse times, without times of birth, and changed elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FILE_SYSTEMS, mounted, under } from "../helpers/filesystems.ts";
import { runForJson } from "../helpers/program.ts";
import type { Unseen } from "../programs/unseen.ts";

/** What is reported where inodes have a time of birth, by which renames are found. */
const RENAMED = [
  "create e/created",
  "modify changed",
  "remove removed",
  "rename d -> e",
  "rename renamed -> new",
];
/** What is reported where they have none. */
const REMOVED = [
  ...["create e", "create e/created", "create e/f", "create new", "modify changed", "remove d"],
  ...["remove removed", "remove renamed"],
];
const WITHOUT_BIRTH = ["ext3 with whole seconds", "bindfs"];
/** Those that keep whole seconds: a file that was just written counts as changed. */
const COARSE = ["ext3 with whole seconds", "vfat"];

for (const [name, skip] of FILE_SYSTEMS) {
  test(`on ${name}, since and poll report what nobody has seen`, { skip }, () => {
    const directories = [mounted(name), ...name === "bindfs" ? ["/mnt/bindfs/below"] : []];
    const { since, poll } = runForJson<Unseen>("unseen.ts", directories, { under: under([name]) });
    const isSure = (line: string) =>
      !COARSE.includes(name) || !line.startsWith("modify") || line === "modify changed";
    assert.deepEqual(since.filter(isSure), WITHOUT_BIRTH.includes(name) ? REMOVED : RENAMED);
    assert.deepEqual(poll, RENAMED);
  });
}

const COARSEST = "ext3 with whole seconds";

test("a mirror equals the disk after restarts where times are whole seconds", {
  skip: FILE_SYSTEMS.find(([name]) => name === COARSEST)![1],
}, () => {
  const where = ["env", `TMPDIR=${mounted(COARSEST)}`, `INOTIFY_DIRECTORY=${mounted(COARSEST)}`];
  const place = [...under([COARSEST]), ...where];
  assert.deepEqual(runForJson<string[]>("restart.ts", ["1", "3"], { under: place }), []);
});
