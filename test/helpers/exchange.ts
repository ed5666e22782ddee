/** Entries that change places in one step: RENAME_EXCHANGE of rename(2). */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** No runtime has the call, and mv(1) only in new versions. */
const PROGRAM = `
import ctypes, os, sys
a, b = map(os.fsencode, sys.argv[1:])
AT_FDCWD, RENAME_EXCHANGE = -100, 2
sys.exit(ctypes.CDLL(None).renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
`;

/** Why entries cannot be exchanged here, or `false` if they can. */
export const cannotExchange: string | false =
  spawnSync("python3", ["-c", "import ctypes"]).status !== 0 &&
  "there is no python3 to exchange entries with";

/** Exchanges two entries. */
export function exchange(a: string, b: string): void {
  const { status, stderr } = spawnSync("python3", ["-ISc", PROGRAM, a, b], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}
