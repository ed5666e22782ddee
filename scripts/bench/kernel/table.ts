/** The table of the kernel level. */

import type { Scratch } from "../scratch.ts";
import type { Table } from "../table.ts";
import { measurements } from "./measurements.ts";
import { type Setting, setting, type Subject, subjects } from "./subjects.ts";

/** `Inotify` on each runtime, and a loop in C; with fewer repeats if `quick`. */
export function kernel(scratch: Scratch, quick: boolean): Table<Subject, Setting> {
  return {
    subjects: subjects(scratch),
    setting: setting(scratch),
    measurements: measurements(quick),
  };
}
