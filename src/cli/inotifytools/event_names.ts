/**
 * The names of events in inotify-tools.
 *
 * @module
 */

import {
  IN_ACCESS,
  IN_ALL_EVENTS,
  IN_ATTRIB,
  IN_CLOSE,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVE,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONESHOT,
  IN_OPEN,
  IN_Q_OVERFLOW,
  IN_UNMOUNT,
} from "../../kernel/mask.ts";

/** In the order in which they are printed. CLOSE is printed with either of its two events. */
const PRINTED: readonly (readonly [name: string, bits: number])[] = [
  ["ACCESS", IN_ACCESS],
  ["MODIFY", IN_MODIFY],
  ["ATTRIB", IN_ATTRIB],
  ["CLOSE_WRITE", IN_CLOSE_WRITE],
  ["CLOSE_NOWRITE", IN_CLOSE_NOWRITE],
  ["OPEN", IN_OPEN],
  ["MOVED_FROM", IN_MOVED_FROM],
  ["MOVED_TO", IN_MOVED_TO],
  ["CREATE", IN_CREATE],
  ["DELETE", IN_DELETE],
  ["DELETE_SELF", IN_DELETE_SELF],
  ["UNMOUNT", IN_UNMOUNT],
  ["Q_OVERFLOW", IN_Q_OVERFLOW],
  ["IGNORED", IN_IGNORED],
  ["CLOSE", IN_CLOSE],
  ["MOVE_SELF", IN_MOVE_SELF],
  ["ISDIR", IN_ISDIR],
  ["ONESHOT", IN_ONESHOT],
];

const BITS: ReadonlyMap<string, number> = new Map([
  ...PRINTED,
  ["MOVE", IN_MOVE],
  ["ALL_EVENTS", IN_ALL_EVENTS],
]);

/**
 * The mask for a list of names, as in "create,moved_to"; case does not matter.
 *
 * @returns 0 if a name is empty; `undefined` if a name is unknown
 */
export function toMask(list: string): number | undefined {
  let mask = 0;
  for (const name of list.split(",")) {
    if (name === "") return 0;
    const bits = BITS.get(name.toUpperCase());
    if (bits === undefined) return undefined;
    mask |= bits;
  }
  return mask;
}

/** The names of the events in a mask; its hexadecimal number if there is none. */
export function toNames(mask: number): string[] {
  const names = PRINTED.filter(([, bits]) => (mask & bits) !== 0).map(([name]) => name);
  return names.length > 0 ? names : [`0x${(mask >>> 0).toString(16).padStart(8, "0")}`];
}
