/** A watcher on file systems of other kinds than the one that the tests run on. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lazy } from "../../ffi/lazy.ts";
import { FILE_SYSTEMS, mounted, under } from "../helpers/filesystems.ts";
import { run, runForJson } from "../helpers/program.ts";
import type { Findings } from "../programs/filesystem.ts";

/** Those whose times of change are no proof that a file has not changed. */
const UNRELIABLE = ["vfat", "bindfs"];
/** One that gives no types in its listings. */
const UNTYPED = "ext2 without types";

const names = FILE_SYSTEMS.filter(([, skip]) => !skip).map(([name]) => name);
const findings = lazy(() =>
  runForJson<Findings[]>("filesystem.ts", names.map(mounted), { under: under(names) })
);

for (const [name, skip] of FILE_SYSTEMS) {
  test(`on ${name}, what changes between two calls is told, and what is lost is`, { skip }, () => {
    assert.deepEqual(findings()[names.indexOf(name)], {
      willHaveChanged: UNRELIABLE.includes(name),
      lost: Array(3).fill("modify the file"),
    });
  });
}

const scenarios = join(import.meta.dirname!, "../scenarios");
const files = readdirSync(scenarios)
  .filter((name) => /^(ignore|initial|kinds|names|sym)/.test(name))
  .map((name) => join(scenarios, name));

for (const how of [[], ["without statx"]]) {
  test(`scenarios play where listings give no types (${how[0] ?? "with statx"})`, {
    skip: !names.includes(UNTYPED) && "there is no such file system here",
  }, () => {
    const place = [...under([UNTYPED]), "env", `TMPDIR=${mounted(UNTYPED)}`];
    const { status, stderr } = run("play.ts", [...how, ...files], { under: place });
    assert.equal(status, 0, stderr);
  });
}
