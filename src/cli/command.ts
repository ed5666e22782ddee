/**
 * `runForEach()`: runs the COMMAND of `watch` for each batch of events.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import type { Libc } from "../../ffi/contract.ts";
import type { WatchEvent } from "../engine/event.ts";
import { ChildProcesses, type Exit } from "./child_processes.ts";
import { Job, type JobContext } from "./job.ts";
import { toJson } from "./lines.ts";
import { CLEAR, Terminal } from "./terminal.ts";

const { signals } = constants;

/** The signals that end this process. */
const ENDING = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

/**
 * How long after the first such signal a second one is ignored, in milliseconds. A terminal sends SIGINT to the
 * whole group, and npm(1) and concurrently pass it on again.
 */
const REPEATED = 100;

/**
 * The longest value of a variable, in bytes. The kernel takes 128 KiB for a variable with its name
 * (MAX_ARG_STRLEN, execve(2)), and 2 MiB for all of them at the usual stack size.
 */
const LONGEST = 100 * 1024;

/** How a command is run. */
export interface RunOptions {
  /** Whether a change ends a command that runs, and starts it again. */
  readonly restart: boolean;
  /** Whether the screen is cleared before each run. */
  readonly clear: boolean;
  /** The number of the signal that ends the command. */
  readonly signal: number | undefined;
}

/** What a run reports. */
export interface RunReports {
  /** Takes a message when a command fails. */
  readonly failed: (text: string) => void;
  /** Called when a command has succeeded. @param isLatest whether no later change is known */
  readonly succeeded: (isLatest: () => boolean) => Promise<void>;
}

/**
 * Runs a command for each batch, one at a time.
 *
 * Without `restart`, the next batch waits until the command has ended. With it, a batch ends the command
 * (SIGTERM) and starts it again. In both cases the processes that the last run has left are ended first. A
 * signal to this process is passed on to the command, and ends this process once the command has ended; a
 * second one kills the command.
 *
 * @param argv the command and its arguments; no shell is used
 * @throws {CommandError} if the command cannot be started
 */
export async function runForEach(
  libc: Libc,
  batches: AsyncIterable<readonly WatchEvent[]>,
  argv: readonly [string, ...string[]],
  { restart, clear, signal: chosen }: RunOptions,
  { failed, succeeded }: RunReports,
): Promise<void> {
  const terminal = Terminal.onStdin(libc);
  const context: JobContext = {
    libc,
    children: new ChildProcesses(libc),
    terminal,
    onSignal: (signal) => end(signal, true),
  };
  let job: Job | undefined;
  let ending: Promise<never> | undefined;

  const endJob = async (signal: number | undefined) => {
    if (await job?.end(signal) === false) {
      failed(`${argv[0]}, or a process that it has started, cannot be killed`);
    }
  };

  let first: number | undefined;

  /** @param isDelivered whether the command has got the signal already */
  function end(signal: number, isDelivered: boolean): void {
    const now = performance.now();
    if (first !== undefined) {
      if (now - first > REPEATED) job?.kill();
      return;
    }
    first = now;
    ending = endJob(isDelivered ? undefined : chosen ?? signal)
      .then(() => process.exit(128 + signal));
  }

  for (const name of ENDING) process.on(name, () => end(signals[name], false));
  if (terminal !== undefined) process.on("SIGCONT", () => job?.resume());

  const run = async (events: readonly WatchEvent[]) => {
    await ending;
    await endJob(chosen ?? signals.SIGTERM);
    await ending;
    if (clear && process.stdout.isTTY) writeSync(process.stdout.fd, CLEAR);
    const started = new Job(context, argv, { ...process.env, ...environment(events) });
    job = started;
    const reported = started.ended.then(async (exit) => {
      if (exit.status === 0) await succeeded(() => job === started && !started.isEnding);
      else if (!started.isEnding) failed(`${argv[0]} ${describe(exit)}`);
    });
    if (!restart) await reported;
    await ending;
  };

  try {
    for await (const events of batches) await run(events);
  } finally {
    await endJob(chosen ?? signals.SIGTERM);
  }
}

function describe({ status, signal }: Exit): string {
  if (signal === undefined) return `ended with exit status ${status}`;
  const [name] = Object.entries(signals).find(([, number]) => number === signal) ?? [];
  return `was ended by ${name ?? `signal ${signal}`}`;
}

/** The variables that describe a batch. Long lists are cut after an event; `WATCH_COUNT` counts all events. */
export function environment(events: readonly WatchEvent[]): Record<string, string> {
  const paths = new Set<string>();
  for (const event of events) {
    if (event.kind === "rename") paths.add(event.from);
    if ("path" in event) paths.add(event.path);
  }
  return {
    WATCH_COUNT: String(events.length),
    WATCH_PATHS: fitting(paths).join("\n"),
    WATCH_EVENTS: `[${fitting(events.values().map(toJson)).join(",")}]`,
  };
}

/** The first texts that fit into a variable, with a separator of one byte after each. */
function fitting(texts: Iterable<string>): string[] {
  const taken: string[] = [];
  let room = LONGEST;
  for (const text of texts) {
    room -= Buffer.byteLength(text) + 1;
    if (room < 0) break;
    taken.push(text);
  }
  return taken;
}
