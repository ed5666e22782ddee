/**
 * Mirrors that are kept by events alone: after a storm made by another process they have the paths, types
 * and bytes of the disk, in each mode of helpers/mirror_modes.ts.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds; programs/mirror.ts runs single storms.
 */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { entryEvent, renameEvent } from "../../src/engine/event.ts";
import { readAll } from "../helpers/disk.ts";
import { Mirror } from "../helpers/mirror.ts";
import { MODES, type Setting } from "../helpers/mirror_modes.ts";
import { mirrorStorm } from "../helpers/mirror_storm.ts";
import { MOUNTS } from "../helpers/namespace.ts";
import { run } from "../helpers/program.ts";
import { fastest, tmpDir } from "../helpers/tmp.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-1").split("-").map(Number);
/** The number of changes in a storm. */
const CHANGES = 250;

for (const mode of Object.keys(MODES)) {
  for (let seed = from; seed <= to; seed++) {
    const again = `test/programs/mirror.ts --mode ${mode} --seed ${seed} --changes ${CHANGES}`;
    const setting = MODES[mode](seed);
    const { mounts } = setting.flavour;
    test(`a mirror equals the disk: ${again}`, { skip: mounts && MOUNTS.skip }, async () => {
      if (mounts) return assertRuns(again, MOUNTS.under);
      if (setting.stopped) return assertRuns(again); // it would stop the test runner
      const { wrong } = await mirrorStorm({ seed, setting, changes: CHANGES });
      assert.deepEqual(wrong.slice(0, 12), [], again);
    });
  }
}

/** A storm of a few changes, each of which waits for the mirror. */
const SCRIPT = ["write t/a 000001", "patch t/a 000002", "mv t/a t/b", "rm t/b"];
const CALM: Setting = {
  ...MODES["calm"](1),
  watchers: MODES["plain"](1).watchers,
  burst: 1,
};

test("a mirror that misses no event equals the disk", async () => {
  const { wrong, lines } = await calm(() => false);
  assert.deepEqual(wrong, []);
  assert.deepEqual(lines, ["watch", ...SCRIPT]);
});

for (const kind of ["create", "modify", "rename", "remove"]) {
  test(`a mirror that misses a ${kind} differs from the disk`, async () => {
    const { wrong } = await calm((event) => event.kind === kind);
    assert.notDeepEqual(wrong, []);
  });
}

test("a mirror takes what was reported as a directory for one, although it has read a link there", () => {
  const t = tmpDir(fastest);
  const view = { roots: new Set([t]), depth: Infinity, followSymlinks: true, ignores: () => false };
  const mirror = new Mirror(view, true);
  mkdirSync(`${t}/a/b`, { recursive: true });
  mirror.seed(readAll(view));
  renameSync(`${t}/a`, `${t}/d`);
  symlinkSync(t, `${t}/b`);
  mirror.apply(renameEvent(`${t}/a`, `${t}/b`, true, false)); // by then t/b/b is t/b
  mirror.apply(renameEvent(`${t}/b`, `${t}/d`, true, false));
  mirror.apply(entryEvent("create", `${t}/b`, true));
  assert.deepEqual(mirror.differences(readAll(view), true), []);
  rmSync(t, { recursive: true });
});

test("a storm makes every kind of change", async () => {
  const flavour = {
    ...MODES["plain"](1).flavour,
    links: "any",
    hardLinks: true,
    exchanges: true,
    swaps: true,
    held: true,
    whole: ["t"],
    pauses: true,
  } as const;
  const setting = { ...CALM, flavour, watchers: [], burst: Infinity };
  const { lines } = await mirrorStorm({ seed: 1, setting, changes: 3000 });
  const verbs = new Set(lines.map((line) => line.split(" ")[0]));
  assert.deepEqual([...verbs].sort(), VERBS);
});

const VERBS = [
  ...[
    "append",
    "backup",
    "chmod",
    "close",
    "cut",
    "exchange",
    "fill",
    "hold",
    "let",
    "ln",
    "mkdir",
  ],
  ...[
    "mv",
    "open",
    "over",
    "patch",
    "pause",
    "put",
    "relink",
    "rm",
    "rmdir",
    "same",
    "save",
    "swap",
  ],
  ...["symlink", "touch", "unlink", "watch", "write"],
];

function calm(misses: (event: { readonly kind: string }) => boolean) {
  return mirrorStorm({ seed: 1, setting: CALM, changes: 0, population: [], lines: SCRIPT, misses });
}

function assertRuns(command: string, under: readonly string[] = []): void {
  const [, ...args] = command.split(" ");
  const { status, stdout, stderr } = run("mirror.ts", args, { under });
  assert.equal(status, 0, stdout + stderr);
}
