/** What is measured of watchers of paths. */

import type { Measurement } from "../table.ts";
import { lone } from "./lone.ts";
import { ready } from "./ready.ts";
import { steady, sweep } from "./steady.ts";
import { deep, storm } from "./storm.ts";
import type { Setting, Subject } from "./subjects.ts";

/** All measurements, smaller if `quick`. */
export function measurements(quick: boolean): Measurement<Subject, Setting>[] {
  return [
    ready(quick ? 200 : 2_000, 20),
    ready(quick ? 1_000 : 10_000, 10),
    // The kernel says "create", "modify" and "delete" of each.
    storm("burst", "create, write, close, unlink", quick ? 50_000 : 200_000, 3),
    storm("make", "create, close", quick ? 20_000 : 100_000, 1),
    steady(quick ? 300 : 3_000),
    sweep(quick ? 150 : 600),
    lone(quick ? 45 : 300),
    deep(quick ? 100 : 500),
  ];
}
