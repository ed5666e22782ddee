/**
 * Watches a directory where that is refused, and then once more without the limit; prints as JSON how
 * that went. A directory in the second argument is watched by another watcher all the while.
 */

import { mkdirSync } from "node:fs";
import process from "node:process";
import { watch } from "../../mod.ts";
import { forEach, line } from "../helpers/events.ts";
import { raiseLimits } from "../helpers/namespace.ts";
import { report } from "../helpers/thrown.ts";
import { ownUse, type Use } from "../helpers/usage.ts";

/** How it went. */
export interface Refused {
  /** Why `ready` rejects, and why the loop ends. */
  readonly errors: readonly Record<string, unknown>[];
  /** What the process holds before, after the refusal, and when all is closed. */
  readonly held: readonly Use[];
  /** What the other watcher has told. */
  readonly told: readonly string[];
}

const [, , directory, besides] = process.argv;

const told: string[] = [];
const other = besides === undefined ? undefined : watch(besides);
const loop = other && forEach(other, (event) => told.push(line(event)));
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
console.log(JSON.stringify({ errors, held, told } satisfies Refused));
