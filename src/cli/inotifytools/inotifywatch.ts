/**
 * What `inotifywatch` does.
 *
 * @module
 */

import process from "node:process";
import { libc } from "../../../ffi/libc.ts";
import { nameOf, toText } from "../../kernel/byte_string.ts";
import { IN_ALL_EVENTS, IN_DONT_FOLLOW, IN_Q_OVERFLOW } from "../../kernel/mask.ts";
import { complain } from "./complaints.ts";
import { getopt, type Option } from "./getopt.ts";
import {
  establish,
  EVENTS_HELP,
  initialize,
  moved,
  pruning,
  runProgram,
  Selection,
  SHARED,
  SHARED_HELP,
  showProgress,
  unasked,
  UsageError,
} from "./options.ts";
import { Output, print } from "./output.ts";
import { losslessArguments } from "./paths.ts";
import { type Order, Statistics, toOrder } from "./statistics.ts";
import { strerror } from "../../kernel/strerror.ts";
import type { Observer } from "./observer.ts";
import { Tree } from "./tree.ts";
import { printable } from "../printable.ts";
import { VERSION } from "../version.ts";

const HELP = `inotifywatch ${VERSION} of @inotify/inotify
Counts what happens to files and directories, until it is interrupted, and prints a table.
Usage: inotifywatch [OPTION…] PATH…

What is watched:
${SHARED_HELP}
How long:
  -t, --timeout SECONDS   end by itself; 0, the default, is never. SIGUSR1 prints the table so far

What is printed:
  -v, --verbose           what is being done, on stderr
  -z, --zero              also rows and columns of zeros
  -a, --ascending EVENT   sort by an event, or by \`total', the least first
  -d, --descending EVENT  the most first; by \`total' is the default
      --json              a JSON object for each row

Exit status: 0, or 1 if something failed.

${EVENTS_HELP}`;

const OPTIONS: readonly Option[] = [
  ...SHARED,
  { name: "verbose", letter: "v" },
  { name: "zero", letter: "z" },
  { name: "ascending", letter: "a", argument: true },
  { name: "descending", letter: "d", argument: true },
];

/** The command line as it is used. */
class Options extends Selection {
  help = false;
  verbose = false;
  zero = false;
  order: Order = { event: 0, ascending: false };
  #ascends = false;

  /** @throws {UsageError} or GetoptError */
  constructor(args: readonly string[]) {
    super();
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
 * Runs the command.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export function run(args: readonly string[]): Promise<number> {
  return runProgram("inotifywatch", HELP, () => new Options(losslessArguments(args)), watch);
}

async function watch(options: Options): Promise<number> {
  const { verbose, recursive, timeout, zero, order } = options;
  const filter = options.filter();
  const inotify = initialize();
  const paths = await options.paths();
  const asked = options.events || IN_ALL_EVENTS;
  const statistics = new Statistics();
  const observer: Observer = {
    event(watched, { wd, mask, ...event }) {
      if (mask & IN_Q_OVERFLOW) {
        complain("Events were lost, since more of them waited than the kernel keeps.");
      } else if (filter.takesAll || filter.takes(watched + nameOf({ wd, mask, ...event }))) {
        statistics.add(wd, watched, mask);
      }
    },
    caughtUp() {},
    uncovered(path, errno) {
      complain(`Couldn't watch directory ${toText(path)}: ${strerror(errno)}`);
    },
    moved: (path) => complain(moved(path)),
    unasked(directory, count) {
      if (verbose) complain(unasked(directory, count));
    },
    progress: showProgress,
  };
  const mask = asked | (options.noDereference ? IN_DONT_FOLLOW : 0);
  const tree = new Tree(libc(), inotify, mask, pruning(paths, filter), observer);
  const show = new Output(1).isTerminal ? printable : (path: string) => path;
  const report = (end: string) => {
    statistics.include(tree.watches());
    if (statistics.isEmpty) return complain("No events occurred.");
    if (options.json) print(statistics.json(asked, zero, order) + end);
    else print(statistics.table(asked, zero, order, show) + end);
  };

  process.on("SIGINT", impatient);
  complain("Establishing watches...");
  for (const path of paths.watch) {
    if (recursive && verbose) complain(`Setting up watch(es) on ${toText(path)}`);
    if (!await establish(tree, path, recursive, "Failed to watch", complain)) return 1;
    if (recursive && verbose) complain(`OK, ${toText(path)} is now being watched.`);
  }
  if (verbose) complain(`Total of ${[...tree.watches()].length} watches.`);
  // Before it says so: whoever reads that may send one.
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) process.on(signal, () => tree.finish());
  process.on("SIGUSR1", () => report(options.json ? "" : "\n"));
  process.off("SIGINT", impatient);
  complain("Finished establishing watches, now collecting statistics.");
  if (timeout > 0 && verbose) complain(`Will listen for events for ${timeout} seconds.`);

  if (timeout > 0) finishAfter(1000 * timeout, tree);
  await tree.run();
  report("");
  return 0;
}

/** The longest time that a timer takes, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

function finishAfter(milliseconds: number, tree: Tree): void {
  if (milliseconds <= LONGEST_TIMER) setTimeout(() => tree.finish(), milliseconds);
  else setTimeout(() => finishAfter(milliseconds - LONGEST_TIMER, tree), LONGEST_TIMER);
}

let interrupted = false;

function impatient(): void {
  if (interrupted) {
    complain(
      "No statistics collected, asked to abort before all watches could be established.",
    );
    process.exit(1);
  }
  interrupted = true;
  complain(
    "No statistics have been collected because I haven't finished establishing\n" +
      "inotify watches yet.  If you are sure you want me to exit, interrupt me again.",
  );
}
