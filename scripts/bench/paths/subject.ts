/**
 * A watcher of paths, with a handler that notes what it is told. The C files beside do the same.
 *
 *   subject.ts create|modify DIRECTORY COUNT WATCHER ENTRY
 *
 * Says "begin" when all is loaded, and waits for a byte; "ready" when it watches, with the longest
 * time in ms that the event loop was not free; "end" when a file of this name was created. By SIGTERM
 * it says, as a line of JSON, when each of COUNT numbered files was first told to be created or
 * modified; 0 for those which never were. If there is a FIFO beside the directory, DIRECTORY.fifo, each of
 * these writes a byte to it. For what is created it is not a time but 1: in a storm,
 * looking at the clock would be a good part of the cost.
 */

import { existsSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { native } from "../kernel/native.ts";
import { watchers } from "./watchers.ts";

const [wanted, directory, count, watcher, entry] = process.argv.slice(2);
const times = new Array<number>(Number(count)).fill(0);
const now = wanted === "modify" ? native().now : () => 1;

process.once("SIGTERM", () => {
  // Not by print(), since it may be more than the pipe takes at once.
  process.stdout.write(`${JSON.stringify(times)}\n`, () => process.exit());
});
const fifo = `${directory}.fifo`;
const acknowledge = existsSync(fifo) ? openSync(fifo, "r+") : undefined;
const watch = await watchers[watcher](entry);
print("begin");
for await (const _ of process.stdin) break;
let last = performance.now();
let longest = 0;
const chain = setInterval(turn);
await watch(directory, see).ready;
clearInterval(chain);
turn();
print(`ready ${longest}`);

/** The event loop has a turn. */
function turn(): void {
  const time = performance.now();
  longest = Math.max(longest, time - last);
  last = time;
}

function see(kind: string, path: string): void {
  if (kind !== wanted && kind !== "create") return;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "end") print("end");
  if (kind !== wanted) return;
  const number = Number.parseInt(name, 10);
  if (times[number] !== 0) return;
  times[number] = now();
  if (acknowledge !== undefined) writeSync(acknowledge, "x");
}

/** At once, whatever else waits. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
