/**
 * An instance and a watcher keep working after the program has dropped the privileges that opened them: its
 * user can no longer read the module's files and, on Deno, it has no permission for FFI.
 */

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "../helpers/program.ts";
import { tmpDir } from "../helpers/tmp.ts";

const root = join(import.meta.dirname!, "../..");

for (
  const [what, told, failure] of [
    ["instance", "", 'Cannot watch "/no/such/directory": no such file or directory (ENOENT)'],
    [
      "watcher",
      "DIRECTORY/",
      'Cannot watch "DIRECTORY/file/nothing": a part of the way to it is not a directory (ENOTDIR)',
    ],
  ]
) {
  test(`without privileges, the ${what} reports events and errors, and closes`, async () => {
    const hidden = tmpDir(); // mkdtemp(3) makes it for this user only
    for (const name of ["mod.ts", "src", "ffi", "deno.json"]) {
      cpSync(join(root, name), join(hidden, name), { recursive: true });
    }
    const directory = tmpDir();
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, "file"), "");
    const expand = (text: string) => text.replace("DIRECTORY", directory);
    const program = start("give_up.ts", [what, hidden, directory]);
    assert.equal(await program.line(), "open");
    for (const name of ["a", "b", "c"]) { // the first may exist before the wait begins
      mkdirSync(join(directory, name));
      assert.equal(await program.line(), expand(`${told}${name}`));
    }
    assert.equal(await program.line(), expand(failure));
    assert.match(await program.line<string>(), /^Cannot watch "\/": .+ \(ENOSPC\)$/);
    assert.equal(await program.line(), "closed");
  });
}
