/** `watch()` at a limit during set-up; limits reached later are in scenarios/limits/. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { watch } from "../../mod.ts";
import { line } from "../helpers/events.ts";
import { limited, LIMITS } from "../helpers/namespace.ts";
import { runForJson } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";
import { within } from "../helpers/within.ts";
import type { Partial } from "../programs/partial.ts";
import type { Refused } from "../programs/refused.ts";

const { skip } = LIMITS;

/** A directory with thirty subdirectories. */
function wide(): string {
  const directory = tmpDir();
  for (let i = 0; i < 30; i++) mkdirSync(join(directory, String(i)));
  return directory;
}

for (
  const [name, code, syscall, start] of [
    ["watches", "ENOSPC", "inotify_add_watch", limited("watches", 20)],
    ["instances", "EMFILE", "inotify_init1", limited("instances", 0)],
  ] as const
) {
  test(
    `${code} during set-up rejects ready and leaves no ${name} behind`,
    { skip },
    () => {
      const { errors, held } = runForJson<Refused>("refused.ts", [wide()], start);
      assert.deepEqual(errors.map(({ name, code, syscall }) => ({ name, code, syscall })), [
        { name: "InotifyError", code, syscall },
        { name: "InotifyError", code, syscall },
      ]);
      assert.match(String(errors[0].message), new RegExp(`sudo sysctl user.max_inotify_${name}=`));
      const nothing = { instances: 0, watches: 0 };
      assert.deepEqual(held, [nothing, nothing, nothing]);
    },
  );
}

test("ENOSPC during set-up does not affect another watcher", { skip }, () => {
  const other = tmpDir();
  const { errors, held, lines } = runForJson<Refused>(
    "refused.ts",
    [wide(), other],
    limited("watches", 20),
  );
  assert.deepEqual(errors.map(({ code }) => code), ["ENOSPC", "ENOSPC"]);
  assert.deepEqual(held[1], held[0]);
  assert.deepEqual(lines, [`create ${other}/made`]);
});

test("a directory is an error event when no descriptor is free, and the rest is watched", () => {
  const directory = tmpDir();
  const lines = runForJson("no_descriptor.ts", [directory], {
    under: ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"],
  });
  assert.deepEqual(lines, [
    `create ${directory}/no`,
    `error ${directory}/no EMFILE`,
    `create ${directory}/yes`,
    `create ${directory}/yes/in`,
  ]);
});

const NAMES = Array.from({ length: 30 }, (_, i) => String(i));

test("partial: ENOSPC during set-up is an error for each directory, and the rest is watched", {
  skip,
}, () => {
  const directory = wide();
  const start = limited("watches", 20);
  const { failure, lines, watched, again } = runForJson<Partial>(
    "partial.ts",
    [directory, ...NAMES],
    start,
  );
  assert.equal(failure, undefined);
  const paths = NAMES.map((name) => `${directory}/${name}`);
  const [covered, refused] = [true, false].map((is) =>
    paths.filter((path) => watched.includes(path) === is)
  );
  assert.ok(covered.length > 5 && refused.length > 5, `${covered.length}, ${refused.length}`);
  const ready = lines.indexOf("ready");
  assert.deepEqual(
    lines.slice(0, ready).toSorted(),
    refused.map((path) => `error ${path} ENOSPC`).sort(),
  );
  assert.deepEqual(lines.slice(ready + 1), covered.map((path) => `create ${path}/f`));
  assert.deepEqual(again, ["remove it", "create it", "create it/g"]);
});

test(
  "partial: with a watch for the watcher's own use only, the given path is an error",
  { skip },
  () => {
    const directory = wide();
    const { failure, lines } = runForJson<Partial>(
      "partial.ts",
      [directory],
      limited("watches", 1),
    );
    assert.equal(failure, undefined);
    assert.deepEqual(lines, [`error ${directory} ENOSPC`, "ready"]);
  },
);

test("partial: without a watch for the watcher's own use, ready rejects", { skip }, () => {
  const { failure } = runForJson<Partial>("partial.ts", [wide()], limited("watches", 0));
  assert.equal(failure?.code, "ENOSPC");
});

test("partial: EMFILE of instances during set-up still rejects ready", { skip }, () => {
  const { failure } = runForJson<Partial>("partial.ts", [wide()], limited("instances", 0));
  assert.deepEqual([failure?.code, failure?.syscall], ["EMFILE", "inotify_init1"]);
});

test("partial: a given path that cannot be watched is an error, and the others are watched", async () => {
  const directory = wide();
  await using watcher = watch(["/dev/null/directory", directory], { partial: true });
  await within(watcher.ready);
  writeFileSync(`${directory}/0/new`, "");
  const events: string[] = [];
  for await (const event of watcher) {
    events.push(line(event));
    if (event.kind === "create") break;
  }
  assert.deepEqual(events, ["error /dev/null/directory", `create ${directory}/0/new`]);
});
