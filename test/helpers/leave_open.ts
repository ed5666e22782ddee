/** What a program leaves open when it ends without a word. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IN_CREATE, Inotify, watch } from "../../mod.ts";
import { forEach } from "./events.ts";

/** What else than this refers to, so that nothing of it is collected as garbage. */
const left: unknown[] = [];

/**
 * Opens one of everything.
 *
 * @param waits whether instances can be waited for here
 * @returns lets the program end all the same
 */
export async function leaveOpen(directory: string, waits: boolean): Promise<() => void> {
  await new Inotify().close(); // which gives its number to another one
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  left.push(inotify);
  if (!waits) return () => {};
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
