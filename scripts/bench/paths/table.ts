/** The table of the path level. */

import { compile, type Scratch } from "../scratch.ts";
import type { Table } from "../table.ts";
import { measurements } from "./measurements.ts";
import { type Setting, type Subject, subjects } from "./subjects.ts";

/** `watch()` on each runtime, a loop in C and other watchers; smaller if `quick`. */
export function paths(scratch: Scratch, quick: boolean): Table<Subject, Setting> {
  return {
    subjects: subjects(scratch),
    setting: {
      writer: compile("writer.c", scratch),
      cpu: compile("paths/cpu.c", scratch),
      files: scratch.files,
    },
    measurements: measurements(quick),
  };
}
