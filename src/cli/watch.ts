/**
 * The `watch` command: prints every change below the paths it is given, or runs a command for it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import process from "node:process";
import { KINDS, type WatchEvent, type WatchKind } from "../event.ts";
import { limits, usage } from "../limits.ts";
import { watch, type Watcher } from "../watcher.ts";
import { CommandError, runForEach } from "./command.ts";
import { toJson, toLine } from "./lines.ts";
import { usageText } from "./usage.ts";
import { VERSION } from "./version.ts";

const HELP = `Usage: watch [OPTION…] [PATH…] [-- COMMAND [ARGUMENT…]]

Prints a line for every change of the files and directories given (default: the current directory),
and of everything below them, as in

  create src/tests/
  modify src/main.ts
  rename draft.md -> README.md

until it is interrupted. A path that does not exist is waited for. With a COMMAND it prints nothing,
and runs that when there were changes and it has become quiet.

  -e, --events KIND,…   only these: create, modify, remove, rename (the default), closeWrite (a file is
                        finished), attrib, open, access, closeNoWrite
  -i, --ignore GLOB     neither look at nor watch what this matches, as in '*.tmp', node_modules or
                        'build/**'; can be given several times
      --initial         begin with what is there, as "exists"; a COMMAND is run for it
      --settle MS       wait until nothing happens for so many milliseconds, then tell what has changed in
                        the end: once for each path (with a COMMAND always, and 50 by default)
      --json            a JSON object a line: kind, path, isDirectory, from (of a rename) …
      --restart         end a COMMAND that still runs (SIGTERM, after 5 s SIGKILL) and start it anew,
                        instead of letting it finish first
      --usage           print the limits of inotify, and who uses how much of them
  -h, --help            print this
      --version         print the version

A COMMAND has in its environment WATCH_PATHS, the paths, one a line; WATCH_EVENTS, the events as a JSON
array; both cut short beyond 100 KiB; and WATCH_COUNT, how many events there are. What it writes into
a watched directory is a change, too: ignore it. No shell is used: for one, write -- sh -c '…'.

Exit status: 1 for a failure, 2 for a wrong command line, 126 or 127 if COMMAND cannot be run, 128 + N
after signal N if there is a COMMAND. One that fails is told of on stderr, and run again the next time.
Lines are coloured on a terminal unless NO_COLOR is set.

Examples:
  watch src                                  what happens in src
  watch -e closeWrite --json inbox           finished files, for a program
  watch -i node_modules -- npm test          test after each change
  watch --restart --initial src -- node server.js
`;

/** How often progress is shown on a terminal, in milliseconds. */
const PROGRESS = 100;

/** The options as they are used. */
interface Options {
  readonly paths: readonly string[];
  readonly command: readonly string[];
  readonly events?: readonly WatchKind[];
  readonly ignore: readonly string[];
  readonly initial: boolean;
  readonly settle?: number;
  readonly json: boolean;
  readonly restart: boolean;
}

/**
 * Runs the command until it is interrupted, or its output is closed.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export async function main(args: string[]): Promise<number> {
  let options: Options | string;
  try {
    options = parse(args);
  } catch (error) {
    complain(`${(error as Error).message}; see watch --help`);
    return 2;
  }
  process.stdout.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EPIPE") process.exit(0); // the reader has seen enough, as with `| head`
    complain(error.message);
    process.exit(1);
  });
  try {
    if (typeof options === "string") process.stdout.write(options);
    else await run(options);
    return 0;
  } catch (error) {
    complain((error as Error).message);
    return error instanceof CommandError ? error.status : 1;
  }
}

/** @returns the options; or what to print instead */
function parse(args: readonly string[]): Options | string {
  const end = args.indexOf("--");
  const command = end < 0 ? undefined : args.slice(end + 1);
  const { values, positionals } = parseArgs({
    args: end < 0 ? [...args] : args.slice(0, end),
    allowPositionals: true,
    options: {
      events: { type: "string", short: "e", multiple: true },
      ignore: { type: "string", short: "i", multiple: true },
      initial: { type: "boolean" },
      settle: { type: "string" },
      json: { type: "boolean" },
      restart: { type: "boolean" },
      usage: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
    },
  });
  if (values.help) return HELP;
  if (values.version) return `watch ${VERSION}\n`;
  const { json = false, restart = false } = values;
  if (values.usage) {
    const found = { limits: limits(), usage: usage() };
    return json ? `${JSON.stringify(found)}\n` : usageText(found.limits, found.usage);
  }
  if (command?.length === 0) throw new Error("-- must be followed by a COMMAND");
  if (command !== undefined && json) {
    throw new Error("--json prints, and a COMMAND has no use for it");
  }
  if (command === undefined && restart) throw new Error("--restart needs a COMMAND");
  return {
    paths: positionals.length > 0 ? positionals : ["."],
    command: command ?? [],
    ...values.events && { events: kinds(values.events) },
    ignore: values.ignore ?? [],
    initial: values.initial ?? false,
    ...values.settle !== undefined && { settle: milliseconds(values.settle) },
    json,
    restart,
  };
}

function kinds(lists: readonly string[]): WatchKind[] {
  return lists.flatMap((list) => list.split(",")).map((name) => {
    const kind = KINDS.find((known) => known === name);
    if (kind === undefined) {
      throw new Error(`--events takes ${KINDS.join(", ")}, and not "${name}"`);
    }
    return kind;
  });
}

function milliseconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--settle takes a number of milliseconds, and not "${text}"`);
}

async function run(options: Options): Promise<void> {
  const { paths, command, events, ignore, initial } = options;
  await using watcher = watch(paths, {
    ...events && { events },
    ignore,
    initial,
    onProgress: progress(),
  });
  const batches = batchesOf(watcher, options);
  await watcher.ready;
  const missing = paths.filter((path) => !existsSync(path));
  const waiting = missing.length > 0 ? `, and waiting for ${missing.join(", ")}` : "";
  const count = watcher.watched().length;
  process.stderr.write(
    `Watching ${paths.join(", ")} (${count} ${
      count === 1 ? "watch" : "watches"
    })${waiting}; Ctrl-C ends it.\n`,
  );
  if (command.length > 0) {
    const argv = command as [string, ...string[]];
    await runForEach(withoutErrors(batches), argv, options.restart, complain);
  } else {
    await print(batches, options.json);
  }
}

/** The events in batches; without `--settle` and COMMAND, in batches of one. */
async function* batchesOf(watcher: Watcher, options: Options): AsyncGenerator<WatchEvent[]> {
  const { settle = options.command.length > 0 ? 50 : undefined } = options;
  if (settle === undefined) {
    for await (const event of watcher) yield [event];
  } else {
    yield* watcher.batches({ settle, maxWait: Math.max(1000, 10 * settle) });
  }
}

/** Complains of errors, and passes on what else there is. */
async function* withoutErrors(
  batches: AsyncIterable<WatchEvent[]>,
): AsyncGenerator<WatchEvent[]> {
  for await (const events of batches) {
    const changes = events.filter((event) => event.kind !== "error");
    for (const event of events) if (event.kind === "error") complain(toLine(event));
    if (changes.length > 0) yield changes;
  }
}

async function print(batches: AsyncIterable<WatchEvent[]>, json: boolean): Promise<void> {
  const colours = !json && process.stdout.isTTY && !process.env.NO_COLOR;
  for await (const events of batches) {
    for (const event of events) {
      if (json) process.stdout.write(`${toJson(event)}\n`);
      else if (event.kind === "error") complain(toLine(event));
      else process.stdout.write(`${toLine(event, colours)}\n`);
    }
  }
}

/** Shows on a terminal that a big tree takes its time. */
function progress(): (directories: number) => void {
  let shown = performance.now();
  return (directories) => {
    if (!process.stderr.isTTY || performance.now() - shown < PROGRESS) return;
    shown = performance.now();
    process.stderr.write(`${directories} directories…\r`);
  };
}

function complain(text: string): void {
  process.stderr.write(`watch: ${text}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
