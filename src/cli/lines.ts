/**
 * Events as lines of text, for people and for programs.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { relative } from "node:path";
import process from "node:process";
import type { WatchEvent, WatchKind } from "../engine/event.ts";
import { isPast } from "../watch/past.ts";
import { printable } from "./printable.ts";

/** An event for people. @param colours whether its kind is coloured */
export function toLine(event: WatchEvent, colours = false): string {
  const colour = colours ? COLOURS[event.kind] : undefined;
  const kind = colour === undefined ? event.kind : `\x1b[${colour}m${event.kind}\x1b[0m`;
  switch (event.kind) {
    case "overflow":
      return `${kind}: events were lost; the differences follow`;
    case "ready":
      return kind;
    case "error":
      return printable(event.error.message);
    case "mount":
    case "unmount":
      return `${kind} ${toPath(event.path, true)}`;
    case "rename":
      return `${kind} ${toPath(event.from, event.isDirectory)} -> ` +
        toPath(event.path, event.isDirectory);
    default:
      return `${kind} ${toPath(event.path, event.isDirectory)}`;
  }
}

/**
 * An event for programs: the fields of {@link WatchEvent} as a JSON object, and `since` if it is of the time before.
 * Bytes are in base64; an error is its `message`, and its `code` if it has one.
 */
export function toJson(event: WatchEvent): string {
  const shown = isPast(event) ? { ...event, since: true } : event;
  return printable(JSON.stringify(shown, (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (value instanceof Error) {
      return { message: value.message, code: (value as { code?: string }).code };
    }
    return value;
  }));
}

/** "Select Graphic Rendition" of ECMA-48. */
const COLOURS: Partial<Record<WatchKind, number>> = {
  create: 32,
  remove: 31,
  rename: 36,
  modify: 33,
  closeWrite: 33,
  overflow: 35,
  mount: 35,
  unmount: 35,
};

/** A path for people: relative if it is below the working directory; that of a directory ends with a slash. */
export function toPath(path: string, isDirectory: boolean): string {
  const below = relative(process.cwd(), path);
  const short = below.startsWith("../") || below === ".." ? path : below || ".";
  return printable(isDirectory && !short.endsWith("/") ? `${short}/` : short);
}
