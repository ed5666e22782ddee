/**
 * Events as lines: `--format`, `--csv` and `--json`.
 *
 * @module
 */

import { nameOf, toBytes, toText } from "../../kernel/byte_string.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import { printable } from "../printable.ts";
import { toNames } from "./events.ts";

/**
 * An event as lossless text.
 *
 * @param watched the path that is watched; that of a directory ends with a slash
 */
export type Format = (watched: string, event: InotifyEvent) => string;

/** A part of a line. */
type Piece = (watched: string, event: InotifyEvent) => string;

/** What is said of an event without a format. */
export const DEFAULT_FORMAT = "%w %,e %f\n";

/**
 * Compiles a format: `%w` is the path watched, `%f` the name in it, `%e` the events with commas and `%Xe`
 * with X between them, `%c` the cookie, `%T` the time, `%n` a new line, `%0` a NUL, `%%` a percent sign.
 * What else follows a percent sign stands for itself.
 *
 * @returns `undefined` if it ends within a conversion, for which inotifywait prints nothing
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

function piece(token: string, time: () => string): Piece {
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

/** The names of events are few: each is put together once. */
function names(separator: string): Piece {
  const known = new Map<number, string>();
  return (_, { mask }) => {
    let text = known.get(mask);
    if (text === undefined) known.set(mask, text = toNames(mask).join(separator));
    return text;
  };
}

/** Comma-separated values: the path watched, the events, the name. */
export function toCsv(watched: string, event: InotifyEvent): string {
  const path = watched === "" ? "" : `${quoted(watched)},`;
  return `${path}${quoted(toNames(event.mask).join(","))},${quoted(nameOf(event))}\n`;
}

function quoted(value: string): string {
  return /[",\n]|^ | $/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * JSON objects: `watched`, `name`, `events`; the `cookie` of a rename; the time in UTC. Where a path or a
 * name is not UTF-8, `rawWatched` and `rawName` have its bytes in base64.
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

/** The same format for a terminal, which would obey what is in a name. */
export function onTerminal(format: Format): Format {
  return (watched, event) => {
    const { rawName: _, ...rest } = event;
    return format(printable(watched), { ...rest, name: printable(nameOf(event)) });
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
