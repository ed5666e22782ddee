/** How a subject watches while a writer works, and how long. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lines, sleep } from "../processes.ts";
import { begin } from "./session.ts";
import type { Setting, Subject } from "./subjects.ts";

/** What came of it. */
export interface Observation {
  /** The CPU of the subject, in ns, from when the writer starts to when the subject has seen the end. */
  readonly cpu: number;
  /** See {@link Session.stop}. */
  readonly times: readonly number[];
  /** The lines of the writer. */
  readonly written: readonly string[];
}

/** A directory to be watched, and one in it to work in. */
export interface Place extends Disposable {
  readonly watched: string;
  readonly inside: string;
}

/** Makes a place, until it is disposed. */
export function place({ files }: Setting): Place {
  const watched = mkdtempSync(path.join(files, "watched-"));
  const inside = path.join(watched, "inside");
  mkdirSync(inside);
  return {
    watched,
    inside,
    [Symbol.dispose]: () => rmSync(watched, { recursive: true, force: true }),
  };
}

/**
 * Runs a writer inside while a subject watches. The end is a file that is created when the storm is
 * over for 100 ms. A subject may report on for half a second after it has seen it; one that has not
 * seen it after 10 s is not waited for any longer.
 */
export async function observe(
  subject: Subject,
  setting: Setting,
  { watched, inside }: Place,
  wanted: "create" | "modify",
  count: number,
  writer: readonly string[],
): Promise<Observation> {
  await using session = await begin(subject.command(wanted, watched, count));
  await session.watch();
  const cpuTime = async () => Number((await lines([setting.cpu, String(session.pid)]))[0]);
  const before = await cpuTime();
  const written = await lines(writer);
  await sleep(0.1);
  writeFileSync(path.join(inside, "end"), "");
  if (!await session.seesEnd(10)) console.error(`${subject.name} has not seen the end`);
  const cpu = await cpuTime() - before;
  await sleep(0.5);
  return { cpu, times: await session.stop(), written };
}
