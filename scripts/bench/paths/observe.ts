/** Runs a subject together with a writer. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lines, sleep } from "../processes.ts";
import { begin } from "./session.ts";
import type { Setting, Subject } from "./subjects.ts";

/** The result of a run. */
export interface Observation {
  /** The subject's CPU time, in ns, from the start of the writer until the subject has seen the end. */
  readonly cpu: number;
  /** See {@link Session.stop}. */
  readonly times: readonly number[];
  /** The writer's output. */
  readonly written: readonly string[];
}

/** A directory to watch, and one inside it for the writer. */
export interface Place extends Disposable {
  readonly watched: string;
  readonly inside: string;
}

/** Creates the directories; disposing removes them. */
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
 * Runs a writer in a watched directory. A file named "end" is created 100 ms after the writer ends. The
 * subject has 10 s to see it, and may report further events for half a second after that.
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
  if (!await session.seesEnd(10)) console.error(`${subject.name} did not see the end`);
  const cpu = await cpuTime() - before;
  await sleep(0.5);
  return { cpu, times: await session.stop(), written };
}
