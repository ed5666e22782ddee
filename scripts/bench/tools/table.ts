/** The table of the commands: inotifywait on each runtime, and that of inotify-tools. */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { median } from "../median.ts";
import { kill, lines, sleep, timeToFirstWord } from "../processes.ts";
import { runtimes } from "../runtimes.ts";
import { compile, type Scratch } from "../scratch.ts";
import type { Measurement, Numbers, Table } from "../table.ts";

/** One column of the table. */
interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  /** The command that prints a word and waits. */
  readonly bare?: readonly string[];
}

/** What the measurements share. */
interface Setting {
  /** The compiled writer.c. */
  readonly writer: string;
  /** The directory for watched files. */
  readonly files: string;
}

/** inotifywait on each runtime, and that of inotify-tools if it is installed; smaller if `quick`. */
export function tools(scratch: Scratch, quick: boolean): Table<Subject, Setting> {
  const version = /\d[.\d]+/.exec(
    spawnSync("inotifywait", ["--help"], { encoding: "utf8" }).stdout,
  );
  const theirs = { name: `inotifywait ${version}`, command: ["inotifywait"] };
  if (version === null) console.error("inotify-tools is left out: it is not on the PATH");
  return {
    subjects: [
      ...version === null ? [] : [theirs],
      ...runtimes(scratch).map(({ name, version, program }) => ({
        name: `ours, ${name} ${version}`,
        command: program("../../src/cli/inotifywait"),
        bare: program("bare"),
      })),
    ],
    setting: { writer: compile("writer.c", scratch), files: scratch.files },
    measurements: [start(quick ? 5 : 15), cycles(quick ? 20_000 : 200_000)],
  };
}

function start(count: number): Measurement<Subject, Setting> {
  return {
    name: "start",
    rows: {
      bare: { label: "start of the bare runtime, ms", digits: 1 },
      time: { label: "… and until `Watches established.`, ms more", digits: 1 },
    },
    async run({ command, bare }, { files }) {
      const times: number[] = [];
      const bares: number[] = [];
      for (let i = 0; i < count; i++) {
        if (bare !== undefined) bares.push(await timeToFirstWord(bare, files));
        const begun = performance.now();
        const child = await establish([...command, "-m", "."], files, "ignore");
        times.push(performance.now() - begun);
        await kill(child);
      }
      if (bare === undefined) return { time: median(times) };
      return { bare: median(bares), time: median(times) - median(bares) };
    },
  };
}

function cycles(count: number): Measurement<Subject, Setting> {
  return {
    name: "cycles",
    rows: {
      cpu: {
        label: `${count} × create, write, close, unlink, into /dev/null: CPU s`,
        digits: 2,
        ratio: true,
      },
      lines: { label: "… lines, into a file", digits: 0 },
    },
    async run(subject, setting): Promise<Numbers> {
      const output = path.join(setting.files, "output");
      const { cpu } = await cycle(subject, setting, count, "/dev/null");
      await cycle(subject, setting, count, output);
      const lines = readFileSync(output, "latin1").split("\n").length - 1;
      rmSync(output);
      return { cpu, lines };
    },
  };
}

async function cycle(subject: Subject, { writer, files }: Setting, count: number, output: string) {
  const directory = mkdtempSync(path.join(files, "cycles-"));
  const command = [...subject.command, "-m", "-r", directory];
  const child = await establish(command, "/", openSync(output, "w"));
  const before = cpuSeconds(child.pid!);
  await lines([writer, "burst", directory, String(count)]);
  let cpu = NaN;
  for (let last = cpu; (cpu = cpuSeconds(child.pid!)) !== last; last = cpu) await sleep(0.3);
  await kill(child);
  rmSync(directory, { recursive: true });
  return { cpu: cpu - before };
}

/** Starts inotifywait. @returns its process, once it watches */
async function establish(command: readonly string[], cwd: string, stdout: number | "ignore") {
  const child = spawn(command[0], command.slice(1), { cwd, stdio: ["ignore", stdout, "pipe"] });
  let stderr = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on("data", (chunk) => {
      stderr += chunk;
      if (stderr.includes("established.")) resolve();
    });
    child.on("close", () => reject(new Error(`${command.join(" ")} has ended: ${stderr}`)));
  });
  return child;
}

/** The user and system CPU time of a process, in seconds (proc_pid_stat(5)). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const [utime, stime] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  const USER_HZ = 100;
  return (utime + stime) / USER_HZ;
}
