/**
 * Changes a directory in argv between two runs of a watcher, and beneath one that polls, and prints what each reported
 * as JSON. Another directory in argv is where the changes beneath are made, if they are made elsewhere.
 */

import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { watch, type WatchEvent, type WatchOptions } from "../../mod.ts";

/** What was reported. */
export interface Unseen {
  readonly since: readonly string[];
  readonly poll: readonly string[];
}

/** How long FUSE keeps what it has found, and more, in milliseconds. */
const CACHED = 1500;

const [directory, beneath = directory] = process.argv.slice(2);

function prepare(at: (path: string) => string): void {
  rmSync(at("t"), { recursive: true, force: true });
  mkdirSync(at("t/d"), { recursive: true });
  for (const name of ["t/d/f", "t/changed", "t/removed", "t/renamed"]) writeFileSync(at(name), "x");
}

function change(at: (path: string) => string): void {
  appendFileSync(at("t/changed"), "more");
  rmSync(at("t/removed"));
  renameSync(at("t/renamed"), at("t/new"));
  renameSync(at("t/d"), at("t/e"));
  closeSync(openSync(at("t/e/created"), "w"));
}

async function reported(options: WatchOptions, during: () => void): Promise<string[]> {
  const top = join(directory, "t");
  const lines: string[] = [];
  const watcher = watch(top, options);
  const loop = (async () => {
    for await (const event of watcher) lines.push(line(event, top));
  })();
  await watcher.ready;
  during();
  if (beneath !== directory) await new Promise((resolve) => setTimeout(resolve, CACHED));
  await watcher.sync();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await watcher.close();
  await loop;
  return lines.sort();
}

function line(event: WatchEvent, top: string): string {
  const shown = (path: string) => path.slice(top.length + 1);
  if (event.kind === "rename") return `rename ${shown(event.from)} -> ${shown(event.path)}`;
  return "path" in event ? `${event.kind} ${shown(event.path)}` : event.kind;
}

prepare((path) => join(directory, path));
const watcher = watch(join(directory, "t"));
const snapshot = await watcher.snapshot();
await watcher.close();
change((path) => join(directory, path));
const since = await reported({ since: snapshot }, () => {});
prepare((path) => join(beneath, path));
const poll = await reported({ poll: 1e6 }, () => change((path) => join(beneath, path)));
console.log(JSON.stringify({ since, poll } satisfies Unseen));
