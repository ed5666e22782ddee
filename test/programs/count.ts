/** Creates and deletes files named 0, 1, 2, … in a directory as fast as it can. */

import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const [directory, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const file = join(directory, String(i));
  writeFileSync(file, "");
  unlinkSync(file);
}
