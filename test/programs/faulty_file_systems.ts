/**
 * Watches faulty file systems, one after the other, and prints the observations as JSON.
 *
 * Arguments: the server, compiled from fuse.c; the mount point; the file systems, as JSON.
 */

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { InotifyError, watch, type WatchEvent, type WatchOptions } from "../../mod.ts";
import { forEach, taken } from "../helpers/events.ts";
import { loseEvents } from "../helpers/interpose.ts";
import { within } from "../helpers/within.ts";

/** A faulty file system, and how it is watched. */
export interface FaultyFileSystem {
  /** The arguments of fuse.c after the mount point. */
  readonly fault: readonly string[];
  /** The root, relative to the mount point. @default "." */
  readonly path?: string;
  readonly options?: WatchOptions;
  /** Whether events are lost. @default false */
  readonly loses?: boolean;
}

/** What a watcher reports of a file system. */
export interface Observation {
  /** The events in order, and why `ready` rejects, if it does; paths are relative to the mount point. */
  readonly lines: readonly string[];
  /** The number of calls of open(2). */
  readonly opened: number;
  /** The watched paths at the end. */
  readonly watched: readonly string[];
}

const [, , server, mountpoint, fileSystems] = process.argv;

const c = libc();
const { open } = c;
let opened = 0;
c.open = (...args) => {
  opened++;
  return open(...args);
};

const observations: Observation[] = [];
for (const one of JSON.parse(fileSystems) as FaultyFileSystem[]) {
  observations.push(await observe(one));
}
console.log(JSON.stringify(observations));
process.exit();

async function observe(
  { fault, path = ".", options = {}, loses = false }: FaultyFileSystem,
): Promise<Observation> {
  const child = spawn(server, [mountpoint, ...fault], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  await within(new Promise((resolve) => child.stdout.once("data", resolve)), () => fault);
  const lines: string[] = [];
  opened = 0;
  const watcher = watch(join(mountpoint, path), { initial: true, ...options });
  const loop = forEach(watcher, (event) => lines.push(show(event))).catch(() => {});
  try {
    await within(watcher.ready, () => ({ fault, lines, opened }));
    if (loses) loseEvents();
    await taken(watcher);
    await taken(watcher); // the loss may have ended the first wait
  } catch (error) {
    lines.push(`not ready: ${why(error)}`);
  }
  const watched = watcher.watched().map(shorten).sort();
  await watcher.close();
  await loop;
  child.kill();
  await within(ended, () => fault);
  return { lines, opened, watched };
}

function show(event: WatchEvent): string {
  if (event.kind === "overflow" || event.kind === "ready") return event.kind;
  if (event.kind === "error") return `error ${why(event.error)}`;
  const isDirectory = "isDirectory" in event && event.isDirectory;
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
