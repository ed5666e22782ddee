/**
 * Takes events back: gives the picture that somebody has who has not got them yet.
 *
 * @module
 */

import { isChange, losslessFrom, losslessPath, type WatchEvent } from "./event.ts";
import type { Picture, Place } from "./picture.ts";

/**
 * Changes a picture to what it was before some events.
 *
 * @param events in order, the last of which led to the picture
 */
export function undo(picture: Picture, events: readonly WatchEvent[]): void {
  for (const event of events.toReversed()) undoOne(picture, event);
}

function undoOne(picture: Picture, event: WatchEvent): void {
  if (!isChange(event)) return;
  const { kind, isDirectory } = event;
  const place = picture.find(losslessPath(event));
  if (kind === "rename") {
    const source = picture.find(losslessFrom(event));
    const isThere = place?.content.entries.has(place.name) ?? false;
    // If it is not there, it is removed, with the directory that it is in; if its old place is not, that is removed.
    if (source !== undefined && isThere) move(picture, place!, source);
    else if (source !== undefined) putGone(picture, source, isDirectory);
    else if (isThere) discard(picture, place!);
    if (place !== undefined && event.replaced) putGone(picture, place, isDirectory);
  } else if (place === undefined) return;
  else if (kind === "create" || kind === "exists") discard(picture, place);
  else if (kind === "remove") putGone(picture, place, isDirectory);
  else {
    const status = place.content.entries.get(place.name);
    if (status !== undefined) picture.statuses.setUncertain(status);
  }
}

function discard({ roots, missing }: Picture, { content, name }: Place): void {
  if (content === roots) missing.add(name);
  content.entries.delete(name);
  content.directories.delete(name);
}

/** Puts what was removed, or replaced, to where it was. What was in it goes with it. */
function putGone({ statuses }: Picture, { content, name }: Place, isDirectory: boolean): void {
  const status = statuses.add(isDirectory);
  statuses.setGone(status);
  content.entries.set(name, status);
  content.directories.delete(name);
}

function move(picture: Picture, from: Place, to: Place): void {
  const status = from.content.entries.get(from.name)!;
  const inside = from.content.directories.get(from.name);
  discard(picture, from);
  to.content.entries.set(to.name, status);
  if (inside !== undefined) to.content.directories.set(to.name, inside);
}
