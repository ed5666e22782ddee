/**
 * Makes instances in the way that its first argument names, for a directory, the second, and drops them;
 * prints as JSON what it has then.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { IN_CREATE, Inotify, type InotifyEvent } from "../../mod.ts";
import { collectGarbage } from "../helpers/collect_garbage.ts";
import { openFiles } from "../helpers/proc.ts";
import { within } from "../helpers/within.ts";

/** What there is after all is dropped. */
export interface Dropped {
  /** How many instances are open. */
  readonly open: number;
  /** The names that those gave which are read, or were opened later. */
  readonly names: readonly string[];
}

const COUNT = 20;

const [way, directory] = process.argv.slice(2);
const touch = (name: string) => writeFileSync(join(directory, name), "");

let names = 0;

/** The first event of an instance, while it is read by `read`. */
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
    } catch { /* which leaves nobody who could close it */ }
  },
  "that was read": () => firstEvent((inotify) => inotify.read()),
  "whose iterator has begun": () => firstEvent((inotify) => inotify[Symbol.asyncIterator]().next()),
  "that was closed": () => new Inotify().close(),
};

/** Reads that go on, while nothing else has their instances. */
const reads: Promise<InotifyEvent[]>[] = [];
/** What has the numbers of descriptors that were closed. */
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
// An engine may take a number on the stack for a pointer, and keeps what that seems to point to for a while.
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
