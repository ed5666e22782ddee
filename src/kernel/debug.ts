/**
 * `debug()`: with `INOTIFY_DEBUG=1` in the environment it prints a line to stderr for each kernel event, scan, fence,
 * commit and reported event, with the milliseconds since the first line.
 *
 * @module
 */

import { uptime, variable } from "../../ffi/program.ts";
import { maskNames } from "./mask.ts";
import type { InotifyEvent } from "./parse.ts";

/** Prints a line. `undefined` unless enabled, so that `debug?.(…)` costs nothing. */
export const debug: ((what: string, ...details: readonly unknown[]) => void) | undefined =
  variable("INOTIFY_DEBUG") ? print : undefined;

/** A kernel event as part of a line. */
export function shown({ wd, mask, cookie, name }: InotifyEvent): string {
  const pair = cookie === 0 ? "" : ` cookie ${cookie}`;
  return `watch ${wd} ${maskNames(mask).join("|")}${pair} ${JSON.stringify(name)}`;
}

let begun: number | undefined;

function print(what: string, ...details: readonly unknown[]): void {
  begun ??= uptime();
  const time = (uptime() - begun).toFixed(3).padStart(10);
  console.error(`inotify ${time} ${what.padEnd(6)} ${details.join(" ")}`);
}
