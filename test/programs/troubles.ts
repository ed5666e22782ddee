/**
 * Watches file systems with troubles, one after the other, and prints as JSON what is told of each.
 *
 * Arguments: the program that serves them, made of fuse.c; a directory to mount them on; the troubles.
 */

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { InotifyError, watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { loseEvents } from "../helpers/interpose.ts";
import { within } from "../helpers/within.ts";

/** A trouble, and what is to be known of it. */
export interface Trouble {
  /** As fuse.c takes it. */
  readonly trouble: readonly string[];
  /** What is watched there; all, if it does not say. */
  readonly path?: string;
  readonly options?: WatchOptions;
  /** Whether events are lost. */
  readonly loses?: boolean;
}

/** What is told of a trouble. */
export interface Told {
  /** The events in order, and why `ready` rejects, if it does; paths are below the mount point. */
  readonly lines: readonly string[];
  /** How many directories were opened. */
  readonly opened: number;
  /** What is watched in the end. */
  readonly watched: readonly string[];
}

const [, , server, mountpoint, troubles] = process.argv;

const c = libc();
const { open } = c;
let opened = 0;
c.open = (...args) => {
  opened++;
  return open(...args);
};

const told: Told[] = [];
for (const one of JSON.parse(troubles) as Trouble[]) told.push(await tell(one));
console.log(JSON.stringify(told));
process.exit();

async function tell({ trouble, path = ".", options = {}, loses = false }: Trouble): Promise<Told> {
  const child = spawn(server, [mountpoint, ...trouble], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  await within(new Promise((resolve) => child.stdout.once("data", resolve)), () => trouble);
  const lines: string[] = [];
  opened = 0;
  const watcher = watch(join(mountpoint, path), { initial: true, ...options });
  const loop = forEach(watcher, (event) => lines.push(show(event))).catch(() => {});
  try {
    await within(watcher.ready, () => ({ trouble, lines, opened }));
    if (loses) loseEvents();
    await taken(watcher);
    await taken(watcher); // what is lost may have been the end of the first wait
  } catch (error) {
    lines.push(`not ready: ${why(error)}`);
  }
  const watched = watcher.watched().map(shorten).sort();
  await watcher.close();
  await loop;
  child.kill();
  await within(ended, () => trouble);
  return { lines, opened, watched };
}

function show(event: WatchEvent): string {
  if (event.kind === "overflow") return event.kind;
  if (event.kind === "error") return `error ${why(event.error)}`;
  const isDirectory = event.kind !== "unmount" && event.isDirectory;
  return `${event.kind} ${shorten(event.path)}${isDirectory ? "/" : ""}`;
}

function why(error: unknown): string {
  return error instanceof InotifyError
    ? `${error.errno} ${error.syscall} ${shorten(error.path ?? "")}`
    : String(error);
}

function shorten(path: string): string {
  return path === mountpoint ? "." : path.slice(mountpoint.length + 1);
}
