/** Makes chains of directories, named 0, 1, 2, …, with a file at the end of each, as fast as it can; then prints their number. */

import { closeSync, mkdirSync, openSync } from "node:fs";
import process from "node:process";

const [directory, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const end = `${directory}/${i}/a/b/c`;
  mkdirSync(end, { recursive: true });
  closeSync(openSync(`${end}/f`, "a"));
}
console.log(count);
