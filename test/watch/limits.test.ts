/** `watch()` at a limit during set-up; limits reached later are in scenarios/limits/. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limited, LIMITS } from "../helpers/namespace.ts";
import { runForJson } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";
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
