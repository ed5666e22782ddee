/**
 * `Selection`: the options by which inotifywait and inotifywatch choose what to watch.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { ERANGE } from "../../../ffi/errno.ts";
import { toText } from "../../kernel/byte_string.ts";
import { strerror } from "../../kernel/reason.ts";
import { toMask } from "./event_names.ts";
import { Filter, Pattern } from "./filter.ts";
import type { Option } from "./getopt.ts";
import type { Report } from "./messages.ts";
import { type Paths, readLines, sortPaths } from "./paths.ts";
import { reasonOf, UsageError } from "./usage_error.ts";

/** The options that both programs have. */
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

/** What to watch, and for how long: the values of {@link SHARED}. */
export class Selection {
  /** The events that are asked for; 0 for all. */
  events = 0;
  /** In seconds; 0 for no limit. */
  timeout = 0;
  /** Whether directories are watched with everything below them. */
  recursive = false;
  /** Whether a symbolic link itself is watched. */
  noDereference = false;
  /** Whether JSON is printed. */
  json = false;
  /** The arguments that are no options, in order. */
  readonly operands: string[] = [];
  readonly #libc: Libc;
  readonly #report: Report;
  #fromFile: string | undefined;
  #allPatterns = false;
  readonly #patterns = {
    exclude: [] as string[],
    excludei: [] as string[],
    include: [] as string[],
    includei: [] as string[],
  };

  /** @param report takes warnings */
  constructor(libc: Libc, report: Report) {
    this.#libc = libc;
    this.#report = report;
  }

  /** Takes an option. @throws {UsageError} if its argument is invalid */
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
        this.timeout = seconds(this.#libc, argument);
        break;
      case "recursive":
        this.recursive = true;
        break;
      case "no-dereference":
        this.noDereference = true;
        break;
      case "fanotify":
      case "filesystem":
        this.#report(`Fanotify is not supported: --${option} is ignored, and inotify is used.`);
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

  /** Checks for options that exclude each other. @throws {UsageError} */
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

  /** Warns of patterns that are ignored, since only the last one of a kind counts. */
  warn(): void {
    if (this.#allPatterns) return;
    for (const option of ["exclude", "excludei"] as const) {
      if (this.#patterns[option].length < 2) continue;
      this.#report(`--${option}: only the last option will be taken into consideration.`);
    }
  }

  /** Compiles the patterns that count. @throws {UsageError} if one is no regular expression */
  filter(): Filter {
    const compiled = (option: "exclude" | "include") =>
      ([[option, false], [`${option}i`, true]] as const).flatMap(([name, ignoreCase]) => {
        const given = this.#patterns[name];
        const counting = this.#allPatterns ? given : given.slice(-1);
        return counting.map((regex) => {
          try {
            return new Pattern(this.#libc, regex, ignoreCase);
          } catch (cause) {
            throw new UsageError(`Error in \`${option}' regular expression.`, { cause });
          }
        });
      });
    return new Filter(compiled("exclude"), compiled("include"));
  }

  /** The paths to watch. @throws {UsageError} if there are none */
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
      this.#report(
        `Couldn't open ${toText(this.#fromFile)}: ${reasonOf(this.#libc, error as Error)}`,
      );
      return [];
    }
  }
}

/** A number of seconds as strtol(3) and a cast to `unsigned int` read it. @throws {UsageError} */
function seconds(libc: Libc, text: string): number {
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
      `Something went wrong with the timeout value you provided.\n${strerror(libc, ERANGE)}`,
    );
  }
  return Number(BigInt.asUintN(32, value));
}
