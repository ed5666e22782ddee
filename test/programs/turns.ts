/**
 * Gives the event loop the number of turns in its argument; prints as JSON the resident memory, in
 * bytes, after half of the turns and after all.
 */

import process from "node:process";
import { turn } from "../../ffi/time.ts";
import { collectGarbage } from "../helpers/collect_garbage.ts";

const times = Number(process.argv.at(-1));
const samples: number[] = [];
for (let n = 1; n <= times; n++) {
  await turn();
  if (n !== times / 2 && n !== times) continue;
  await collectGarbage();
  samples.push(process.memoryUsage.rss());
}
console.log(JSON.stringify(samples));
