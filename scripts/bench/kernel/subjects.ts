/** The subjects of the kernel level: the C loop, and `Inotify` on each runtime. */

import path from "node:path";
import { run } from "../processes.ts";
import { runtimes } from "../runtimes.ts";
import { compile, type Scratch } from "../scratch.ts";

/** One column of the table. */
export interface Subject {
  /** The head of the column, with the version. */
  readonly name: string;
  /** The command that takes the arguments of subject.ts. */
  readonly measure: readonly string[];
  /** The command that watches its working directory, prints "ready" and waits. */
  readonly ready: readonly string[];
  /** The command that prints "ready" and waits, without what is measured. */
  readonly bare: readonly string[];
  /** Whether `measure` supports "wake-bare". */
  readonly hasBareRoute: boolean;
}

/** What all measurements share. */
export interface Setting {
  /** The compiled writer.c. */
  readonly writer: string;
  /** An empty directory. */
  readonly empty: string;
  /** A directory with {@link files} numbered files. */
  readonly full: string;
  /** The number of files in {@link full}. */
  readonly files: number;
}

/** Finds the subjects. */
export function subjects(scratch: Scratch): Subject[] {
  const reference = compile("kernel/reference.c", scratch);
  return [
    {
      name: "C",
      measure: [reference],
      ready: [reference, "ready"],
      bare: [compile("bare.c", scratch)],
      hasBareRoute: false,
    },
    ...runtimes(scratch).map(({ name, version, program }) => ({
      name: `${name} ${version}`,
      measure: program("kernel/subject"),
      ready: program("kernel/ready"),
      bare: program("bare"),
      hasBareRoute: true,
    })),
  ];
}

/** Compiles the writer and creates the files. */
export function setting(scratch: Scratch): Setting {
  const made = {
    writer: compile("writer.c", scratch),
    empty: path.join(scratch.files, "empty"),
    full: path.join(scratch.files, "full"),
    files: 16_000, // a little less than fs.inotify.max_queued_events, 16384
  };
  run("mkdir", made.empty, made.full);
  run(made.writer, "make", made.full, String(made.files));
  return made;
}
