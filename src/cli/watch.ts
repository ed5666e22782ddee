/**
 * The `watch` command: prints every change below the paths it is given, or runs a command for it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { constants } from "node:os";
import { parseArgs } from "node:util";
import process from "node:process";
import { delay } from "../../ffi/time.ts";
import { KINDS, type WatchEvent, type WatchKind } from "../engine/event.ts";
import { ignores } from "../watch/ignore.ts";
import { limits, usage } from "../kernel/limits.ts";
import { watch, type Watcher } from "../watch/watcher.ts";
import { type Manner, runForEach } from "./command.ts";
import { fileSystemOf, isShared } from "./filesystem.ts";
import { GitRules } from "./git/rules.ts";
import { CommandError } from "./job.ts";
import { toJson, toLine } from "./lines.ts";
import { Stats } from "./stats.ts";
import { CLEAR } from "./terminal.ts";
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

  -e, --events KIND,…   only these: create, modify, remove, rename (the default), attrib (touch or chmod; by
                        default too with a COMMAND), closeWrite (a file is finished), open, access,
                        closeNoWrite
  -i, --ignore GLOB     neither look at nor watch what this matches, as in '*.tmp', node_modules or
                        'build/**'; can be given several times, and '!GLOB' takes back what is before it
      --gitignore       neither .git nor what git ignores, by .gitignore, info/exclude and the user's
                        list; read again when they change; --ignore '!GLOB' takes back from it
      --initial         begin with what is there, as "exists"; a COMMAND is run for it
      --settle MS       wait until nothing happens for so many milliseconds, then tell what has changed in
                        the end: once for each path (with a COMMAND always, and 50 by default)
      --json            a JSON object a line: kind, path, isDirectory, from (of a rename) …
      --stats           no lines, but a table of how often what happened to which path: kept up to date on
                        a terminal, else printed in the end
      --restart         end a COMMAND that still runs and start it anew, instead of letting it finish first
      --signal SIGNAL   end a COMMAND by this signal, as in INT or SIGINT, instead of SIGTERM
      --clear           clear the screen before a COMMAND is run, if it is a terminal
      --usage           print the limits of inotify, and who uses how much of them
  -h, --help            print this
      --version         print the version

A COMMAND has in its environment WATCH_PATHS, the paths, one a line, those that are gone too: what was
removed, and what a renamed one was before; WATCH_EVENTS, the events as a JSON array; both cut short
beyond 100 KiB; and WATCH_COUNT, how many events there are. What it writes into a watched directory is
a change, too: ignore it. No shell is used: for one, write -- sh -c '…'.

A COMMAND and what it starts are a process group, and have the terminal while COMMAND runs. Before the
next run, and in the end, all of the group is ended: by SIGTERM, or by the signal that ends watch (Ctrl-C
is for both of them), and what is still there after 5 s, or at a second signal, by SIGKILL.

Exit status: 0 for --stats that is interrupted, 1 for a failure, 2 for a wrong command line, 126 or 127
if COMMAND cannot be run, 128 + N after signal N if there is a COMMAND. One that fails is told of on
stderr, and run again the next time.
Lines are coloured on a terminal unless NO_COLOR is set.

Examples:
  watch src                                  what happens in src
  watch -e closeWrite --json inbox           finished files, for a program
  watch -i node_modules -- npm test          test after each change
  watch --restart --initial src -- node server.js
`;

/** How often a terminal shows progress, or a table anew, in milliseconds. */
const PROGRESS = 100;

/** What is of interest to a COMMAND: that of touch(1) and chmod(1), too, as with entr and watchexec. */
const RUNNING: readonly WatchKind[] = ["create", "modify", "remove", "rename", "attrib"];

/** The options as they are used. */
interface Options {
  readonly paths: readonly string[];
  readonly command: readonly string[];
  readonly events?: readonly WatchKind[];
  readonly ignore: readonly string[];
  readonly gitignore: boolean;
  readonly initial: boolean;
  readonly settle?: number;
  readonly json: boolean;
  readonly stats: boolean;
  readonly manner: Manner;
}

/**
 * Runs the command until it is interrupted, or its output is closed.
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
    complain(`${(error as Error).message}; see watch --help`);
    return 2;
  }
  process.stdout.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EPIPE") process.exit(0); // the reader has seen enough, as with `| head`
    complain(error.message);
    process.exit(1);
  });
  try {
    if (typeof options === "function") process.stdout.write(options());
    else await run(options);
    return 0;
  } catch (error) {
    complain((error as Error).message);
    return error instanceof CommandError ? error.status : 1;
  }
}

/** @returns the options; or what gives the text to print instead */
function parse(args: readonly string[]): Options | (() => string) {
  const end = args.indexOf("--");
  const command = end < 0 ? undefined : args.slice(end + 1);
  const { values, positionals } = parseArgs({
    args: end < 0 ? [...args] : args.slice(0, end),
    allowPositionals: true,
    options: {
      events: { type: "string", short: "e", multiple: true },
      ignore: { type: "string", short: "i", multiple: true },
      gitignore: { type: "boolean" },
      initial: { type: "boolean" },
      settle: { type: "string" },
      json: { type: "boolean" },
      stats: { type: "boolean" },
      restart: { type: "boolean" },
      signal: { type: "string" },
      clear: { type: "boolean" },
      usage: { type: "boolean" },
      help: { type: "boolean", short: "h" },
      version: { type: "boolean" },
    },
  });
  const { ignore = [], json = false, stats = false, restart = false, clear = false } = values;
  if (values.help) return () => HELP;
  if (values.version) return () => `watch ${VERSION}\n`;
  if (values.usage) {
    return json
      ? () => `${JSON.stringify({ limits: limits(), usage: usage() })}\n`
      : () => usageText(limits(), usage());
  }
  if (ignore.includes("")) throw new Error('--ignore takes a GLOB, and not ""');
  ignores(ignore); // throws if one is none
  if (command?.length === 0) throw new Error("-- must be followed by a COMMAND");
  const printing = json ? "--json" : stats ? "--stats" : undefined;
  if (command !== undefined && printing) {
    throw new Error(`${printing} prints, and a COMMAND has no use for it`);
  }
  if (stats && (json || values.settle !== undefined)) {
    throw new Error(
      "--stats counts each event in a table, and goes with neither --json nor --settle",
    );
  }
  for (const name of ["restart", "signal", "clear"] as const) {
    if (command === undefined && values[name]) throw new Error(`--${name} needs a COMMAND`);
  }
  return {
    paths: positionals.length > 0 ? positionals : ["."],
    command: command ?? [],
    ...values.events ? { events: kinds(values.events) } : command && { events: RUNNING },
    ignore,
    gitignore: values.gitignore ?? false,
    initial: values.initial ?? false,
    ...values.settle !== undefined && { settle: milliseconds(values.settle) },
    json,
    stats,
    manner: {
      restart,
      clear,
      signal: values.signal === undefined ? undefined : signalNumber(values.signal),
    },
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

/** @param text as kill(1) takes it */
function signalNumber(text: string): number {
  const { signals } = constants;
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const number = /^\d+$/.test(text) ? Number(text) : (signals as Record<string, number>)[name];
  if (Object.values<number>(signals).includes(number)) return number;
  throw new Error(`--signal takes the name of a signal, as in SIGINT, and not "${text}"`);
}

function milliseconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--settle takes a number of milliseconds, and not "${text}"`);
}

async function run(options: Options): Promise<void> {
  const { paths, events, initial } = options;
  await using git = options.gitignore ? await GitRules.open(paths, complain) : undefined;
  await using watcher = watch(paths, {
    ...events && { events },
    ignore: [...git ? [git.ignore] : [], ...options.ignore], // the last one decides
    initial,
    onProgress: progress(),
  });
  const batches = batchesOf(watcher, options);
  await watcher.ready;
  void git?.follow(watcher);
  const ended = perform(watcher, batches, options);
  announce(watcher, paths);
  await ended;
}

/** Does what is to be done with the events. It has begun to when it returns. */
function perform(
  watcher: Watcher,
  batches: AsyncIterable<WatchEvent[]>,
  { command, manner, stats, json }: Options,
): Promise<void> {
  if (command.length > 0) {
    const argv = command as [string, ...string[]];
    return runForEach(withoutErrors(batches), argv, manner, complain);
  }
  return stats ? count(watcher) : print(batches, json);
}

function announce(watcher: Watcher, paths: readonly string[]): void {
  const missing = paths.filter((path) => !existsSync(path));
  const waiting = missing.length > 0 ? `, and waiting for ${missing.join(", ")}` : "";
  const watches = watcher.watched().length;
  const count = `${watches} ${watches === 1 ? "watch" : "watches"}`;
  process.stderr.write(`Watching ${paths.join(", ")} (${count})${waiting}; Ctrl-C ends it.\n`);
  for (const path of paths) {
    const type = fileSystemOf(path);
    if (type !== undefined && isShared(type)) {
      complain(`${path} is on ${type}: what is not changed by this machine itself may go untold`);
    }
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

/** Counts events until the process is interrupted, which is how it ends well. */
async function count(watcher: Watcher): Promise<void> {
  const stats = new Stats();
  const { isTTY } = process.stdout;
  const text = () => isTTY ? CLEAR + stats.text(process.stdout.rows - 3) : stats.text();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, async () => {
      await watcher.sync();
      await delay(0); // the loop below takes what is in the queue
      process.stdout.write(text(), () => process.exit(0));
    });
  }
  let due: ReturnType<typeof setTimeout> | undefined;
  for await (const event of watcher) {
    stats.add(event);
    if (event.kind === "error") complain(toLine(event));
    if (!isTTY) continue;
    due ??= setTimeout(() => {
      due = undefined;
      process.stdout.write(text());
    }, PROGRESS);
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
