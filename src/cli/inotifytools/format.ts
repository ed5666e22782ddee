/**
 * Events as lines, in the formats of `--format`, `--csv` and `--json`.
 *
 * @module
 */

import { nameOf, toBytes, toText } from "../../kernel/byte_string.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import { printable } from "../printable.ts";
import { toNames } from "./event_names.ts";

/**
 * Formats an event as lossless text.
 *
 * @param watched the path that is watched; that of a directory ends with a slash
 */
export type Format = (watched: string, event: InotifyEvent) => string;

/** The format of inotify-tools. */
export const DEFAULT_FORMAT = "%w %,e %f\n";

/**
 * Compiles a format: `%w` is the path watched, `%f` the name in it, `%e` the events with commas and `%Xe`
 * with X between them, `%c` the cookie, `%T` the time, `%n` a new line, `%0` a NUL, `%%` a percent sign.
 * Any other conversion is printed as it is.
 *
 * @returns `undefined` if the format ends within a conversion: then inotifywait prints nothing
 */
export function compile(format: string, time: () => string): Format | undefined {
  const tokens = format.match(/%[%0nwfceT]|%[^]e|%[^]|%|[^%]+/g) ?? [];
  if (tokens.at(-1) === "%") return undefined;
  const pieces = tokens.map((token) => piece(token, time));
  return (watched, event) => {
    let line = "";
    for (const piece of pieces) line += piece(watched, event);
    return line;
  };
}

function piece(token: string, time: () => string): Format {
  switch (token) {
    case "%%":
      return () => "%";
    case "%0":
      return () => "\0";
    case "%n":
      return () => "\n";
    case "%w":
      return (watched) => watched;
    case "%f":
      return (_, event) => nameOf(event);
    case "%c":
      return (_, { cookie }) => cookie.toString(16);
    case "%e":
      return names(",");
    case "%T":
      return time;
  }
  return /^%[^]e$/.test(token) ? names(token[1]) : () => token;
}

/** Joins the names of events; once for each mask, since there are few. */
function names(separator: string): Format {
  const known = new Map<number, string>();
  return (_, { mask }) => {
    const text = known.get(mask) ?? toNames(mask).join(separator);
    known.set(mask, text);
    return text;
  };
}

/** Comma-separated values: the watched path, the events, the name. */
export function toCsv(watched: string, event: InotifyEvent): string {
  const path = watched === "" ? "" : `${quoted(watched)},`;
  return `${path}${quoted(toNames(event.mask).join(","))},${quoted(nameOf(event))}\n`;
}

function quoted(value: string): string {
  return /[",\n]|^ | $/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * A JSON object: `time` in UTC, `watched`, `events`, `name`, and for a rename its `cookie`. If a path or a name is
 * not UTF-8, `rawWatched` or `rawName` is its bytes in base64.
 */
export function toJson(watched: string, event: InotifyEvent): string {
  const { cookie, mask, name, rawName } = event;
  const line = {
    time: new Date().toISOString(),
    watched: toText(watched),
    ...!watched.isWellFormed() && { rawWatched: base64(toBytes(watched)) },
    events: toNames(mask),
    name,
    ...rawName && { rawName: base64(rawName) },
    ...cookie !== 0 && { cookie },
  };
  return `${printable(JSON.stringify(line))}\n`;
}

/** The same format with control characters escaped: a terminal would obey those in a name. */
export function onTerminal(format: Format): Format {
  return (watched, event) => {
    const { rawName: _, ...rest } = event;
    return format(printable(watched), { ...rest, name: printable(nameOf(event)) });
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
