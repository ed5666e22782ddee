/** Runs the storms across restarts of the seeds FROM to TO in argv, and prints what is wrong as JSON. */

import process from "node:process";
import { restartsOf, restartStorm } from "../helpers/restart_storm.ts";

const [from, to] = process.argv.slice(2).map(Number);
const wrong: string[] = [];
for (let seed = from; seed <= to; seed++) {
  const lines = await restartStorm(seed, restartsOf(seed));
  wrong.push(...lines.slice(0, 6).map((line) => `seed ${seed}: ${line}`));
}
console.log(JSON.stringify(wrong));
process.exit();
