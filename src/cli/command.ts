/**
 * Runs a command for what has changed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { WatchEvent } from "../event.ts";
import { toJson } from "./lines.ts";

/** How long a command that is told to end may take, in milliseconds; then it is killed. */
const GRACE = 5000;

/** The signals that are passed on, by number (signal(7)). */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Bytes of a variable at most: the kernel takes 128 KiB for one with its name (MAX_ARG_STRLEN, execve(2)),
 * and 2 MiB for all at the usual size of a stack.
 */
const LONGEST = 100 * 1024;

/** A command that cannot be started. */
export class CommandError extends Error {
  /** As a shell has it: 127 where there is no such command, 126 where it may not be run. */
  readonly status: number;

  /** @param cause from node:child_process */
  constructor(command: string, cause: Error & { code?: string }) {
    const missing = cause.code === "ENOENT";
    super(`Cannot run ${command}: ${missing ? "no such command" : cause.message}`, { cause });
    this.status = missing ? 127 : 126;
  }
}

/**
 * Runs a command for each batch, never twice at a time.
 *
 * Without `restart` a batch waits for the end of the command, and what changes meanwhile is the next one.
 * With it the command is told to end (SIGTERM) and started anew. A signal to this process is passed on,
 * and ends it when the command has ended; SIGINT of a terminal goes to both anyway.
 *
 * @param batches without those that are of no interest to the command
 * @param argv the command and its arguments; no shell comes between
 * @param report is told how a command ended that did not succeed
 * @throws {CommandError} if it cannot be started
 */
export async function runForEach(
  batches: AsyncIterable<readonly WatchEvent[]>,
  argv: readonly [string, ...string[]],
  restart: boolean,
  report: (text: string) => void,
): Promise<void> {
  let running: Promise<Run> | undefined;
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, async () => {
      const run = await running?.catch(() => undefined);
      const told = signal === "SIGINT" && process.stdin.isTTY;
      if (!told) run?.child.kill(signal as NodeJS.Signals);
      await run?.ended;
      process.exit(128 + number);
    });
  }
  for await (const events of batches) {
    if (running !== undefined) await stop(await running);
    running = start(argv, environment(events), report);
    const run = await running;
    if (!restart) {
      await run.ended;
      running = undefined;
    }
  }
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  stopped: boolean;
}

async function start(
  [command, ...args]: readonly [string, ...string[]],
  variables: Record<string, string>,
  report: (text: string) => void,
): Promise<Run> {
  let child: ChildProcess;
  try {
    child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...variables } });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  } catch (error) {
    throw new CommandError(command, error as Error);
  }
  const run: Run = {
    child,
    stopped: false,
    ended: new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        const how = signal === null ? `ended with exit status ${code}` : `was ended by ${signal}`;
        if (code !== 0 && !run.stopped) report(`${command} ${how}`);
        resolve();
      });
    }),
  };
  return run;
}

async function stop(run: Run): Promise<void> {
  run.stopped = true;
  run.child.kill("SIGTERM");
  const timer = setTimeout(() => run.child.kill("SIGKILL"), GRACE);
  await run.ended;
  clearTimeout(timer);
}

/** What a command is told of a batch. Long lists are cut after an event; `WATCH_COUNT` counts all. */
export function environment(events: readonly WatchEvent[]): Record<string, string> {
  const paths = new Set(events.map((event) => "path" in event ? event.path : ""));
  paths.delete("");
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
