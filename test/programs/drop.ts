/**
 * Opens instances in the way that its first argument names, for the directory in its second, and drops the
 * references to them. Prints what is left as JSON.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { IN_CREATE, Inotify, type InotifyEvent } from "../../mod.ts";
import { collectGarbage } from "../helpers/collect_garbage.ts";
import { openFiles } from "../helpers/proc.ts";
import { within } from "../helpers/within.ts";

/** What is left after all references are dropped. */
export interface Dropped {
  /** The number of open instances. */
  readonly open: number;
  /** The names in the events of instances that are still read, or were opened later. */
  readonly names: readonly string[];
}

const COUNT = 20;

const [way, directory] = process.argv.slice(2);
const touch = (name: string) => writeFileSync(join(directory, name), "");

let names = 0;

/** Waits for the first event of an instance. */
async function firstEvent(read: (inotify: Inotify) => Promise<unknown>): Promise<void> {
  const inotify = watching();
  const event = read(inotify);
  touch(String(names++));
  await within(event);
}

function watching(): Inotify {
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  return inotify;
}

const ways: Record<string, () => Promise<unknown>> = {
  "without a watch": async () => void new Inotify(),
  "with a watch": async () => void watching(),
  "whose addWatch() threw": async () => {
    try {
      new Inotify().addWatch(join(directory, "not there"), IN_CREATE);
    } catch { /* no reference is left to close it */ }
  },
  "that was read": () => firstEvent((inotify) => inotify.read()),
  "whose iterator has begun": () => firstEvent((inotify) => inotify[Symbol.asyncIterator]().next()),
  "that was closed": () => new Inotify().close(),
};

/** Pending reads, the only references to their instances. */
const reads: Promise<InotifyEvent[]>[] = [];
/** Instances whose descriptors have the numbers of closed ones. */
const others: Inotify[] = [];

for (let i = 0; i < COUNT; i++) {
  if (way === "that are read") reads.push(watching().read());
  else await ways[way]();
}
if (way === "that was closed") {
  for (let i = 0; i < COUNT; i++) others.push(watching());
}

const open = () => openFiles().inotify;
const isOver = () => reads.length + others.length > 0 || open() === 0;
await collectGarbage();
// An engine with a conservative stack scan may keep an unreachable object for a while.
for (let i = 0; i < 20 && !isOver(); i++) await collectGarbage();
touch("last");
const events = [
  ...await within(Promise.all(reads)),
  ...others.map((inotify) => inotify.readSync()),
].flat();
console.log(
  JSON.stringify({ open: open(), names: events.map(({ name }) => name) } satisfies Dropped),
);
process.exit();
