/**
 * The program `inotifywatch`.
 *
 * @module
 */

import process from "node:process";
import type { Libc } from "../../../ffi/contract.ts";
import { nameOf, toText } from "../../kernel/byte_string.ts";
import { IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_Q_OVERFLOW } from "../../kernel/mask.ts";
import { strerror } from "../../kernel/reason.ts";
import { printable } from "../printable.ts";
import { VERSION } from "../version.ts";
import { getopt, type Option } from "./getopt.ts";
import { EVENTS_HELP, SELECTION_HELP } from "./help.ts";
import { type Report, stderr } from "./messages.ts";
import type { Observer } from "./observer.ts";
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
import { type Order, Statistics, toOrder } from "./statistics.ts";
import { Tree } from "./tree.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `inotifywatch ${VERSION} of @inotify/inotify
Counts the events of files and directories until it is interrupted, and prints a table.
Usage: inotifywatch [OPTION…] PATH…

What to watch:
${SELECTION_HELP}
How long:
  -t, --timeout SECONDS   end after this time; 0, the default, is never. SIGUSR1 prints the table so far

What to print:
  -v, --verbose           progress, on stderr
  -z, --zero              also rows and columns of zeros
  -a, --ascending EVENT   sort by an event, or by \`total', the smallest number first
  -d, --descending EVENT  the largest number first; the default is by \`total'
      --json              a JSON object for each row

Exit status: 0, or 1 after a failure.

${EVENTS_HELP}`;

const OPTIONS: readonly Option[] = [
  ...SHARED,
  { name: "verbose", letter: "v" },
  { name: "zero", letter: "z" },
  { name: "ascending", letter: "a", argument: true },
  { name: "descending", letter: "d", argument: true },
];

/** The parsed command line. */
class Options extends Selection {
  help = false;
  verbose = false;
  zero = false;
  order: Order = { event: 0, ascending: false };
  #ascends = false;

  /** @throws {UsageError} or GetoptError */
  constructor(libc: Libc, report: Report, args: readonly string[]) {
    super(libc, report);
    for (const given of getopt(args, OPTIONS)) {
      if ("operand" in given) this.operands.push(given.operand);
      else if (given.option.name === "help") return this.help = true, this;
      else this.#take(given.option.name, given.argument);
    }
    const { event } = this.order;
    if (event !== 0 && !(event & (this.events || IN_ALL_EVENTS))) {
      throw new UsageError("Can't sort by an event which isn't being watched for!");
    }
    this.check();
  }

  #take(option: string, argument: string): void {
    switch (option) {
      case "verbose":
        this.verbose = true;
        break;
      case "zero":
        this.zero = true;
        break;
      case "ascending":
      case "descending":
        if (this.#ascends) throw new UsageError("Please specify -a or -d once only!");
        this.#ascends = option === "ascending";
        this.order = toOrder(argument, this.#ascends);
        break;
      default:
        this.take(option, argument);
    }
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
    name: "inotifywatch",
    help: HELP,
    parse: (libc, report) => new Options(libc, report, losslessArguments(libc, args)),
    run: watch,
  });
}

async function watch(libc: Libc, options: Options): Promise<number> {
  const { verbose, recursive, timeout, zero, order } = options;
  const report = stderr(libc);
  const filter = options.filter();
  const inotify = openInotify(libc);
  const paths = await options.paths();
  const asked = options.events || IN_ALL_EVENTS;
  const statistics = new Statistics();
  const observer: Observer = {
    event(watched, event) {
      const { wd, mask } = event;
      if (mask & IN_Q_OVERFLOW) {
        report("Events were lost: the kernel's queue was full.");
      } else if (filter.takesAll || filter.takes(watched + nameOf(event))) {
        statistics.add(wd, watched, mask);
      }
    },
    caughtUp() {},
    uncovered(path, errno) {
      report(`Couldn't watch directory ${toText(path)}: ${strerror(libc, errno)}`);
    },
    moved: (path) => report(movedMessage(path)),
    unasked(directory, count) {
      if (verbose) report(unaskedMessage(directory, count));
    },
    progress: (count) => showProgress(libc, count),
  };
  const mask = asked | (options.noDereference ? IN_DONT_FOLLOW : 0);
  const tree = new Tree(libc, inotify, mask, pruning(paths, filter), observer);
  const output = new Output(libc, 1);
  const show = output.isTerminal ? printable : (path: string) => path;
  const print = (end: string) => {
    statistics.include(tree.watches());
    if (statistics.isEmpty) return report("No events occurred.");
    const text = options.json
      ? statistics.json(asked, zero, order)
      : statistics.table(asked, zero, order, show);
    output.write(text + end);
    output.flush();
  };

  const impatient = abortAtSecond(report);
  process.on("SIGINT", impatient);
  report("Establishing watches...");
  for (const path of paths.watch) {
    if (recursive && verbose) report(`Setting up watch(es) on ${toText(path)}`);
    if (!await establish(libc, tree, path, recursive, "Failed to watch", report)) return 1;
    if (recursive && verbose) report(`OK, ${toText(path)} is now being watched.`);
  }
  if (verbose) report(`Total of ${[...tree.watches()].length} watches.`);
  // Before the message: a reader of it may send a signal at once.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) process.on(signal, () => tree.finish());
  process.on("SIGUSR1", () => print(options.json ? "" : "\n"));
  process.off("SIGINT", impatient);
  report("Finished establishing watches, now collecting statistics.");
  if (timeout > 0 && verbose) report(`Will listen for events for ${timeout} seconds.`);

  if (timeout > 0) finishAfter(1000 * timeout, tree);
  await tree.run();
  print("");
  return 0;
}

function finishAfter(milliseconds: number, tree: Tree): void {
  if (milliseconds <= LONGEST_TIMER) setTimeout(() => tree.finish(), milliseconds);
  else setTimeout(() => finishAfter(milliseconds - LONGEST_TIMER, tree), LONGEST_TIMER);
}

/** Handles a SIGINT during the set-up: the second one ends the process. */
function abortAtSecond(report: Report): () => void {
  let isInterrupted = false;
  return () => {
    if (isInterrupted) {
      report(
        "No statistics collected, asked to abort before all watches could be established.",
      );
      process.exit(1);
    }
    isInterrupted = true;
    report(
      "No statistics have been collected because I haven't finished establishing\n" +
        "inotify watches yet.  If you are sure you want me to exit, interrupt me again.",
    );
  };
}
