/**
 * The `watch` command: prints each change below some paths, or runs a command for it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import type { Libc } from "../../ffi/contract.ts";
import { libc } from "../../ffi/libc.ts";
import { delay } from "../../ffi/time.ts";
import type { WatchEvent } from "../engine/event.ts";
import type { WatchOptions } from "../watch/options.ts";
import { watch, type Watcher } from "../watch/watcher.ts";
import { runForEach } from "./command.ts";
import { fileSystemOf, isShared, isVirtual } from "./filesystem.ts";
import { GitRules } from "./git/rules.ts";
import { CommandError } from "./job.ts";
import { toJson, toLine } from "./lines.ts";
import { StateFile } from "./state_file.ts";
import { Stats } from "./stats.ts";
import { CLEAR } from "./terminal.ts";
import { type Options, parse } from "./watch_options.ts";

/** How often progress or a table is shown on a terminal, in milliseconds. */
const PROGRESS = 100;
/** How long after a change the file of `--since` is written at the earliest, in milliseconds. */
const SAVE = 100;
/** How many times as long as it takes to write that file the next time waits. */
const SHARE = 20;

/**
 * Runs the command until it is interrupted or its output is closed.
 *
 * @param args the command line, without the program
 * @returns the exit code
 *
 * @example
 * ```ts
 * import { main } from "@inotify/inotify/watch";
 *
 * console.log(await main(["--usage"])); // a table, and 0
 * ```
 */
export async function main(args: string[]): Promise<number> {
  let options: Options | (() => string);
  try {
    options = parse(args);
  } catch (error) {
    report(`${(error as Error).message}; see watch --help`);
    return 2;
  }
  process.stdout.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EPIPE") process.exit(0); // it has no reader any more, as after `| head`
    report(error.message);
    process.exit(1);
  });
  try {
    if (typeof options === "function") process.stdout.write(options());
    else await run(libc(), options);
    return 0;
  } catch (error) {
    report((error as Error).message);
    return error instanceof CommandError ? error.status : 1;
  }
}

async function run(libc: Libc, options: Options): Promise<void> {
  const { paths, events, initial } = options;
  const state = options.since === undefined ? undefined : new StateFile(options.since);
  await using git = options.gitignore ? await GitRules.open(libc, paths, report) : undefined;
  // The last rule decides.
  const ignore = [...git ? [git.ignore] : [], ...options.ignore, ...state ? [state.ignore] : []];
  await using watcher = begin(paths, options, {
    ...events && { events },
    ...state && { since: state.snapshot },
    ...options.depth !== undefined && { recursive: options.depth },
    ...options.poll !== undefined && { poll: options.poll },
    ignore,
    include: options.filter,
    initial,
    partial: options.partial,
    onProgress: progress(),
  });
  const batches = batchesOf(watcher, options);
  await watcher.ready;
  if (state !== undefined && state.snapshot === undefined && !initial) await state.save(watcher);
  void git?.follow(watcher);
  const ended = handle(libc, watcher, batches, options, state);
  announce(libc, watcher, options);
  await ended;
}

/** @throws {Error} if the file of `--since` has no snapshot */
function begin(paths: readonly string[], { since }: Options, options: WatchOptions): Watcher {
  try {
    return watch(paths, options);
  } catch (error) {
    if (since === undefined || !(error instanceof TypeError)) throw error;
    const text = error.message.replace(/^since/, `${since}`);
    throw new Error(`${text}; remove the file to begin anew`);
  }
}

/** Prints or counts events, or runs the command for them; it has started when this returns. */
function handle(
  libc: Libc,
  watcher: Watcher,
  batches: AsyncIterable<WatchEvent[]>,
  { command, run, stats, json }: Options,
  state: StateFile | undefined,
): Promise<void> {
  const save = async (isValid?: () => boolean) => {
    try {
      await state?.save(watcher, isValid);
    } catch (error) {
      report((error as Error).message);
    }
  };
  if (command.length > 0) {
    const argv = command as [string, ...string[]];
    const reports = { failed: report, succeeded: save };
    return runForEach(libc, withoutErrors(batches), argv, run, reports);
  }
  if (stats) return count(watcher, save);
  if (state !== undefined) saveAtEnd(save);
  return print(state ? saving(batches, save) : batches, json);
}

/** Saves what was taken after each batch; but when one soon follows, or saving takes long, not so often. */
async function* saving(
  batches: AsyncIterable<WatchEvent[]>,
  save: () => Promise<void>,
): AsyncGenerator<WatchEvent[]> {
  let due: ReturnType<typeof setTimeout> | undefined;
  let pause = SAVE;
  for await (const events of batches) {
    yield events;
    due ??= setTimeout(async () => {
      const start = performance.now();
      await save();
      pause = Math.max(SAVE, SHARE * (performance.now() - start));
      due = undefined;
    }, pause);
  }
}

/** Saves before a signal ends the process. */
function saveAtEnd(save: () => Promise<void>): void {
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await save();
      process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Reports on stderr that the paths are watched; and those whose changes this kernel may miss. */
function announce(libc: Libc, watcher: Watcher, { paths, poll }: Options): void {
  const missing = paths.filter((path) => !existsSync(path));
  const waiting = missing.length > 0 ? `, and waiting for ${missing.join(", ")}` : "";
  const watches = watcher.watched().length;
  const count = `${watches} ${watches === 1 ? "watch" : "watches"}`;
  process.stderr.write(`Watching ${paths.join(", ")} (${count})${waiting}; Ctrl-C ends it.\n`);
  if (poll !== undefined) return;
  for (const path of paths) {
    const type = fileSystemOf(libc, path);
    if (type !== undefined && isShared(type)) {
      const which = "changes that do not go through this kernel are not reported";
      report(`${path} is on ${type}: ${which}; --poll looks for them`);
    } else if (type !== undefined && isVirtual(type)) {
      report(`${path} is on ${type}, which does not report what changes; --poll looks for it`);
    }
  }
}

/** The events in batches: of one event each without `--settle` and COMMAND. */
async function* batchesOf(watcher: Watcher, options: Options): AsyncGenerator<WatchEvent[]> {
  const { settle = options.command.length > 0 ? 50 : undefined } = options;
  if (settle === undefined) {
    for await (const event of watcher) yield [event];
  } else {
    yield* watcher.batches({ settle, maxWait: Math.max(1000, 10 * settle) });
  }
}

/** Reports errors, and yields the other events. */
async function* withoutErrors(
  batches: AsyncIterable<WatchEvent[]>,
): AsyncGenerator<WatchEvent[]> {
  for await (const events of batches) {
    const changes = events.filter((event) => event.kind !== "error");
    for (const event of events) if (event.kind === "error") report(toLine(event));
    if (changes.length > 0) yield changes;
  }
}

async function print(batches: AsyncIterable<WatchEvent[]>, json: boolean): Promise<void> {
  const colours = !json && process.stdout.isTTY && !process.env.NO_COLOR;
  for await (const events of batches) {
    for (const event of events) {
      if (json) process.stdout.write(`${toJson(event)}\n`);
      else if (event.kind === "error") report(toLine(event));
      else process.stdout.write(`${toLine(event, colours)}\n`);
    }
  }
}

/** Counts events until the process is interrupted, which ends it with exit status 0. */
async function count(watcher: Watcher, save: () => Promise<void>): Promise<void> {
  const stats = new Stats();
  const { isTTY } = process.stdout;
  const text = () => isTTY ? CLEAR + stats.text(process.stdout.rows - 3) : stats.text();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, async () => {
      await watcher.sync();
      await delay(0); // the loop below takes the events that are left
      await save();
      process.stdout.write(text(), () => process.exit(0));
    });
  }
  let due: ReturnType<typeof setTimeout> | undefined;
  for await (const event of watcher) {
    stats.add(event);
    if (event.kind === "error") report(toLine(event));
    if (!isTTY) continue;
    due ??= setTimeout(() => {
      due = undefined;
      process.stdout.write(text());
    }, PROGRESS);
  }
}

/** Shows on a terminal how far the set-up of a big tree is. */
function progress(): (directories: number) => void {
  let shown = performance.now();
  return (directories) => {
    if (!process.stderr.isTTY || performance.now() - shown < PROGRESS) return;
    shown = performance.now();
    process.stderr.write(`${directories} directories…\r`);
  };
}

/** Writes a message to stderr. */
function report(text: string): void {
  process.stderr.write(`watch: ${text}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
