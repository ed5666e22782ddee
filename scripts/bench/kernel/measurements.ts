/**
 * The measurements of the kernel level: each runs a subject and computes the numbers of its column.
 */

import { readdirSync, readFileSync } from "node:fs";
import { median, quantile } from "../median.ts";
import { kill, sleep, start, timeToFirstWord } from "../processes.ts";
import type { Measurement as Kind, Numbers } from "../table.ts";
import { runSubject, wakeLatencies } from "./run.ts";
import type { Setting, Subject } from "./subjects.ts";

type Measurement = Kind<Subject, Setting>;

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
    async run(subject, { writer, full }) {
      const latencies = (way: "wake" | "wake-bare") =>
        wakeLatencies([...subject.measure, way], writer, full, count, pause);
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
      return (await runSubject([...subject.measure, ...parameters])).result as Numbers;
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
      const { result, written } = await runSubject(
        [...subject.measure, "storm", empty],
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
      (await runSubject([...subject.measure, "watch", full, "4000", String(repeats)]))
        .result as Numbers,
  };
}

function parse(repeats: number): Measurement {
  return {
    name: "parser",
    rows: {
      ascii: { label: "parser, 22-byte ASCII names, ns an event", digits: 0 },
      utf8: { label: "parser, other UTF-8 names, ns an event", digits: 0 },
    },
    run: async (subject) =>
      (await runSubject([...subject.measure, "parse", String(repeats)])).result as Numbers,
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
      const bare: number[] = [];
      const ready: number[] = [];
      for (let i = -1; i < repeats; i++) { // the first run fills caches
        const times = [
          await timeToFirstWord(subject.bare, empty),
          await timeToFirstWord(subject.ready, empty),
        ];
        if (i < 0) continue;
        bare.push(times[0]);
        ready.push(times[1]);
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
        await sleep(1.5); // until compilers and garbage collectors are idle
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

/** A process's voluntary context switches and ms of CPU so far, summed over its threads, and their number. */
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
