/** Runs a subject of the kernel level together with a writer. */

import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { latencies } from "../latencies.ts";
import { lines, start } from "../processes.ts";

/**
 * Runs a subject, and a writer once the subject prints "ready".
 *
 * @returns the last line of the subject, and the lines of the writer
 */
export async function runSubject(
  subject: readonly string[],
  writer?: readonly string[],
): Promise<{ result: unknown; written: number[] }> {
  const child = start(subject, "/");
  const exited = once(child, "exit");
  let result: unknown;
  let written: Promise<string[]> | undefined;
  for await (const line of createInterface(child.stdout!)) {
    if (line !== "ready") result = JSON.parse(line);
    else if (writer !== undefined) written = lines(writer);
  }
  const [status] = await exited;
  if (status !== 0 || result === undefined) throw new Error(`${subject.join(" ")} failed`);
  return { result, written: (await written ?? []).map(Number) };
}

/**
 * Measures the latency of single events.
 *
 * @param pause µs between two writes
 * @returns µs from each write to its event
 */
export async function wakeLatencies(
  subject: readonly string[],
  writer: string,
  directory: string,
  count: number,
  pause: number,
): Promise<number[]> {
  const { result, written } = await runSubject(
    [...subject, directory, String(count)],
    [writer, "write", directory, String(count), String(pause)],
  );
  return latencies(result as number[], written);
}
