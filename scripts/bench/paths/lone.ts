/** Latencies of single events, and how much `watch()` adds to `Inotify`. */

import { wakeLatencies } from "../kernel/run.ts";
import { latencies } from "../latencies.ts";
import { median, quantile } from "../median.ts";
import { run } from "../processes.ts";
import type { Measurement } from "../table.ts";
import { observe, place } from "./observe.ts";
import type { Setting, Subject } from "./subjects.ts";

const PAUSE = 20_000; // µs

/** Writes to one file after another, with pauses. */
export function lone(count: number): Measurement<Subject, Setting> {
  return {
    name: "lone event",
    rows: {
      p50: {
        label: `one write every ${PAUSE / 1e3} ms → handler, p50 µs`,
        digits: 0,
        ratio: true,
      },
      p99: { label: "… p99 µs", digits: 0 },
      kernelP50: { label: "… by `Inotify`, p50 µs", digits: 0 },
      above: { label: "… p50, `watch()` above `Inotify`, µs", digits: 0 },
    },
    async run(subject, setting) {
      using here = place(setting);
      run(setting.writer, "make", here.inside, String(count));
      const writer = [setting.writer, "write", here.inside, String(count), String(PAUSE)];
      const { times, written } = await observe(subject, setting, here, "modify", count, writer);
      const own = latencies(times, written.map(Number));
      if (own.length === 0) return {};
      const p50 = median(own);
      const numbers = { p50, p99: quantile(own, 0.99) };
      if (subject.kernel === undefined) return numbers;
      const kernelP50 = median(
        await wakeLatencies(subject.kernel, setting.writer, here.inside, count, PAUSE),
      );
      return { ...numbers, kernelP50, above: p50 - kernelP50 };
    },
  };
}
