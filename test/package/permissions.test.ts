/**
 * Under `--allow-read=PATH` of Deno and `--allow-fs-read=PATH` of Node.js a watcher tells of nothing else,
 * although FFI could go round it.
 */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../helpers/program.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { tmpDir } from "../helpers/tmp.ts";

const base = tmpDir();
const at = (name: string) => join(base, name);
for (const name of ["allowed/in", "secret/in", "allowed-not"]) {
  mkdirSync(at(name), { recursive: true });
}
for (const name of ["allowed/file", "secret/file"]) writeFileSync(at(name), "");
symlinkSync("../secret", at("allowed/link"));
symlinkSync("../secret/file", at("allowed/file-link"));
symlinkSync("in", at("allowed/inner-link"));

const FLAGS = {
  deno: ["run", "--no-prompt", "--no-check", "--allow-ffi", `--allow-read=${at("allowed")}`],
  node: [
    "--no-warnings",
    "--permission",
    "--allow-ffi",
    `--allow-fs-read=${join(import.meta.dirname!, "../..")}`,
    `--allow-fs-read=${at("allowed")}`,
  ],
  bun: [],
}[runtimeName];

/** What becomes of it where `allowed` may be read. */
function look(paths: readonly string[], options = {}): unknown[] {
  const args = [JSON.stringify(options), ...paths.map(at)];
  const { stdout, stderr } = run("permitted.ts", args, { flags: FLAGS });
  assert.equal(stderr, "");
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

const skip = { skip: runtimeName === "bun" && "Bun has no permissions" };
const refused = {
  refused: "EACCES",
  flags: runtimeName === "deno" ? ["--allow-read", "--allow-read"] : ["--allow-fs-read"],
};
/** What the path leads to is not known before it is followed. */
const refusedLater = { refused: "EACCES", flags: [] };
const told = (events: readonly string[]) => ({
  told: events.map((event) => {
    const [kind, name] = event.split(" ");
    return `${kind} ${at(name)}`;
  }).sort(),
});
const ENTRIES = ["allowed", "allowed/file", "allowed/file-link", "allowed/in"].map((name) =>
  `exists ${name}`
);

test("what is allowed is watched, and a path through a link within it", skip, () => {
  const links = ["exists allowed/link", "exists allowed/inner-link"];
  assert.deepEqual(look(["allowed", "allowed/in", "allowed/inner-link"]), [
    told([...ENTRIES, ...links]),
    told(["exists allowed/in"]),
    told(["exists allowed/inner-link"]),
  ]);
});

test("what is not allowed is refused, whatever the path to it", skip, () => {
  const paths = [
    "secret",
    "secret/file",
    "secret/nothing",
    "allowed/../secret",
    "allowed-not",
    ".",
  ];
  assert.deepEqual(look(paths), paths.map(() => refused));
});

test("a link out of what is allowed is not followed", skip, () => {
  assert.deepEqual(look(["allowed/link", "allowed/file-link", "allowed/link/in"]), [
    refusedLater,
    refusedLater,
    refusedLater,
  ]);
  const [seen] = look(["allowed"], { followSymlinks: true });
  assert.deepEqual(
    seen,
    told([
      ...ENTRIES,
      "exists allowed/inner-link",
      "exists allowed/link",
      "error allowed/link",
    ]),
  );
});
