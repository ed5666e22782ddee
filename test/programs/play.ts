/**
 * Plays the scenarios in the files in argv; after "without statx" as if statx(2) were refused, as seccomp(2)
 * does it.
 */

import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { play, readScenario } from "../helpers/scenario.ts";

const EPERM = 1;

let files = process.argv.slice(2);
if (files[0] === "without statx") {
  files = files.slice(1);
  const c = libc();
  const { errno } = c;
  c.statx = () => {
    c.errno = () => {
      c.errno = errno;
      return EPERM;
    };
    return -1;
  };
}
for (const file of files) await play(readScenario(file));
