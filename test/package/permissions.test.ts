/**
 * With `--allow-read=PATH` of Deno and `--allow-fs-read=PATH` of Node.js, a watcher reports nothing
 * outside of PATH, although FFI could circumvent the permission.
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

/** Watches paths while only `allowed` may be read. */
function tryWatch(paths: readonly string[], options = {}): unknown[] {
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
/** The error for a link's target has no advice. */
const refusedLater = { refused: "EACCES", flags: [] };
const reported = (events: readonly string[]) => ({
  told: events.map((event) => {
    const [kind, name] = event.split(" ");
    return `${kind} ${at(name)}`;
  }).sort(),
});
const ENTRIES = ["allowed", "allowed/file", "allowed/file-link", "allowed/in"].map((name) =>
  `exists ${name}`
);

test("an allowed root is watched, also through an allowed link", skip, () => {
  const links = ["exists allowed/link", "exists allowed/inner-link"];
  assert.deepEqual(tryWatch(["allowed", "allowed/in", "allowed/inner-link"]), [
    reported([...ENTRIES, ...links]),
    reported(["exists allowed/in"]),
    reported(["exists allowed/inner-link"]),
  ]);
});

test("a root that is not allowed is refused, by any path that leads to it", skip, () => {
  const paths = [
    "secret",
    "secret/file",
    "secret/nothing",
    "allowed/../secret",
    "allowed-not",
    ".",
  ];
  assert.deepEqual(tryWatch(paths), paths.map(() => refused));
});

test("a link that leads out of the allowed directory is not followed", skip, () => {
  assert.deepEqual(tryWatch(["allowed/link", "allowed/file-link", "allowed/link/in"]), [
    refusedLater,
    refusedLater,
    refusedLater,
  ]);
  const [events] = tryWatch(["allowed"], { followSymlinks: true });
  assert.deepEqual(
    events,
    reported([
      ...ENTRIES,
      "exists allowed/inner-link",
      "exists allowed/link",
      "error allowed/file-link",
      "error allowed/link",
    ]),
  );
});
