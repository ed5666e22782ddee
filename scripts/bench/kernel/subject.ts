/**
 * The measurements of the module, run on each runtime; reference.c has the same in C.
 *
 *   subject.ts wake|wake-bare   DIRECTORY COUNT
 *   subject.ts drain            DIRECTORY COUNT REPEATS WRITER readSync|batches|events
 *   subject.ts watch            DIRECTORY COUNT REPEATS
 *   subject.ts parse            REPEATS
 *   subject.ts storm            DIRECTORY
 *
 * Prints "ready" when a writer may begin, and the results as a line of JSON.
 */

import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
import process from "node:process";
import {
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_MODIFY,
  IN_OPEN,
  Inotify,
  type InotifyEvent,
  parseEvents,
} from "../../../mod.ts";
import { median } from "../median.ts";
import { native } from "./native.ts";

type Results = Record<string, number>;

const { now, watch: watchBare } = native();

const measurements: Record<string, (...parameters: string[]) => unknown> = {
  wake: (directory, count) => wake(directory, Number(count)),
  "wake-bare": (directory, count) => wakeBare(directory, Number(count)),
  drain: (directory, count, repeats, writer, way) =>
    drain(directory, Number(count), Number(repeats), writer, ways[way]),
  watch: (directory, count, repeats) => watch(directory, Number(count), Number(repeats)),
  parse: (repeats) => parse(Number(repeats)),
  storm,
};

/** @returns when each event was read, in ns, by the number that its name begins with */
async function wake(directory: string, count: number): Promise<number[]> {
  const times = new Array<number>(count).fill(0);
  using inotify = new Inotify();
  inotify.addWatch(directory, IN_MODIFY);
  print("ready");
  for (let seen = 0; seen < count;) seen += noteTimes(times, await inotify.read());
  return times;
}

/** Likewise by the bare route, which uses only the module's parser. */
function wakeBare(directory: string, count: number): Promise<number[]> {
  const times = new Array<number>(count).fill(0);
  return new Promise((resolve) => {
    let seen = 0;
    watchBare(directory, IN_MODIFY, (bytes) => {
      seen += noteTimes(times, parseEvents(bytes));
      if (seen >= count) resolve(times);
    });
    print("ready");
  });
}

function noteTimes(times: number[], events: InotifyEvent[]): number {
  const time = now();
  for (const { name } of events) times[Number.parseInt(name, 10)] = time;
  return events.length;
}

/** The ways to read a queue of `count` events. */
const ways: Record<string, (inotify: Inotify, count: number) => Promise<number> | number> = {
  readSync(inotify) {
    let seen = 0;
    for (let events; (events = inotify.readSync()).length > 0;) seen += events.length;
    return seen;
  },
  async batches(inotify, count) {
    let seen = 0;
    const batches = inotify.batches();
    while (seen < count) seen += (await batches.next()).value?.length ?? 0;
    return seen;
  },
  async events(inotify, count) {
    let seen = 0;
    const events = inotify[Symbol.asyncIterator]();
    while (seen < count) {
      await events.next();
      seen++;
    }
    return seen;
  },
};

/** @returns µs of CPU per event, and millions of events per second */
async function drain(
  directory: string,
  count: number,
  repeats: number,
  writer: string,
  way: (inotify: Inotify, count: number) => Promise<number> | number,
): Promise<Results> {
  const cpus: number[] = [];
  const rates: number[] = [];
  for (let i = -3; i < repeats; i++) {
    await using inotify = new Inotify();
    inotify.addWatch(directory, IN_OPEN);
    spawnSync(writer, ["open", directory, String(count)]);
    const cpuStart = process.cpuUsage();
    const start = now();
    const seen = await way(inotify, count);
    const wall = now() - start;
    const cpu = process.cpuUsage(cpuStart);
    if (seen !== count) throw new Error(`got ${seen} of ${count} events`);
    if (i < 0) continue;
    cpus.push((cpu.user + cpu.system) / seen);
    rates.push(seen * 1e3 / wall);
  }
  return { cpu: median(cpus), rate: median(rates) };
}

/** @returns ns per call */
async function watch(directory: string, count: number, repeats: number): Promise<Results> {
  const paths = Array.from(
    { length: count },
    (_, i) => `${directory}/${String(i).padStart(6, "0")}-of-a-usual-size`,
  );
  const adds: number[] = [];
  const removals: number[] = [];
  for (let i = -2; i < repeats; i++) {
    await using inotify = new Inotify();
    const start = now();
    const wds = paths.map((path) => inotify.addWatch(path, IN_MODIFY));
    const middle = now();
    for (const wd of wds) inotify.rmWatch(wd);
    const end = now();
    if (i < 0) continue;
    adds.push((middle - start) / count);
    removals.push((end - middle) / count);
  }
  return { add: median(adds), remove: median(removals) };
}

/** @returns ns per event */
function parse(repeats: number): Results {
  return {
    ascii: parseCost("-of-a-usual-size", repeats),
    utf8: parseCost("-üblich-groß", repeats),
  };
}

function parseCost(suffix: string, repeats: number): number {
  const RECORDS = 2000;
  const bytes = new Uint8Array(RECORDS * 64);
  const words = new Uint32Array(bytes.buffer);
  let end = 0;
  for (let i = 0; i < RECORDS; i++) {
    const name = new TextEncoder().encode(String(i).padStart(6, "0") + suffix);
    const len = (Math.floor(name.length / 16) + 1) * 16; // as the kernel pads
    words.set([1, IN_CREATE, 0, len], end / 4);
    bytes.set(name, end + 16);
    end += 16 + len;
  }
  const chunk = bytes.subarray(0, end);
  const costs: number[] = [];
  for (let i = -20; i < repeats; i++) {
    const start = now();
    const events = parseEvents(chunk);
    const cost = (now() - start) / events.length;
    if (i >= 0) costs.push(cost);
  }
  return median(costs);
}

/** @returns µs of CPU, and the number of events */
async function storm(directory: string): Promise<Results> {
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE | IN_CLOSE_WRITE | IN_DELETE);
  const cpuStart = process.cpuUsage();
  print("ready");
  let seen = 0;
  for await (const events of inotify.batches()) {
    seen += events.length;
    if (events.some(({ name }) => name === "end")) break;
  }
  const { user, system } = process.cpuUsage(cpuStart);
  return { cpu: user + system, seen };
}

function print(line: string): void {
  writeSync(1, `${line}\n`);
}

const [measurement, ...parameters] = process.argv.slice(2);
print(JSON.stringify(await measurements[measurement](...parameters)));
process.exit();
