/**
 * The command behind `scripts/watch.sh`: prints every change in the directories it is given.
 *
 * @module
 */

import { parseArgs } from "node:util";
import process from "node:process";
import { Inotify } from "../inotify.ts";
import {
  IN_ATTRIB,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MODIFY,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_Q_OVERFLOW,
  maskNames,
} from "../mask.ts";
import type { InotifyEvent } from "../parse.ts";

const HELP = `Usage: watch [DIR…]

Prints a line for every change of an entry of the directories (default: the current one), as in

  src/ CREATE,ISDIR tests

until it is interrupted, or none of them is left. What lies below a subdirectory is not watched.
`;

/** Everything that changes something; to look at a file is no change. */
const CHANGES = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE | IN_MOVE |
  IN_DELETE_SELF | IN_MOVE_SELF;

/**
 * Runs the command until nothing is left to watch, or its output is closed.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export async function main(args: string[]): Promise<number> {
  let directories: string[];
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    directories = positionals.length > 0 ? positionals : ["."];
  } catch (error) {
    process.stderr.write(`watch: ${(error as Error).message}\n`);
    return 2;
  }
  process.stdout.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EPIPE") process.exit(0); // the reader has seen enough, as with `| head`
    process.stderr.write(`watch: ${error.message}\n`);
    process.exit(1);
  });
  try {
    await print(directories);
    return 0;
  } catch (error) {
    process.stderr.write(`watch: ${(error as Error).message}\n`);
    return 1;
  }
}

async function print(directories: readonly string[]): Promise<void> {
  await using inotify = new Inotify();
  const watched = new Map<number, string>();
  for (const directory of directories) {
    watched.set(inotify.addWatch(directory, CHANGES), directory.replace(/\/*$/, "/"));
  }
  process.stderr.write(`Watching ${directories.join(", ")}; Ctrl-C ends it.\n`);
  for await (const events of inotify.batches()) {
    process.stdout.write(events.map((event) => line(event, watched.get(event.wd))).join(""));
    for (const { wd, mask } of events) if (mask & IN_IGNORED) watched.delete(wd);
    if (watched.size === 0) throw new Error("nothing is left to watch");
  }
}

function line({ mask, name }: InotifyEvent, directory: string | undefined): string {
  if (mask & IN_Q_OVERFLOW) return "events were lost: the kernel's queue was full\n";
  const kinds = maskNames(mask).map((bit) => bit.replace(/^IN_/, "")).join();
  return `${printable(directory ?? "")} ${kinds} ${printable(name)}`.trimEnd() + "\n";
}

/** A name may hold anything but "/" and NUL: a terminal must not obey it. */
function printable(name: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return name.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
