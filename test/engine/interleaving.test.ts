/**
 * Changes between any two system calls of a watcher are reported; see helpers/interleaving.ts.
 *
 * INOTIFY_DIRECTORY=PATH runs it in another directory, as on another file system.
 */

import { test } from "node:test";
import { cases, interleave } from "../helpers/interleaving.ts";
import { inSmallPieces } from "../helpers/interpose.ts";

for (const [what, one] of Object.entries(cases)) {
  test(`reports the change: ${what}, before any system call`, () => interleave(one, 1));

  test(`reports the change: ${what}, between any two pieces of a scan`, async () => {
    using _ = inSmallPieces();
    await interleave(one, 13); // there are many similar calls
  });
}
