/** Performs the action that argv names, with a watch on a directory; prints "alive" if it does not end. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers"; // its result has unref() in older versions of Deno too
import { setTimeout as delay } from "node:timers/promises";
import { IN_CREATE, Inotify } from "../../mod.ts";

const [what, directory] = process.argv.slice(2);
const inotify = new Inotify();
inotify.addWatch(directory, IN_CREATE);

const actions: Record<string, () => unknown> = {
  pending: () => void inotify.read(),
  "pending again": async () => {
    writeFileSync(join(directory, "a"), "");
    await inotify.read();
    inotify.read();
  },
  idle: () => {},
  "idle again": async () => {
    const read = inotify.read();
    await delay(50);
    writeFileSync(join(directory, "a"), "");
    await read;
  },
  "unref, then read": () => {
    inotify.unref();
    inotify.read();
  },
  "read, then unref": async () => {
    inotify.read();
    await delay(50);
    inotify.unref();
  },
  "unref, then ref": async () => {
    inotify.unref();
    inotify.read();
    await delay(50);
    inotify.ref();
  },
  "unref, an event, and again": async () => {
    inotify.unref();
    const read = inotify.read();
    await delay(50);
    writeFileSync(join(directory, "a"), "");
    await delay(50);
    console.log((await read).length, "event");
    inotify.read();
  },
  "one of two unref'd": () => {
    const other = new Inotify();
    other.unref();
    other.read();
    inotify.read();
  },
  "unref, then close": async () => {
    inotify.unref();
    const read = inotify.read();
    await inotify.close();
    console.log((await read).length, "events");
  },
  close: async () => {
    const read = inotify.read();
    await delay(50);
    await inotify.close();
    await read;
  },
  exit: async () => {
    inotify.read();
    await delay(50);
    process.exit(5);
  },
  throw: async () => {
    inotify.read();
    await delay(50);
    throw new Error("thrown on purpose");
  },
  signal: async () => {
    inotify.read();
    await delay(50);
    process.kill(process.pid, "SIGTERM");
  },
};

// Seconds, so that a process that ends slowly on a busy machine is not taken for one that stays.
after(() => {
  console.log("alive");
  process.exit(0);
}, 2000).unref();

actions[what]();
