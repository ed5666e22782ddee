/**
 * Runs a command for what has changed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import type { WatchEvent } from "../engine/event.ts";
import { Children, type Fate } from "./children.ts";
import { Job, type Shell } from "./job.ts";
import { toJson } from "./lines.ts";
import { CLEAR, Terminal } from "./terminal.ts";

const { signals } = constants;

/** The signals that are to end this process. */
const DEADLY = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;

/**
 * How long after the first such signal another one is taken for the same wish, in milliseconds: npm(1)
 * passes on the SIGINT that a terminal has sent to all of its group already, and so does concurrently.
 */
const SAME_WISH = 100;

/**
 * Bytes of a variable at most: the kernel takes 128 KiB for one with its name (MAX_ARG_STRLEN, execve(2)),
 * and 2 MiB for all at the usual size of a stack.
 */
const LONGEST = 100 * 1024;

/** How a command is run. */
export interface Manner {
  /** Whether it is ended, and started anew, when something changes while it runs. */
  readonly restart: boolean;
  /** Whether the screen is cleared before. */
  readonly clear: boolean;
  /** The number of the signal by which it is ended. */
  readonly signal: number | undefined;
}

/**
 * Runs a command for each batch, never twice at a time.
 *
 * Without `restart` a batch waits for the end of the command, and what changes meanwhile is the next one.
 * With it the command is told to end (SIGTERM) and started anew. Either way, what it has left running is
 * ended before. A signal to this process is passed on, and ends it when the command has ended; a second
 * one kills the command.
 *
 * @param batches without those that are of no interest to the command
 * @param argv the command and its arguments; no shell comes between
 * @param report is told how a command ended that did not succeed
 * @throws {CommandError} if it cannot be started
 */
export async function runForEach(
  batches: AsyncIterable<readonly WatchEvent[]>,
  argv: readonly [string, ...string[]],
  { restart, clear, signal: chosen }: Manner,
  report: (text: string) => void,
): Promise<void> {
  const c = libc();
  const terminal = Terminal.onStdin(c);
  const shell: Shell = {
    libc: c,
    children: new Children(c),
    terminal,
    heard: (signal) => end(signal, true),
  };
  let job: Job | undefined;
  let ending: Promise<never> | undefined;

  const endJob = async (signal: number | undefined) => {
    if (await job?.end(signal) === false) {
      report(`${argv[0]}, or what it has started, cannot be killed`);
    }
  };

  let first: number | undefined;

  /** @param isPassedOn whether the command has got the signal already */
  function end(signal: number, isPassedOn: boolean): void {
    const now = performance.now();
    if (first !== undefined) {
      if (now - first > SAME_WISH) job?.kill();
      return;
    }
    first = now;
    ending = endJob(isPassedOn ? undefined : chosen ?? signal)
      .then(() => process.exit(128 + signal));
  }

  for (const name of DEADLY) process.on(name, () => end(signals[name], false));
  if (terminal !== undefined) process.on("SIGCONT", () => job?.resume());

  const run = async (events: readonly WatchEvent[]) => {
    await ending;
    await endJob(chosen ?? signals.SIGTERM);
    await ending;
    if (clear && process.stdout.isTTY) writeSync(process.stdout.fd, CLEAR);
    const started = new Job(shell, argv, { ...process.env, ...environment(events) });
    job = started;
    const reported = started.ended.then((fate) => {
      if (!started.isEnding && fate.status !== 0) report(`${argv[0]} ${describe(fate)}`);
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

function describe({ status, signal }: Fate): string {
  if (signal === undefined) return `ended with exit status ${status}`;
  const [name] = Object.entries(signals).find(([, number]) => number === signal) ?? [];
  return `was ended by ${name ?? `signal ${signal}`}`;
}

/** What a command is told of a batch. Long lists are cut after an event; `WATCH_COUNT` counts all. */
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

/** The first texts that fit into a variable, each with one byte between it and the next. */
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
