/** Each file of the engine has a test file of its own. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname!, "../..");

/** Those without: types and a few lines that others are tested by, or what only a test with its user can show. */
const OTHERS: Record<string, string> = {
  by_rename: "completion",
  candidates: "completion",
  client: "engine",
  member: "instance",
  progress: "engine",
  scope: "levels",
};

test("each file of src/engine has a test file of that name in test/engine", () => {
  const names = readdirSync(join(root, "src/engine")).map((file) => file.replace(/\.ts$/, ""));
  const isTested = (name: string) => existsSync(join(root, "test/engine", `${name}.test.ts`));
  const untested = names.filter((name) => !isTested(OTHERS[name] ?? name));
  assert.deepEqual(untested, []);
  assert.deepEqual(
    Object.keys(OTHERS).filter((name) => isTested(name) || !names.includes(name)),
    [],
  );
});
