/**
 * Copies that are kept by events alone, read again at each of them: after a storm made by another process
 * they have the paths, types and bytes of the disk, in every mode of helpers/mirror_modes.ts.
 *
 * INOTIFY_SEEDS=FROM-TO runs other seeds than the few of the suite, and programs/mirror.ts one by itself.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { MODES, type Setting } from "../helpers/mirror_modes.ts";
import { mirrorStorm } from "../helpers/mirror_storm.ts";
import { run } from "../helpers/program.ts";

const [from, to] = (process.env["INOTIFY_SEEDS"] ?? "1-1").split("-").map(Number);
/** How many changes a storm has. */
const CHANGES = 250;

for (const mode of Object.keys(MODES)) {
  for (let seed = from; seed <= to; seed++) {
    const again = `test/programs/mirror.ts --mode ${mode} --seed ${seed} --changes ${CHANGES}`;
    test(`a copy made of events is what is on the disk: ${again}`, async () => {
      const setting = MODES[mode](seed);
      if (setting.stopped) return assertRuns(again); // which would stop the runner of the tests
      const { wrong } = await mirrorStorm({ seed, setting, changes: CHANGES });
      assert.deepEqual(wrong.slice(0, 12), [], again);
    });
  }
}

/** A storm of a few changes, each of which is waited for. */
const SCRIPT = ["write t/a 000001", "patch t/a 000002", "mv t/a t/b", "rm t/b"];
const CALM: Setting = {
  ...MODES["calm"](1),
  watchers: MODES["plain"](1).watchers,
  burst: 1,
};

test("a copy that misses none of a few events is right", async () => {
  const { wrong, lines } = await calm(() => false);
  assert.deepEqual(wrong, []);
  assert.deepEqual(lines, ["watch", ...SCRIPT]);
});

for (const kind of ["create", "modify", "rename", "remove"]) {
  test(`a copy that misses a ${kind} is wrong`, async () => {
    const { wrong } = await calm((event) => event.kind === kind);
    assert.notDeepEqual(wrong, []);
  });
}

test("the storms make every change that they are made of", async () => {
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

function assertRuns(command: string): void {
  const [, ...args] = command.split(" ");
  const { status, stdout, stderr } = run("mirror.ts", args);
  assert.equal(status, 0, stdout + stderr);
}
