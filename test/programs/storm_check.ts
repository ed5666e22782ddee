/**
 * Runs a storm and prints its result as JSON.
 *
 * Arguments: the seed, the number of changes, and "gc" to collect garbage all the time.
 */

import process from "node:process";
import { setInterval as every } from "node:timers"; // its result has unref() in older versions of Deno too
import { checkStorm } from "../helpers/storm_check.ts";

process.on("SIGWINCH", () => {}); // a test may send it
const [seed, changes] = process.argv.slice(2, 4).map(Number);
if (process.argv[4] === "gc") {
  const { gc, Bun } = globalThis as unknown as { gc?(): void; Bun?: { gc(force: true): void } };
  every(() => gc === undefined ? Bun!.gc(true) : gc(), 1).unref();
}
console.log(JSON.stringify(await checkStorm(seed, { changes, blocked: 0, flood: 0 })));
process.exit();
