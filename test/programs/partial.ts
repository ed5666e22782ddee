/**
 * Watches the directory in argv with `partial`, where a limit is reached during the set-up; then removes what has no
 * watch, raises the limits and creates it again. Prints a {@link Partial} as JSON.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { InotifyError, watch } from "../../mod.ts";
import { forEach, line, taken } from "../helpers/events.ts";
import { raiseLimits } from "../helpers/namespace.ts";
import { report } from "../helpers/thrown.ts";

/** The result. */
export interface Partial {
  /** The error of `ready`, if it was rejected. */
  readonly failure: Record<string, unknown> | undefined;
  /** The events of the set-up, and of a file in each subdirectory. */
  readonly lines: readonly string[];
  /** What is watched after the set-up. */
  readonly watched: readonly string[];
  /** The events of a directory that had no watch, and is made again when watches are free. */
  readonly again: readonly string[];
}

const [, , directory, ...names] = process.argv;
const lines: string[] = [];
await using watcher = watch(directory, { partial: true, events: ["create", "remove", "ready"] });
const loop = forEach(watcher, (event) => {
  const why = event.kind === "error" && event.error instanceof InotifyError;
  lines.push(why ? `${line(event)} ${event.error.code}` : line(event));
});
const failure = await watcher.ready.then(() => undefined, report);
let [watched, first, again]: string[][] = [[], [], []];
if (failure === undefined) {
  watched = watcher.watched();
  for (const name of names) writeFileSync(`${directory}/${name}/f`, "");
  await taken(watcher);
  first = lines.splice(0);
  const free = names.find((name) => !watched.includes(`${directory}/${name}`));
  raiseLimits();
  if (free !== undefined) {
    rmSync(`${directory}/${free}`, { recursive: true });
    await taken(watcher);
    mkdirSync(`${directory}/${free}`);
    await taken(watcher);
    writeFileSync(`${directory}/${free}/g`, "");
    await taken(watcher);
    again = lines.splice(0).map((text) => text.replace(`${directory}/${free}`, "it"));
  }
  await watcher.close();
}
await loop.catch(() => {});
console.log(JSON.stringify({ failure, lines: first, watched, again } satisfies Partial));
