/**
 * Watches the directory of the first argument, which a limit refuses, and again without the limit. Another watcher
 * watches the directory of the second argument, if given. Prints a {@link Refused} as JSON.
 */

import { mkdirSync } from "node:fs";
import process from "node:process";
import { watch } from "../../mod.ts";
import { forEach, line } from "../helpers/events.ts";
import { raiseLimits } from "../helpers/namespace.ts";
import { report } from "../helpers/thrown.ts";
import { ownUse, type Use } from "../helpers/usage.ts";

/** The result. */
export interface Refused {
  /** The errors of `ready` and of the loop. */
  readonly errors: readonly Record<string, unknown>[];
  /** What the process holds at the start, after the refusal, and when all watchers are closed. */
  readonly held: readonly Use[];
  /** The events of the other watcher. */
  readonly lines: readonly string[];
}

const [, , directory, besides] = process.argv;

const lines: string[] = [];
const other = besides === undefined ? undefined : watch(besides);
const loop = other && forEach(other, (event) => lines.push(line(event)));
await other?.ready;

const held = [ownUse()];
const refused = watch(directory);
const ends = await Promise.allSettled([refused.ready, forEach(refused, () => {})]);
const errors = ends.map((end) => report(end.status === "rejected" ? end.reason : undefined));
await refused.close();
held.push(ownUse());

if (besides !== undefined) mkdirSync(`${besides}/made`);
raiseLimits();
await using again = watch(directory);
await again.ready;
await again.close();
await other?.sync();
await other?.close();
await loop;
held.push(ownUse());
console.log(JSON.stringify({ errors, held, lines } satisfies Refused));
