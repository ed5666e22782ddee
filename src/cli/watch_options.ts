/**
 * The command line of `watch`.
 *
 * @module
 */

import { constants } from "node:os";
import { parseArgs } from "node:util";
import { KINDS, type WatchKind } from "../engine/event.ts";
import { limits, usage } from "../kernel/limits.ts";
import { ignores } from "../watch/ignore.ts";
import type { RunOptions } from "./command.ts";
import { usageText } from "./usage.ts";
import { VERSION } from "./version.ts";

const HELP = `Usage: watch [OPTION…] [PATH…] [-- COMMAND [ARGUMENT…]]

Prints a line for each change of files and directories (by default: of the current directory), and of
everything below them, as in

  create src/tests/
  modify src/main.ts
  rename draft.md -> README.md

until it is interrupted. It waits for a path that does not exist. With a COMMAND it prints nothing, and
runs the COMMAND after changes, once it is quiet.

  -e, --events KIND,…   only these: create, modify, remove, rename (the default), attrib (touch or chmod; also
                        a default with a COMMAND), closeWrite (a file is complete), open, access,
                        closeNoWrite, ready (everything is watched)
  -i, --ignore GLOB     neither watch nor list what matches, as in '*.tmp', node_modules or 'build/**'; can
                        be given several times; '!GLOB' takes back what is ignored before it
  -f, --filter GLOB     of files, report only what matches, as in '*.ts' or 'src/**'; can be given several times;
                        '!GLOB' leaves out again. Directories are watched and reported all the same
      --depth N         watch N levels of subdirectories, and nothing below; with 0 none, only what is in a PATH itself
      --gitignore       ignore .git and what git ignores by .gitignore, info/exclude and the user's list,
                        also when these change; --ignore '!GLOB' takes back what they ignore
      --initial         first report what is there, as "exists"; a COMMAND is run for it
      --since FILE      first report what has changed since FILE was written, and keep FILE up to date: after each
                        change, or each time that COMMAND has succeeded. If there is no FILE, it is written
      --partial         at the limit of watches, go on with what could be watched, and report the rest as errors
      --poll [MS]       also look at everything every MS milliseconds (1000), for file systems that are changed
                        elsewhere: NFS, SMB, 9p, virtiofs, FUSE
      --settle MS       wait until nothing has changed for so many milliseconds, then print one line per path
                        for all of its changes. A COMMAND always waits so, for 50 ms by default
      --json            a JSON object per line: kind, path, isDirectory, from (of a rename) …; "since": true if
                        it is a change that --since reports
      --stats           instead of lines, a table that counts events by path and kind: updated on a terminal,
                        otherwise printed at the end
      --restart         end a COMMAND that still runs and start it again, instead of waiting for its end
      --signal SIGNAL   the signal that ends a COMMAND, as in INT or SIGINT; the default is SIGTERM
      --clear           clear the terminal before each run of COMMAND
      --usage           print the limits of inotify, and how much each process uses of them
  -h, --help            print this
      --version         print the version

The environment of COMMAND has WATCH_PATHS, the changed paths, one per line, with those that were removed
and the old ones of renames; WATCH_EVENTS, the events as a JSON array; both are cut after 100 KiB; and
WATCH_COUNT, the number of events. If COMMAND writes into a watched directory, that is a change too:
ignore it. No shell is used; to use one, write -- sh -c '…'.

COMMAND and the processes that it starts are a process group, which has the terminal while COMMAND runs.
Before the next run, and at the end, the whole group gets SIGTERM, or the signal that ends watch (Ctrl-C
reaches both); after 5 s, or at a second signal, SIGKILL.

Exit status: 0 after --stats is interrupted, 1 after a failure, 2 for an invalid command line, 126 or 127
if COMMAND cannot be run, 128 + N after signal N with a COMMAND. A COMMAND that fails is reported on
stderr, and run again for the next change.
Lines are coloured on a terminal, unless NO_COLOR is set.

Examples:
  watch src                                  print what changes in src
  watch -e closeWrite --json inbox           report complete files to a program
  watch -i node_modules -- npm test          test after each change
  watch -f '*.{ts,json}' -- deno test        test after each change of such a file
  watch --since .built src -- make           build what has changed since the last build that succeeded
  watch --restart --initial src -- node server.js
`;

/** The default kinds with a COMMAND: it runs after touch(1) and chmod(1) too, as with entr and watchexec. */
const RUNNING: readonly WatchKind[] = ["create", "modify", "remove", "rename", "attrib"];

/** The parsed command line. */
export interface Options {
  readonly paths: readonly string[];
  readonly command: readonly string[];
  readonly events?: readonly WatchKind[];
  readonly ignore: readonly string[];
  readonly filter: readonly string[];
  /** How many levels of subdirectories are watched. */
  readonly depth?: number;
  readonly gitignore: boolean;
  readonly initial: boolean;
  readonly since?: string;
  readonly partial: boolean;
  readonly poll?: number;
  readonly settle?: number;
  readonly json: boolean;
  readonly stats: boolean;
  /** How the command is run. */
  readonly run: RunOptions;
}

/**
 * Parses a command line.
 *
 * @returns the options; or a function that gives the text to print instead
 * @throws {Error} if it is invalid
 */
export function parse(args: readonly string[]): Options | (() => string) {
  const end = args.indexOf("--");
  const command = end < 0 ? undefined : args.slice(end + 1);
  const { values, positionals } = parseArgs({
    args: withDefault(end < 0 ? args : args.slice(0, end), "--poll", "1000"),
    allowPositionals: true,
    options: {
      events: { type: "string", short: "e", multiple: true },
      ignore: { type: "string", short: "i", multiple: true },
      filter: { type: "string", short: "f", multiple: true },
      depth: { type: "string" },
      gitignore: { type: "boolean" },
      initial: { type: "boolean" },
      since: { type: "string" },
      partial: { type: "boolean" },
      poll: { type: "string" },
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
  const { ignore = [], filter = [], json = false, stats = false, restart = false, clear = false } =
    values;
  if (values.help) return () => HELP;
  if (values.version) return () => `watch ${VERSION}\n`;
  if (values.usage) {
    return json
      ? () => `${JSON.stringify({ limits: limits(), usage: usage() })}\n`
      : () => usageText(limits(), usage());
  }
  for (const [name, globs] of Object.entries({ ignore, filter })) {
    if (globs.includes("")) throw new Error(`--${name} takes a GLOB, not ""`);
  }
  ignores(ignore, filter); // throws if one is no glob
  if (values.since === "") throw new Error('--since takes a FILE, not ""');
  if (command?.length === 0) throw new Error("-- must be followed by a COMMAND");
  const printing = json ? "--json" : stats ? "--stats" : undefined;
  if (command !== undefined && printing) {
    throw new Error(`${printing} prints, and with a COMMAND nothing is printed`);
  }
  if (stats && (json || values.settle !== undefined)) {
    throw new Error(
      "--stats counts each event in a table, and cannot be used with --json or --settle",
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
    filter,
    ...values.depth !== undefined && { depth: levels(values.depth) },
    gitignore: values.gitignore ?? false,
    initial: values.initial ?? false,
    partial: values.partial ?? false,
    ...values.since !== undefined && { since: values.since },
    ...values.poll !== undefined && { poll: milliseconds("--poll", values.poll) },
    ...values.settle !== undefined && { settle: milliseconds("--settle", values.settle) },
    json,
    stats,
    run: {
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
      throw new Error(`--events takes ${KINDS.join(", ")}, not "${name}"`);
    }
    return kind;
  });
}

/** @param text a name or number as for kill(1) */
function signalNumber(text: string): number {
  const { signals } = constants;
  const name = text.toUpperCase().replace(/^(?!SIG)/, "SIG");
  const number = /^\d+$/.test(text) ? Number(text) : (signals as Record<string, number>)[name];
  if (Object.values<number>(signals).includes(number)) return number;
  throw new Error(`--signal takes the name of a signal, as in SIGINT, not "${text}"`);
}

function milliseconds(option: "--poll" | "--settle", text: string): number {
  const isValid = /^\d{1,9}$/.test(text) && !(option === "--poll" && Number(text) === 0);
  if (isValid) return Number(text);
  throw new Error(`${option} takes a number of milliseconds, not "${text}"`);
}

function levels(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--depth takes a number of levels, not "${text}"`);
}

/** Gives an option its value where a number may follow and none does. */
function withDefault(args: readonly string[], option: string, value: string): string[] {
  return args.map((arg, i) =>
    arg === option && !/^-?\d+$/.test(args[i + 1] ?? "") ? `${option}=${value}` : arg
  );
}
