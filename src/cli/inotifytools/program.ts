/**
 * What inotifywait and inotifywatch do alike: start, set up watches, and fail.
 *
 * @module
 */

import type { Libc } from "../../../ffi/contract.ts";
import { EMFILE, ENOSPC } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { toText } from "../../kernel/byte_string.ts";
import { InotifyError } from "../../kernel/error.ts";
import { Inotify } from "../../kernel/inotify.ts";
import { strerror } from "../../kernel/reason.ts";
import type { Filter } from "./filter.ts";
import { type Report, stderr } from "./messages.ts";
import { ClosedOutput, Output } from "./output.ts";
import type { Paths } from "./paths.ts";
import type { Prune } from "./places.ts";
import type { Tree } from "./tree.ts";
import { UsageError } from "./usage_error.ts";

/** The exit code that a shell gives to a program that SIGPIPE has ended. */
const BROKEN_PIPE = 141;

/** The longest time that a timer takes, in milliseconds. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/** A program. */
export interface Program<Options extends { readonly help: boolean }> {
  readonly name: string;
  /** What `--help` prints. */
  readonly help: string;
  /** Reads the command line. @throws {UsageError} or GetoptError */
  parse(libc: Libc, report: Report): Options;
  /** Does the work. @returns the exit code */
  run(libc: Libc, options: Options): Promise<number>;
}

/** Runs a program, and reports why it fails on stderr. @returns the exit code */
export async function runProgram<Options extends { readonly help: boolean }>(
  { name, help, parse, run }: Program<Options>,
): Promise<number> {
  let report: Report = console.error; // until there is an FFI
  try {
    const c = libc();
    report = stderr(c);
    const options = parse(c, report);
    if (!options.help) return await run(c, options);
    const output = new Output(c, 1);
    output.write(help);
    output.flush();
    return 1; // as inotify-tools do
  } catch (error) {
    if (error instanceof ClosedOutput) return BROKEN_PIPE;
    const { message } = error as Error;
    report(error instanceof UsageError ? message : `${name}: ${message}`);
    return 1;
  }
}

/** Makes an inotify instance. @throws {UsageError} */
export function openInotify(libc: Libc): Inotify {
  try {
    return new Inotify();
  } catch (error) {
    if (!(error instanceof InotifyError)) throw error;
    const hint = error.errno === EMFILE
      ? "\nTry increasing the value of /proc/sys/fs/inotify/max_user_instances"
      : "";
    throw new UsageError(`Couldn't initialize inotify: ${strerror(libc, error.errno)}${hint}`, {
      cause: error,
    });
  }
}

/** Which directories are left out of a tree. */
export function pruning({ exclude }: Paths, filter: Filter): Prune {
  return (directory) => exclude.has(directory.slice(0, -1)) || filter.prunes(directory);
}

/**
 * Watches a path, or reports why it cannot be watched.
 *
 * @param failure how the message begins, as in "Couldn't watch"
 * @returns whether it is watched
 */
export async function establish(
  libc: Libc,
  tree: Tree,
  path: string,
  recursive: boolean,
  failure: string,
  report: Report,
): Promise<boolean> {
  try {
    if (recursive) await tree.watchTree(path);
    else tree.watch(path);
    return true;
  } catch (error) {
    if (!(error instanceof InotifyError)) throw error;
    const shown = toText(path);
    report(
      error.errno === ENOSPC
        ? `Failed to watch ${shown}; upper limit on inotify watches reached!\n` +
          "Please increase the amount of inotify watches allowed per user via " +
          "`/proc/sys/fs/inotify/max_user_watches'."
        : `${failure} ${shown}: ${strerror(libc, error.errno)}`,
    );
    return false;
  }
}

/** The message for the root of a tree that was moved. */
export function movedMessage(path: string): string {
  return `${toText(path)} has moved: new directories in it can no longer be watched.`;
}

/** The message for entries that no event reports. */
export function unaskedMessage(directory: string, count: number): string {
  const entries = count === 1 ? "1 entry" : `${count} entries`;
  return `${toText(directory)} had ${entries} before it was watched, which no event reports: ` +
    "watch for create, too.";
}

/** Shows on a terminal how far the set-up of a big tree is. */
export function showProgress(libc: Libc, count: number): void {
  const output = new Output(libc, 2);
  if (!output.isTerminal) return;
  output.write(`${count} directories…\r`);
  output.flush();
}
