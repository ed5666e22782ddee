/**
 * What `inotifywait` does.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { readLink } from "../../kernel/files.ts";
import { IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_Q_OVERFLOW } from "../../kernel/mask.ts";
import { nameOf, toText } from "../../kernel/byte_string.ts";
import { clock } from "./clock.ts";
import { type Complain, complain, toSyslog } from "./complaints.ts";
import { compile, DEFAULT_FORMAT, type Format, onTerminal, toCsv, toJson } from "./format.ts";
import { getopt, type Given, type Option } from "./getopt.ts";
import {
  establish,
  EVENTS_HELP,
  initialize,
  moved,
  pruning,
  reason,
  runProgram,
  Selection,
  SHARED,
  SHARED_HELP,
  showProgress,
  unasked,
  UsageError,
} from "./options.ts";
import { Output } from "./output.ts";
import { losslessArguments } from "./paths.ts";
import { strerror } from "../../kernel/strerror.ts";
import type { Observer } from "./observer.ts";
import { Tree } from "./tree.ts";
import { VERSION } from "../version.ts";

const HELP = `inotifywait ${VERSION} of @inotify/inotify
Waits for something to happen to files, or to what is in directories, and prints it.
Usage: inotifywait [OPTION…] PATH…

What is watched:
${SHARED_HELP}
How long:
  -m, --monitor          go on after the first event
  -d, --daemon           go on in the background; needs --outfile, and means --monitor --syslog
  -t, --timeout SECONDS  end when so long nothing has happened; 0, the default, is never

What is printed:
  -q, --quiet            events only; twice, as -qq: nothing
  -o, --outfile FILE     append to this file
  -s, --syslog           errors to syslog(3), by logger(1)
  -c, --csv              comma-separated values
      --format FORMAT    %w path that is watched, %f name in it, %e events with commas, %Xe with X between
                         them, %T time, %c cookie of a rename in hexadecimal, %n new line, %0 NUL, %% percent
      --no-newline       no new line after FORMAT
      --timefmt FORMAT   %T as strftime(3) writes it; and %N nanoseconds, %3N their first three digits
      --json             a JSON object a line: time, watched, name, events, cookie

Exit status:
  0  an event that was asked for came
  1  another one did, as when what is watched is deleted; or something failed
  2  there was none in the time given by --timeout

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

/** The command line as it is used. */
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
  constructor(args: readonly string[]) {
    super();
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

  /** How events are printed. @throws {UsageError} */
  format(): Format {
    if (this.json) return toJson;
    if (this.csv) return toCsv;
    const format = this.#format === undefined
      ? DEFAULT_FORMAT
      : this.#format + (this.#newline ? "\n" : "");
    if (format === "") throw new UsageError("Something is wrong with your format string.");
    return compile(format, clock(this.#timefmt ?? "")) ?? (() => "");
  }
}

/**
 * Runs the command.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export function run(args: readonly string[]): Promise<number> {
  return runProgram("inotifywait", HELP, () => new Options(losslessArguments(args)), wait);
}

async function wait(options: Options): Promise<number> {
  const { monitor, quiet, timeout, recursive } = options;
  const inotify = initialize();
  const filter = options.filter();
  const plain = options.format();
  if (options.daemon) {
    if (!options.readsInput) await options.paths();
    const { startDaemon } = await import("./daemon.ts");
    await startDaemon(await openOutput(options, true), options);
    return 0;
  }
  const paths = await options.paths();
  const output = new Output(options.outfile === undefined ? 1 : await openOutput(options, false));
  const format = output.isTerminal && !options.json ? onTerminal(plain) : plain;
  const say: Complain = options.syslog ? toSyslog("inotifywait") : complain;

  const asked = options.events || IN_ALL_EVENTS;
  let code = 1;
  let established = false;
  let lastRead = performance.now();
  const observer: Observer = {
    event(watched, event) {
      const { mask } = event;
      if (mask & IN_Q_OVERFLOW) say(OVERFLOW);
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
      say(`Couldn't watch ${which} ${toText(path)}: ${strerror(errno)}`);
    },
    moved: (path) => say(moved(path)),
    unasked(directory, count) {
      if (quiet === 0) say(unasked(directory, count));
    },
    progress: showProgress,
  };
  const mask = asked | (options.noDereference ? IN_DONT_FOLLOW : 0);
  const tree = new Tree(libc(), inotify, mask, pruning(paths, filter), observer);

  if (quiet === 0) {
    say(
      "Setting up watches." +
        (recursive ? "  Beware: since -r was given, this may take a while!" : ""),
    );
  }
  for (const path of paths.watch) {
    if (!await establish(tree, path, recursive, "Couldn't watch", say)) return 1;
  }
  established = true;
  if (quiet === 0) say("Watches established.");

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

/** The longest time that a timer takes, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

const OVERFLOW = "Events were lost, since more of them waited than the kernel keeps: trees are " +
  "looked through for directories again, what else has happened is not known. " +
  "To keep more: sudo sysctl fs.inotify.max_queued_events=…";

async function openOutput({ outfile }: Options, mustExist: boolean): Promise<number> {
  const { constants, openSync, realpathSync } = await import("node:fs");
  const shown = toText(outfile!);
  try {
    if (mustExist) realpathSync(outfile!);
  } catch (error) {
    throw new UsageError(`${reason(error as Error)}: ${shown}`, { cause: error });
  }
  let fd: number;
  try {
    const { O_WRONLY, O_CREAT, O_APPEND } = constants;
    fd = openSync(outfile!, O_WRONLY | O_CREAT | O_APPEND, 0o600);
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    // The kernel's reasons are not told by inotify-tools; that a runtime forbids it has to be.
    const why = errno === undefined ? `: ${message}` : "";
    throw new UsageError(`Failed to open output file ${shown}${why}`, { cause: error });
  }
  if (String(readLink(libc(), `/proc/self/fd/${fd}`)).startsWith("anon_inode:")) {
    throw new UsageError("--outfile needs Deno 2.8 or later, whose descriptors are the system's");
  }
  return fd;
}
