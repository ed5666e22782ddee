/**
 * What is measured, and how a run of one subject becomes the numbers of its column.
 */

import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { median, quantile } from "./median.ts";
import { kill, type Setting, start, type Subject } from "./subjects.ts";

/** One line of the table. */
export interface Row {
  /** What the numbers are, with their unit. */
  readonly label: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether the table gives the ratio to the C loop. */
  readonly ratio?: boolean;
}

/** The numbers of one run, by the keys of the measurement's rows. */
export type Numbers = Readonly<Record<string, number>>;

/** One way of measuring, whose rows come from the same run. */
export interface Measurement {
  /** For progress messages. */
  readonly name: string;
  /** The rows, by their keys. */
  readonly rows: Readonly<Record<string, Row>>;
  /** Whether subjects do not disturb each other, so that they may run at once. */
  readonly concurrent?: boolean;
  /** Measures one subject once. */
  run(subject: Subject, setting: Setting): Promise<Numbers>;
}

/** All measurements, with fewer repeats if `quick`. */
export function measurements(quick: boolean): Measurement[] {
  return [
    wake(2_000, quick ? 600 : 1_500),
    wake(50_000, quick ? 24 : 60),
    drain("readSync", "`readSync()`", quick ? 5 : 20),
    drain("batches", "`batches()`", quick ? 5 : 20),
    drain("events", "`for await`", quick ? 5 : 20),
    storm(quick ? 20_000 : 100_000),
    watch(quick ? 5 : 9),
    parse(quick ? 100 : 300),
    begin(quick ? 3 : 5),
    idle(quick ? 2 : 5),
  ];
}

function wake(pause: number, count: number): Measurement {
  const title = `one write every ${pause / 1e3} ms → event in hand`;
  return {
    name: `wake-up, ${pause / 1e3} ms`,
    rows: {
      p50: { label: `${title}, p50 µs`, digits: 0, ratio: true },
      p99: { label: `… p99 µs`, digits: 0 },
      bareP50: { label: `… by the bare route, p50 µs`, digits: 0 },
      bareP99: { label: `… by the bare route, p99 µs`, digits: 0 },
      overBare: { label: `… p50, module ÷ bare route`, digits: 2 },
    },
    async run(subject, setting) {
      const latencies = async (program: string): Promise<number[]> => {
        const { result, written } = await measure(
          subject,
          [program, setting.full, String(count)],
          [setting.writer, "write", setting.full, String(count), String(pause)],
        );
        // The first third warms up.
        return (result as number[]).map((time, i) => (time - written[i]) / 1e3).slice(count / 3);
      };
      const own = await latencies("wake");
      const numbers = { p50: median(own), p99: quantile(own, 0.99) };
      if (!subject.hasBareRoute) return numbers;
      const bare = await latencies("wake-bare");
      const bareP50 = median(bare);
      const bareP99 = quantile(bare, 0.99);
      return { ...numbers, bareP50, bareP99, overBare: numbers.p50 / bareP50 };
    },
  };
}

function drain(way: string, title: string, repeats: number): Measurement {
  return {
    name: `full queue, ${way}`,
    rows: {
      cpu: { label: `full queue by ${title}, CPU µs an event`, digits: 2, ratio: true },
      rate: { label: "… million events a second", digits: 2 },
    },
    async run(subject, { full, files, writer }) {
      const parameters = ["drain", full, String(files), String(repeats), writer, way];
      return (await measure(subject, parameters)).result as Numbers;
    },
  };
}

function storm(cycles: number): Measurement {
  const events = 3 * cycles + 2; // create, closeWrite, delete; and "end" is created and closed
  return {
    name: "storm",
    rows: {
      cpu: {
        label: `${cycles} × create, close, unlink at full speed: CPU µs an event`,
        digits: 2,
        ratio: true,
      },
      share: { label: "… delivered, %", digits: 1 },
      cycle: { label: "… a cycle takes the writer, µs", digits: 1 },
    },
    async run(subject, { writer, empty }) {
      const { result, written } = await measure(
        subject,
        ["storm", empty],
        [writer, "storm", empty, String(cycles)],
      );
      const { cpu, seen } = result as Numbers;
      const share = Math.min(100, 100 * seen / events);
      return { cpu: cpu / (3 * cycles), share, cycle: written[0] / 1e3 };
    },
  };
}

function watch(repeats: number): Measurement {
  return {
    name: "addWatch, rmWatch",
    rows: {
      add: { label: "addWatch, ns a call", digits: 0, ratio: true },
      remove: { label: "rmWatch, ns a call", digits: 0, ratio: true },
    },
    run: async (subject, { full }) =>
      (await measure(subject, ["watch", full, "4000", String(repeats)])).result as Numbers,
  };
}

function parse(repeats: number): Measurement {
  return {
    name: "parser",
    rows: {
      ascii: { label: "parser, 22-byte ASCII names, ns an event", digits: 0 },
      utf8: { label: "parser, other UTF-8 names, ns an event", digits: 0 },
    },
    run: async (subject) => (await measure(subject, ["parse", String(repeats)])).result as Numbers,
  };
}

function begin(repeats: number): Measurement {
  return {
    name: "start",
    rows: {
      bare: { label: "start of the bare runtime, ms", digits: 1 },
      above: { label: "… and until one directory is watched, ms more", digits: 1 },
    },
    async run(subject, { empty }) {
      const readyAfter = async (command: readonly string[]): Promise<number> => {
        const begun = performance.now();
        const child = start(command, empty);
        await new Promise((resolve) => child.stdout!.once("data", resolve));
        const time = performance.now() - begun;
        await kill(child);
        return time;
      };
      const bare: number[] = [];
      const ready: number[] = [];
      for (let i = -1; i < repeats; i++) { // the first one fills caches
        const pair = [await readyAfter(subject.bare), await readyAfter(subject.ready)];
        if (i < 0) continue;
        bare.push(pair[0]);
        ready.push(pair[1]);
      }
      return { bare: median(bare), above: median(ready) - median(bare) };
    },
  };
}

function idle(seconds: number): Measurement {
  return {
    name: "idle",
    concurrent: true,
    rows: {
      bareSwitches: { label: "idle: wake-ups a second, bare runtime", digits: 1 },
      switches: { label: "… with a pending read", digits: 1 },
      bareCpu: { label: "idle: CPU ms a second, bare runtime", digits: 2 },
      cpu: { label: "… with a pending read", digits: 2 },
      threads: { label: "idle: threads beyond the bare runtime's", digits: 0 },
    },
    async run(subject, { empty }) {
      const children = [start(subject.bare, empty), start(subject.ready, empty)];
      try {
        await sleep(1.5); // compilers and collectors come to rest
        const before = children.map(({ pid }) => activity(pid!));
        await sleep(seconds);
        const after = children.map(({ pid }) => activity(pid!));
        const [bare, own] = after.map((now, i) => ({
          switches: (now.switches - before[i].switches) / seconds,
          cpu: (now.cpu - before[i].cpu) / seconds,
          threads: now.threads,
        }));
        return {
          bareSwitches: bare.switches,
          switches: own.switches,
          bareCpu: bare.cpu,
          cpu: own.cpu,
          threads: own.threads - bare.threads,
        };
      } finally {
        await Promise.all(children.map(kill));
      }
    },
  };
}

/** What all threads of a process did so far: wake-ups by themselves, and ms of CPU. */
function activity(pid: number): { switches: number; cpu: number; threads: number } {
  const sum = { switches: 0, cpu: 0, threads: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    const schedstat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
    sum.switches += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)![1]);
    sum.cpu += Number.parseInt(schedstat, 10) / 1e6;
    sum.threads++;
  }
  return sum;
}

/**
 * Runs a subject, and a writer once it says "ready".
 *
 * @returns the last line of the subject, and the lines of the writer
 */
async function measure(
  subject: Subject,
  parameters: readonly string[],
  writer?: readonly string[],
): Promise<{ result: unknown; written: number[] }> {
  const child = start([...subject.measure, ...parameters], "/");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  let result: unknown;
  let written: Promise<string[]> | undefined;
  for await (const line of createInterface(child.stdout!)) {
    if (line !== "ready") result = JSON.parse(line);
    else if (writer !== undefined) written = lines(writer);
  }
  const status = await exited;
  if (status !== 0 || result === undefined) {
    throw new Error(`${subject.name} failed: ${parameters.join(" ")}`);
  }
  return { result, written: (await written ?? []).map(Number) };
}

async function lines(command: readonly string[]): Promise<string[]> {
  return await Array.fromAsync(createInterface(start(command, "/").stdout!));
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}
