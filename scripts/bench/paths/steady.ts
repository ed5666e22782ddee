/** Changes that never stop and never pile up, as of a build tool or a log: each follows when the last is handled. */

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { latencies } from "../latencies.ts";
import { median, quantile } from "../median.ts";
import { run } from "../processes.ts";
import type { Measurement } from "../table.ts";
import { observe, place } from "./observe.ts";
import type { Setting, Subject } from "./subjects.ts";

/** The pauses of the sweep, in µs. */
const PAUSES = [20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 20_000, 50_000];

/** Short pauses: no storm. */
export function steady(count: number): Measurement<Subject, Setting> {
  const pause = 700;
  return {
    name: "steady changes",
    rows: {
      p50: {
        label: "one write 0.2–1.2 ms after the last is handled, p50 µs",
        digits: 0,
        ratio: true,
      },
      p99: { label: "… p99 µs", digits: 0 },
    },
    async run(subject, setting) {
      const own = await acknowledged(subject, setting, count, pause);
      return own.length === 0 ? {} : { p50: median(own), p99: quantile(own, 0.99) };
    },
  };
}

/** The same at every pause, so that no rule of a reader has a hole. */
export function sweep(count: number): Measurement<Subject, Setting> {
  const label = (pause: number) => `… ${pause / 1000} ms after, p50 µs`;
  return {
    name: "sweep",
    rows: Object.fromEntries(PAUSES.map((pause) => [pause, { label: label(pause), digits: 0 }])),
    async run(subject, setting) {
      const numbers: Record<string, number> = {};
      for (const pause of PAUSES) {
        const times = Math.min(count, Math.ceil(3_000_000 / pause));
        const own = await acknowledged(subject, setting, times, pause);
        if (own.length > 0) numbers[pause] = median(own);
      }
      return numbers;
    },
  };
}

async function acknowledged(
  subject: Subject,
  setting: Setting,
  count: number,
  pause: number,
): Promise<number[]> {
  using here = place(setting);
  const fifo = `${here.watched}.fifo`;
  spawnSync("mkfifo", [fifo]);
  try {
    run(setting.writer, "make", here.inside, String(count));
    const writer = [setting.writer, "write", here.inside, String(count), String(pause), fifo];
    const { times, written } = await observe(subject, setting, here, "modify", count, writer);
    return latencies(times, written.map(Number));
  } finally {
    rmSync(fifo);
  }
}
