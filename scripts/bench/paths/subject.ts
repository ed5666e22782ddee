/**
 * Runs a watcher with a handler that records the times of events. The C files beside do the same.
 *
 *   subject.ts create|modify DIRECTORY COUNT WATCHER ENTRY
 *
 * Prints "begin" when all is loaded, and waits for a byte; "ready" when it watches, with the longest
 * time in ms that the event loop was busy; "end" when a file of this name was created. After SIGTERM
 * it prints a JSON array: for each of COUNT numbered files, the time in ns when its modification was first
 * reported, or 1 for a creation, since reading the clock would be a large part of the cost of a storm; 0 if
 * it was not reported. If there is a FIFO called DIRECTORY.fifo, each first report writes a byte to it.
 */

import { existsSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { native } from "../kernel/native.ts";
import { watchers } from "./watchers.ts";

const [wanted, directory, count, watcher, entry] = process.argv.slice(2);
const times = new Array<number>(Number(count)).fill(0);
const now = wanted === "modify" ? native().now : () => 1;

process.once("SIGTERM", () => {
  // Not with print(): the pipe may not take all of it at once.
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

/** A turn of the event loop. */
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

/** Prints synchronously. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
