/**
 * What changes between any two system calls of a watcher is told; see helpers/interleaving.ts.
 *
 * INOTIFY_DIRECTORY=PATH tries it in another directory, as on another file system.
 */

import { test } from "node:test";
import { cases, happensEverywhere } from "../helpers/interleaving.ts";
import { inSmallPieces } from "../helpers/interpose.ts";

for (const [what, one] of Object.entries(cases)) {
  test(`it is told that ${what}, before whatever call`, () => happensEverywhere(one, 1));

  test(`it is told that ${what}, between whatever pieces`, async () => {
    using _ = inSmallPieces();
    await happensEverywhere(one, 13); // there are many, and much alike
  });
}
