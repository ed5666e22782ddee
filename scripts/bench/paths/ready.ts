/** Time and memory of the set-up. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { median } from "../median.ts";
import { run, timeToFirstWord } from "../processes.ts";
import type { Measurement } from "../table.ts";
import { begin } from "./session.ts";
import type { Setting, Subject } from "./subjects.ts";

/**
 * Watches a tree of directories with files. The time is from the start of the process until the watcher
 * reports that it is ready, or its constructor returns, less the start of the same program without a
 * watcher. Memory is measured from after loading.
 */
export function ready(directories: number, filesEach: number): Measurement<Subject, Setting> {
  const files = directories * filesEach;
  return {
    name: `ready, ${directories} directories`,
    rows: {
      time: {
        label: `${directories} directories, ${files} files: ms to load and be ready`,
        digits: 0,
        ratio: true,
      },
      memory: { label: "… memory (RSS) that takes, bytes an entry", digits: 0 },
      stretch: { label: "… longest time the event loop is not free, ms", digits: 0 },
    },
    async run(subject, setting) {
      const tree = path.join(setting.files, `tree-${directories}-${filesEach}`);
      if (!existsSync(tree)) {
        mkdirSync(tree);
        run(setting.writer, "tree", tree, String(directories), String(filesEach));
      }
      const bare: number[] = [];
      while (bare.length < 3) bare.push(await timeToFirstWord(subject.bare, "/"));
      const started = performance.now();
      await using session = await begin(subject.command("create", tree, 0));
      const loading = performance.now() - started;
      const before = residentMemory(session.pid);
      const called = performance.now();
      const stretch = await session.watch();
      const watching = performance.now() - called;
      const memory = (residentMemory(session.pid) - before) / (directories + files);
      const time = loading + watching - median(bare);
      return { time, memory, ...stretch === undefined ? {} : { stretch } };
    },
  };
}

/** The resident memory of a process, in bytes; see proc_pid_status(5). */
function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
}
