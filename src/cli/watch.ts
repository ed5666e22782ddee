/**
 * The command behind `scripts/watch.sh`: prints every change below the paths it is given.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import process from "node:process";
import type { WatchEvent } from "../event.ts";
import { watch } from "../watcher.ts";

const HELP = `Usage: watch [PATH…]

Prints a line for every change of the files and directories given (default: the current directory),
and of everything below them, as in

  create src/tests/
  modify src/main.ts
  rename draft.md -> README.md

until it is interrupted. A path that does not exist is waited for.
`;

/** How often progress is shown on a terminal, in milliseconds. */
const PROGRESS = 100;

/**
 * Runs the command until it is interrupted, or its output is closed.
 *
 * @param args the command line, without the program
 * @returns the exit code
 */
export async function main(args: string[]): Promise<number> {
  let paths: string[];
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
    paths = positionals.length > 0 ? positionals : ["."];
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
    await print(paths);
    return 0;
  } catch (error) {
    process.stderr.write(`watch: ${(error as Error).message}\n`);
    return 1;
  }
}

async function print(paths: readonly string[]): Promise<void> {
  await using watcher = watch(paths, { onProgress: progress() });
  const events = watcher[Symbol.asyncIterator]();
  await watcher.ready;
  const missing = paths.filter((path) => !existsSync(path));
  const waiting = missing.length > 0 ? `, and waiting for ${missing.join(", ")}` : "";
  const count = watcher.watched().length;
  process.stderr.write(
    `Watching ${paths.join(", ")} (${count} ${
      count === 1 ? "watch" : "watches"
    })${waiting}; Ctrl-C ends it.\n`,
  );
  for await (const event of events) {
    const text = line(event);
    if (event.kind === "error") process.stderr.write(`watch: ${text}\n`);
    else process.stdout.write(`${text}\n`);
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

function line(event: WatchEvent): string {
  switch (event.kind) {
    case "overflow":
      return "overflow: events were lost; what differs now follows";
    case "error":
      return printable(event.error.message);
    case "unmount":
      return `unmount ${shown(event.path, true)}`;
    case "rename":
      return `rename ${shown(event.from, event.isDirectory)} -> ` +
        shown(event.path, event.isDirectory);
    default:
      return `${event.kind} ${shown(event.path, event.isDirectory)}`;
  }
}

/** A path below the working directory is shown relative to it; that of a directory ends with a slash. */
function shown(path: string, isDirectory: boolean): string {
  const below = relative(process.cwd(), path);
  const short = below.startsWith("../") || below === ".." ? path : below || ".";
  return printable(isDirectory && !short.endsWith("/") ? `${short}/` : short);
}

/** A name may hold anything but "/" and NUL: a terminal must not obey it. */
function printable(name: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return name.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
