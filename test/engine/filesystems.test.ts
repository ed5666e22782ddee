/** A watcher on file systems other than the one of the tests' directory. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lazy } from "../../ffi/lazy.ts";
import { FILE_SYSTEMS, mounted, under } from "../helpers/filesystems.ts";
import { run, runForJson } from "../helpers/program.ts";
import type { Findings } from "../programs/filesystem.ts";

/** Those whose change times do not prove that a file is unchanged. */
const UNRELIABLE = ["vfat", "bindfs"];
/** One whose listings have no types. */
const UNTYPED = "ext2 without types";

const names = FILE_SYSTEMS.filter(([, skip]) => !skip).map(([name]) => name);
const findings = lazy(() =>
  runForJson<Findings[]>("filesystem.ts", names.map(mounted), { under: under(names) })
);

for (const [name, skip] of FILE_SYSTEMS) {
  test(
    `on ${name}, changes between two system calls are reported, and lost ones are`,
    { skip },
    () => {
      assert.deepEqual(findings()[names.indexOf(name)], {
        willHaveChanged: UNRELIABLE.includes(name),
        lost: Array(3).fill("modify the file"),
      });
    },
  );
}

const scenarios = join(import.meta.dirname!, "../scenarios");
const files = readdirSync(scenarios)
  .filter((name) => /^(ignore|initial|kinds|names|sym)/.test(name))
  .map((name) => join(scenarios, name));

for (const how of [[], ["without statx"]]) {
  test(`scenarios pass on a file system whose listings have no types (${how[0] ?? "with statx"})`, {
    skip: !names.includes(UNTYPED) && "there is no such file system here",
  }, () => {
    const place = [...under([UNTYPED]), "env", `TMPDIR=${mounted(UNTYPED)}`];
    const { status, stderr } = run("play.ts", [...how, ...files], { under: place });
    assert.equal(status, 0, stderr);
  });
}
