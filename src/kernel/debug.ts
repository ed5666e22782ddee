/**
 * With `INOTIFY_DEBUG=1` in the environment, what the module does is printed to stderr: a line for each event
 * of the kernel, scan, fence and reported event, with the milliseconds since the first line.
 *
 * @module
 */

import { variable } from "../../ffi/program.ts";
import { monotonic } from "./clock.ts";
import { maskNames } from "./mask.ts";
import type { InotifyEvent } from "./parse.ts";

/** Prints a line; `undefined` where nothing is to be printed, so that `debug?.(…)` costs nothing. */
export const debug: ((what: string, ...details: readonly unknown[]) => void) | undefined =
  variable("INOTIFY_DEBUG") ? print : undefined;

/** An event of the kernel, for a line. */
export function shown({ wd, mask, cookie, name }: InotifyEvent): string {
  const pair = cookie === 0 ? "" : ` cookie ${cookie}`;
  return `watch ${wd} ${maskNames(mask).join("|")}${pair} ${JSON.stringify(name)}`;
}

let begun: number | undefined;

function print(what: string, ...details: readonly unknown[]): void {
  begun ??= monotonic();
  const time = (monotonic() - begun).toFixed(3).padStart(10);
  console.error(`inotify ${time} ${what.padEnd(6)} ${details.join(" ")}`);
}
