/**
 * Creates the trees 0, 1, 2, … in a directory as fast as it can, each with the file a/b/c/f, and prints
 * their number.
 */

import { closeSync, mkdirSync, openSync } from "node:fs";
import process from "node:process";

const [directory, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const end = `${directory}/${i}/a/b/c`;
  mkdirSync(end, { recursive: true });
  closeSync(openSync(`${end}/f`, "a"));
}
console.log(count);
