/**
 * What inotifywait and inotifywatch have in common: options, checks, and the set-up of watches.
 *
 * @module
 */

import { InotifyError } from "../../kernel/error.ts";
import { Inotify } from "../../kernel/inotify.ts";
import { toText } from "../../kernel/byte_string.ts";
import { type Complain, complain } from "./complaints.ts";
import { toMask } from "./events.ts";
import { Filter, Pattern } from "./filter.ts";
import type { Option } from "./getopt.ts";
import { ClosedOutput, Output, print } from "./output.ts";
import { type Paths, readLines, sortPaths } from "./paths.ts";
import { strerror } from "../../kernel/strerror.ts";
import type { Prune } from "./places.ts";
import type { Tree } from "./tree.ts";

// errno(3)
const EMFILE = 24;
const ERANGE = 34;
const ENOSPC = 28;

/** A command line that is refused; the message is for the user, and may have several lines. */
export class UsageError extends Error {}

/** The options that choose what is watched. */
export const SHARED: readonly Option[] = [
  { name: "help", letter: "h" },
  { name: "event", letter: "e", argument: true },
  { name: "timeout", letter: "t", argument: true },
  { name: "recursive", letter: "r" },
  { name: "inotify", letter: "I" },
  { name: "fanotify", letter: "F" },
  { name: "filesystem", letter: "S" },
  { name: "no-dereference", letter: "P" },
  { name: "fromfile", argument: true },
  { name: "exclude", argument: true },
  { name: "excludei", argument: true },
  { name: "include", argument: true },
  { name: "includei", argument: true },
  { name: "all-patterns", extra: true },
  { name: "json", extra: true },
];

/** What {@link SHARED} means; the timeout differs. */
export const SHARED_HELP =
  `  -r, --recursive        directories with all that is below them, also what is new
  -e, --event EVENT,…    only these events; can be given several times
  -P, --no-dereference   a symbolic link itself, and not what it leads to
      --fromfile FILE    the paths in FILE, one a line; - is the standard input
      @PATH              not this directory, below one that is watched with -r
      --exclude REGEX    not what this extended regular expression (regex(7)) matches; directories that it
                         leaves nothing of are not watched either. Only the last one counts
      --excludei REGEX   the same, in upper or lower case
      --include REGEX    only what this matches; the last one counts. Goes not with --exclude
      --includei REGEX   the same, in upper or lower case
      --all-patterns     every pattern counts: what any --exclude(i) matches is left out, of the rest what
                         any --include(i) matches is taken
  -h, --help             print this
`;

/** The events, for the end of a help text. */
export const EVENTS_HELP = `Events, in upper or lower case:
  access         it was read
  modify         it was written
  attrib         its owner, mode, times or links have changed
  close_write    it was closed by one who could write
  close_nowrite  it was closed by one who could only read
  close          either of them
  open           it was opened
  moved_from     it was moved out of, or within, what is watched: its old name
  moved_to       it was moved into, or within, what is watched: its new name
  move           either of them
  move_self      what is watched was moved
  create         it was made in a directory that is watched
  delete         it was deleted in a directory that is watched
  delete_self    what is watched was deleted
  unmount        the file system of what is watched was unmounted
`;

/** What is to be watched, and for how long: the values of {@link SHARED}, taken one after the other. */
export class Selection {
  /** The events that are asked for; 0 for all. */
  events = 0;
  /** In seconds; 0 for ever. */
  timeout = 0;
  /** Whether directories are watched with all below them. */
  recursive = false;
  /** Whether a symbolic link itself is watched. */
  noDereference = false;
  /** Whether JSON is printed. */
  json = false;
  /** What is no option, in order. */
  readonly operands: string[] = [];
  #fromFile: string | undefined;
  #allPatterns = false;
  readonly #patterns = {
    exclude: [] as string[],
    excludei: [] as string[],
    include: [] as string[],
    includei: [] as string[],
  };

  /** Takes an option. @throws {UsageError} */
  take(option: string, argument: string): void {
    switch (option) {
      case "event": {
        const mask = toMask(argument);
        if (mask === undefined) {
          throw new UsageError(
            `'${argument}' is not a valid event!  Run with the '--help' option to see a list of events.`,
          );
        }
        this.events |= mask;
        break;
      }
      case "timeout":
        this.timeout = seconds(argument);
        break;
      case "recursive":
        this.recursive = true;
        break;
      case "no-dereference":
        this.noDereference = true;
        break;
      case "fanotify":
      case "filesystem":
        complain(`Fanotify is not supported: --${option} is ignored, and inotify used.`);
        break;
      case "fromfile":
        if (this.#fromFile !== undefined) {
          throw new UsageError("Multiple --fromfile options given.");
        }
        this.#fromFile = argument;
        break;
      case "exclude":
      case "excludei":
      case "include":
      case "includei":
        this.#patterns[option].push(argument);
        break;
      case "all-patterns":
        this.#allPatterns = true;
        break;
      case "json":
        this.json = true;
    }
  }

  /** Looks for options that exclude each other. @throws {UsageError} */
  check(): void {
    if (this.#allPatterns) return;
    const { exclude, excludei, include, includei } = this.#patterns;
    if (exclude.length > 0 && excludei.length > 0) {
      throw new UsageError("--exclude and --excludei cannot both be specified.");
    }
    if (include.length > 0 && includei.length > 0) {
      throw new UsageError("--include and --includei cannot both be specified.");
    }
    if (include.length + includei.length > 0 && exclude.length + excludei.length > 0) {
      throw new UsageError("include and exclude regexp cannot both be specified.");
    }
  }

  /** Says which patterns count for nothing, since only the last one of a kind does. */
  warn(): void {
    if (this.#allPatterns) return;
    for (const option of ["exclude", "excludei"] as const) {
      if (this.#patterns[option].length < 2) continue;
      complain(`--${option}: only the last option will be taken into consideration.`);
    }
  }

  /** What of the patterns counts. @throws {UsageError} if one is no regular expression */
  filter(): Filter {
    const compiled = (option: "exclude" | "include") =>
      ([[option, false], [`${option}i`, true]] as const).flatMap(([name, ignoreCase]) => {
        const given = this.#patterns[name];
        const counting = this.#allPatterns ? given : given.slice(-1);
        return counting.map((regex) => {
          try {
            return new Pattern(regex, ignoreCase);
          } catch (cause) {
            throw new UsageError(`Error in \`${option}' regular expression.`, { cause });
          }
        });
      });
    return new Filter(compiled("exclude"), compiled("include"));
  }

  /** What is to be watched. @throws {UsageError} if it is nothing */
  async paths(): Promise<Paths> {
    const paths = sortPaths(await this.#lines(), this.operands);
    if (paths.watch.length === 0) throw new UsageError("No files specified to watch!");
    return paths;
  }

  /** Whether the standard input is read. */
  get readsInput(): boolean {
    return this.#fromFile === "-";
  }

  async #lines(): Promise<string[]> {
    if (this.#fromFile === undefined) return [];
    try {
      return await readLines(this.#fromFile);
    } catch (error) {
      complain(`Couldn't open ${toText(this.#fromFile)}: ${reason(error as Error)}`);
      return [];
    }
  }
}

/** What strtol(3) and a cast to `unsigned int` make of it. */
function seconds(text: string): number {
  if (text === "") {
    throw new UsageError(
      "The provided value is not a valid timeout value.\nPlease specify a long int value.",
    );
  }
  if (!/^\s*[+-]?\d+$/.test(text)) {
    throw new UsageError(
      `'${text}' is not a valid timeout value.\nPlease specify a long int value.`,
    );
  }
  const value = BigInt(text.trim().replace(/^\+/, ""));
  if (BigInt.asIntN(64, value) !== value) {
    throw new UsageError(
      `Something went wrong with the timeout value you provided.\n${strerror(ERANGE)}`,
    );
  }
  return Number(BigInt.asUintN(32, value));
}

/** Why a call of node:fs failed, in the words of the C library. */
export function reason(error: Error & { errno?: number }): string {
  const { errno } = error;
  return typeof errno === "number" ? strerror(Math.abs(errno)) : error.message;
}

/**
 * Runs a program: it prints its help, or does its work, or says why it ends.
 *
 * @param read reads the command line
 * @returns the exit code
 */
export async function runProgram<Options extends { readonly help: boolean }>(
  program: string,
  help: string,
  read: () => Options,
  work: (options: Options) => Promise<number>,
): Promise<number> {
  try {
    const options = read();
    if (!options.help) return await work(options);
    print(help);
    return 1;
  } catch (error) {
    if (error instanceof ClosedOutput) return 141; // as a shell has it of one that SIGPIPE has ended
    const { message } = error as Error;
    complain(error instanceof UsageError ? message : `${program}: ${message}`);
    return 1;
  }
}

/** Makes an inotify instance. @throws {UsageError} */
export function initialize(): Inotify {
  try {
    return new Inotify();
  } catch (error) {
    if (!(error instanceof InotifyError)) throw error;
    const hint = error.errno === EMFILE
      ? "\nTry increasing the value of /proc/sys/fs/inotify/max_user_instances"
      : "";
    throw new UsageError(`Couldn't initialize inotify: ${strerror(error.errno)}${hint}`, {
      cause: error,
    });
  }
}

/** Which directories are left out of a tree. */
export function pruning({ exclude }: Paths, filter: Filter): Prune {
  return (directory) => exclude.has(directory.slice(0, -1)) || filter.prunes(directory);
}

/**
 * Watches a path, or says why not.
 *
 * @param verb what the program says that it could not do: "Couldn't watch", say
 * @returns whether it is watched
 */
export async function establish(
  tree: Tree,
  path: string,
  recursive: boolean,
  verb: string,
  complain: Complain,
): Promise<boolean> {
  try {
    if (recursive) await tree.watchTree(path);
    else tree.watch(path);
    return true;
  } catch (error) {
    if (!(error instanceof InotifyError)) throw error;
    const shown = toText(path);
    complain(
      error.errno === ENOSPC
        ? `Failed to watch ${shown}; upper limit on inotify watches reached!\n` +
          "Please increase the amount of inotify watches allowed per user via " +
          "`/proc/sys/fs/inotify/max_user_watches'."
        : `${verb} ${shown}: ${strerror(error.errno)}`,
    );
    return false;
  }
}

/** What is said of the top of a tree that has moved. */
export function moved(path: string): string {
  return `${toText(path)} has moved: directories that are new in it cannot be watched any more.`;
}

/** What is said of entries that no event has told of. */
export function unasked(directory: string, count: number): string {
  const entries = count === 1 ? "1 entry" : `${count} entries`;
  return `${toText(directory)} had ${entries} before it was watched, which no event tells of: ` +
    "ask for create, too.";
}

/** Shows on a terminal that a big tree takes its time. */
export function showProgress(count: number): void {
  const output = new Output(2);
  if (!output.isTerminal) return;
  output.write(`${count} directories…\r`);
  output.flush();
}
