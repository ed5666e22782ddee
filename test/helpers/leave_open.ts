/** What a program leaves open when it ends without closing anything. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IN_CREATE, Inotify, watch } from "../../mod.ts";
import { forEach } from "./events.ts";

/** Keeps what is open from being collected as garbage. */
const left: unknown[] = [];

/**
 * Opens instances and a watcher.
 *
 * @returns unrefs what was opened, so that the program can end
 */
export async function leaveOpen(directory: string): Promise<() => void> {
  await new Inotify().close(); // frees its descriptor's number for the next one
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  left.push(inotify);
  const read = new Inotify();
  read.addWatch(directory, IN_CREATE);
  const event = read.read();
  writeFileSync(join(directory, `file-${crypto.randomUUID()}`), "");
  await event;
  void read.read();
  const watcher = watch(directory);
  await watcher.ready;
  void forEach(watcher, () => {});
  return () => {
    read.unref();
    watcher.unref();
  };
}
