/**
 * The program `inotifywait`.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { nameOf, toText } from "../../kernel/byte_string.ts";
import { IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_Q_OVERFLOW } from "../../kernel/mask.ts";
import { strerror } from "../../kernel/reason.ts";
import { VERSION } from "../version.ts";
import { compile, DEFAULT_FORMAT, type Format, onTerminal, toCsv, toJson } from "./format.ts";
import { getopt, type Given, type Option } from "./getopt.ts";
import { EVENTS_HELP, SELECTION_HELP } from "./help.ts";
import { type Report, stderr, syslog } from "./messages.ts";
import type { Observer } from "./observer.ts";
import { openOutfile } from "./outfile.ts";
import { Output } from "./output.ts";
import { losslessArguments } from "./paths.ts";
import {
  establish,
  LONGEST_TIMER,
  movedMessage,
  openInotify,
  pruning,
  runProgram,
  showProgress,
  unaskedMessage,
} from "./program.ts";
import { Selection, SHARED } from "./selection.ts";
import { formattedClock } from "./time_format.ts";
import { Tree } from "./tree.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `inotifywait ${VERSION} of @inotify/inotify
Waits for events of files and directories, and prints them.
Usage: inotifywait [OPTION…] PATH…

What to watch:
${SELECTION_HELP}
How long:
  -m, --monitor          go on after the first event
  -d, --daemon           go on in the background; needs --outfile, and implies --monitor --syslog
  -t, --timeout SECONDS  end after this time without an event; 0, the default, is never

What to print:
  -q, --quiet            events only; twice, as -qq: nothing
  -o, --outfile FILE     append to this file
  -s, --syslog           messages to syslog(3), by logger(1)
  -c, --csv              comma-separated values
      --format FORMAT    %w watched path, %f name in it, %e events joined by commas, %Xe joined by X, %T time,
                         %c cookie of a rename in hexadecimal, %n new line, %0 NUL, %% percent sign
      --no-newline       no new line after FORMAT
      --timefmt FORMAT   of %T: that of strftime(3), and %N nanoseconds, %3N their first three digits
      --json             a JSON object per line: time, watched, name, events, cookie

Exit status:
  0  an event occurred that was asked for
  1  another event occurred, as when a watched path is deleted; or a failure
  2  no event occurred within the time of --timeout

${EVENTS_HELP}`;

const OPTIONS: readonly Option[] = [
  ...SHARED,
  { name: "monitor", letter: "m" },
  { name: "quiet", letter: "q" },
  { name: "filename", letter: "f" },
  { name: "csv", letter: "c" },
  { name: "daemon", letter: "d" },
  { name: "syslog", letter: "s" },
  { name: "format", argument: true },
  { name: "no-newline" },
  { name: "timefmt", argument: true },
  { name: "outfile", letter: "o", argument: true },
];

/** The parsed command line. */
class Options extends Selection {
  readonly given: Given[] = [];
  help = false;
  monitor = false;
  quiet = 0;
  csv = false;
  daemon = false;
  syslog = false;
  outfile: string | undefined;
  #format: string | undefined;
  #newline = true;
  #timefmt: string | undefined;

  /** @throws {UsageError} or GetoptError */
  constructor(libc: Libc, report: Report, args: readonly string[]) {
    super(libc, report);
    for (const given of getopt(args, OPTIONS)) {
      this.given.push(given);
      if ("operand" in given) this.operands.push(given.operand);
      else if (given.option.name === "help") return this.help = true, this;
      else this.#take(given.option.name, given.argument);
    }
    this.check();
    this.#check();
    this.warn();
  }

  #take(option: string, argument: string): void {
    switch (option) {
      case "monitor":
        this.monitor = true;
        break;
      case "quiet":
        this.quiet++;
        break;
      case "filename":
        throw new UsageError("There is no option '--filename' any more: names are always printed.");
      case "csv":
        this.csv = true;
        break;
      case "daemon":
        this.daemon = this.monitor = this.syslog = true;
        break;
      case "syslog":
        this.syslog = true;
        break;
      case "format":
        this.#format = argument;
        break;
      case "no-newline":
        this.#newline = false;
        break;
      case "timefmt":
        this.#timefmt = argument;
        break;
      case "outfile":
        if (this.outfile !== undefined) throw new UsageError("Multiple --outfile options given.");
        this.outfile = argument;
        break;
      default:
        this.take(option, argument);
    }
  }

  #check(): void {
    const format = this.#format;
    if (format !== undefined && this.csv) {
      throw new UsageError("-c and --format cannot both be specified.");
    }
    if (this.json && (this.csv || format !== undefined)) {
      throw new UsageError("--json and -c or --format cannot both be specified.");
    }
    if (format === undefined && !this.#newline) {
      throw new UsageError("--no-newline cannot be specified without --format.");
    }
    if (format === undefined && this.#timefmt !== undefined) {
      throw new UsageError("--timefmt cannot be specified without --format.");
    }
    if (format?.includes("%T") && this.#timefmt === undefined) {
      throw new UsageError("%T is in --format string, but --timefmt was not specified.");
    }
    if (this.daemon && this.outfile === undefined) {
      throw new UsageError("-o must be specified with -d.");
    }
  }

  /** The format of events. @throws {UsageError} */
  format(libc: Libc): Format {
    if (this.json) return toJson;
    if (this.csv) return toCsv;
    const format = this.#format === undefined
      ? DEFAULT_FORMAT
      : this.#format + (this.#newline ? "\n" : "");
    if (format === "") throw new UsageError("Something is wrong with your format string.");
    return compile(format, formattedClock(libc, this.#timefmt ?? "")) ?? (() => "");
  }
}

/**
 * Runs the program.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export function run(args: readonly string[]): Promise<number> {
  return runProgram({
    name: "inotifywait",
    help: HELP,
    parse: (libc, report) => new Options(libc, report, losslessArguments(libc, args)),
    run: wait,
  });
}

async function wait(libc: Libc, options: Options): Promise<number> {
  const { monitor, quiet, timeout, recursive, outfile } = options;
  const inotify = openInotify(libc);
  const filter = options.filter();
  const plain = options.format(libc);
  if (options.daemon) {
    if (!options.readsInput) await options.paths();
    const { startDaemon } = await import("./daemon.ts");
    await startDaemon(libc, await openOutfile(libc, outfile!, true), options);
    return 0;
  }
  const paths = await options.paths();
  const stdout = outfile === undefined ? 1 : await openOutfile(libc, outfile, false);
  const output = new Output(libc, stdout);
  const format = output.isTerminal && !options.json ? onTerminal(plain) : plain;
  const report = options.syslog ? syslog("inotifywait", stderr(libc)) : stderr(libc);

  const asked = options.events || IN_ALL_EVENTS;
  let code = 1;
  let established = false;
  let lastRead = performance.now();
  const observer: Observer = {
    event(watched, event) {
      const { mask } = event;
      if (mask & IN_Q_OVERFLOW) report(OVERFLOW);
      else if (!filter.takesAll && !filter.takes(watched + nameOf(event))) return;
      const shown = options.json ? asked | IN_Q_OVERFLOW : asked;
      if (quiet < 2 && mask & shown) output.write(format(watched, event));
      if (monitor) return;
      if (mask & asked) code = 0;
      output.flush();
      tree.stop();
    },
    caughtUp() {
      output.flush();
      lastRead = performance.now();
    },
    uncovered(path, errno) {
      const which = established ? "new directory" : "directory";
      report(`Couldn't watch ${which} ${toText(path)}: ${strerror(libc, errno)}`);
    },
    moved: (path) => report(movedMessage(path)),
    unasked(directory, count) {
      if (quiet === 0) report(unaskedMessage(directory, count));
    },
    progress: (count) => showProgress(libc, count),
  };
  const mask = asked | (options.noDereference ? IN_DONT_FOLLOW : 0);
  const tree = new Tree(libc, inotify, mask, pruning(paths, filter), observer);

  if (quiet === 0) {
    report(
      "Setting up watches." +
        (recursive ? "  Beware: since -r was given, this may take a while!" : ""),
    );
  }
  for (const path of paths.watch) {
    if (!await establish(libc, tree, path, recursive, "Couldn't watch", report)) return 1;
  }
  established = true;
  if (quiet === 0) report("Watches established.");

  const watchdog = () => {
    const rest = lastRead + 1000 * timeout - performance.now();
    if (rest > 0) return void setTimeout(watchdog, Math.min(rest, LONGEST_TIMER));
    code = 2;
    tree.stop();
  };
  lastRead = performance.now();
  if (timeout > 0) watchdog();
  await tree.run();
  return code;
}

const OVERFLOW =
  "Events were lost: the kernel's queue was full. Trees are scanned again for directories; " +
  "what else has happened is unknown. For a longer queue: sudo sysctl fs.inotify.max_queued_events=…";
