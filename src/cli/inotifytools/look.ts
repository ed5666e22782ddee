/**
 * A look at directories: what it finds, and what it makes itself.
 *
 * @module
 */

import { nameOf } from "../../kernel/byte_string.ts";
import { IN_ACCESS, IN_CLOSE_NOWRITE, IN_ISDIR, IN_OPEN } from "../../kernel/mask.ts";
import type { InotifyEvent } from "../../kernel/parse.ts";
import type { Node } from "./node.ts";

/** What looking into a directory gives. */
const LOOKS = IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE;

/** A look at directories, and what it has found. */
export interface Look {
  /** When a tree is set up, when directories have appeared in it, or when events of it were lost. */
  readonly why: "setUp" | "appeared" | "lost";
  /** Those that are watched now and were not before. */
  readonly fresh: Set<Node>;
  /** All of them. */
  readonly seen: Set<Node>;
  /** Entries that are news, by lossless name: whether they are directories. */
  readonly news: Map<Node, Map<string, boolean>>;
}

/** A look that has found nothing yet. */
export function newLook(why: Look["why"]): Look {
  return { why, fresh: new Set(), seen: new Set(), news: new Map() };
}

/** Whether an event may come of looking into a directory. */
export function isLook({ mask }: InotifyEvent): boolean {
  return (mask & IN_ISDIR) !== 0 && (mask & LOOKS) !== 0;
}

/** Leaves out what looking into directories has made: all that may be of it, until one was closed. */
export function withoutLooks(
  queue: readonly InotifyEvent[],
  seen: ReadonlySet<Node>,
): InotifyEvent[] {
  const open = new Set<string>();
  for (const { wd, parent, name } of seen) {
    open.add(`${wd}/`);
    if (parent !== undefined && seen.has(parent)) open.add(`${parent.wd}/${name}`);
  }
  const others: InotifyEvent[] = [];
  for (const event of queue) {
    if (isLook(event)) {
      const key = `${event.wd}/${nameOf(event)}`;
      if (event.mask & IN_CLOSE_NOWRITE ? open.delete(key) : open.has(key)) continue;
      // Neighbours now, that the kernel would have merged.
      if (isSame(event, others.at(-1))) continue;
    }
    others.push(event);
  }
  return others;
}

function isSame(one: InotifyEvent, other: InotifyEvent | undefined): boolean {
  return one.wd === other?.wd && one.mask === other.mask && nameOf(one) === nameOf(other);
}
