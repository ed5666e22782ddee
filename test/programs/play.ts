/**
 * Plays the scenario files in argv. After "without statx", each statx(2) fails, as under a seccomp(2)
 * filter.
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
