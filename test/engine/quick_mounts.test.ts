/** A mount that comes and goes before anybody has looked leaves no wrong picture, on the real kernel. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOUNTS } from "../helpers/namespace.ts";
import { run } from "../helpers/program.ts";

for (const noticed of ["by itself", "by sync() alone"]) {
  for (
    const check of ["a new directory", "the beginning", "a given path", "moves there and back"]
  ) {
    test(`a mount is gone at once over ${check}: a watcher knows what is there, ${noticed}`, {
      skip: MOUNTS.skip,
    }, () => {
      const { under } = MOUNTS;
      const { status, stdout, stderr } = run("quick_mounts.ts", [check, noticed], { under });
      assert.equal(status, 0, stdout + stderr);
    });
  }
}

test("a large directory is read once more, though mounts come and go while it is read", {
  skip: MOUNTS.skip,
}, () => {
  const { under } = MOUNTS;
  const check = "elsewhere, each time that a large directory is read on";
  const { status, stdout, stderr } = run("quick_mounts.ts", [check, "by itself"], { under });
  assert.equal(status, 0, stdout + stderr);
});
